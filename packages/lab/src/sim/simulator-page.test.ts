import { fileURLToPath } from "node:url";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import type { FaultKind } from "./fault.js";
import { FAULT_KINDS, FAULT_THEMES } from "./fault-kinds.js";
import { MEETINGS } from "./meetings.js";

const INTRODUCTION = `# The simulator

\`tandem sim\` runs a whole cluster in one process: the daemons' own code (hamgrd, swbusd), and around it, in memory, what
they stand on: Redis, ZMQ sockets, the bus network, DPUs, pmon, BFD, forwarding, the SDN controller. Time is virtual and
passes only as far as something is due; every choice comes from one seeded random. So ten minutes of a cluster take a
fraction of a second, and the same seed gives the same run, line for line.

\`\`\`sh
tandem sim --seed 1 --count 200               # 200 seeds of a pair, on all cores
tandem sim --switches 8 --dpus 8              # one seed of 64 DPUs
tandem sim --seed 7 --trace                   # every row, transition and fault of one run
tandem sim --faults storm.txt                 # these faults, whatever the seed would draw
tandem sim --replay tandem-sim-seed-1403.txt  # a failing run again, to the same line
\`\`\`

A series runs in worker processes, one for each core. Without a terminal a line on stderr tells every ten seconds how far
it is. Ctrl-C ends it at once and prints what was run so far. \`tandem bench sim\` measures virtual time against processor
time and memory for a pair, 16 and 64 DPUs.

## A seed

| phase | what happens |
| --- | --- |
| launch | everything starts, every pair is programmed and comes to serve |
| storm | the first 55 % of the run: faults begin and end, alone and on top of each other, in bursts |
| calm | what faults may have left set otherwise is set back: desired states, pins, approvals, clocks; the controller writes its rows again |
| heal | within 120 s each pair serves again, and every row that hamgrd stands for is that of a run without faults (\`heals\`) |
| rest | until the end of the run nothing moves but heartbeats (\`rests\`), no alarm stands and nothing is under way (\`never-stuck\`), and keys, timers and connections are those of a run without faults (\`bounded\`) |
| removal | the controller deletes every pair; within 60 s no key of any database names it (\`leaves-nothing\`) |

All the time the [invariants](invariants.md) are watched, each at every step that concerns it; those that hold only while
nothing disturbs them are told which pairs a fault concerns and what it breaks (the headings below), so they count during
the storm too, from some time after the last such fault of the pair. No actor may crash (\`no-crash\`), none may wait beyond
its time without an alarm (\`never-stuck\`), and at no step do messages, mailboxes, timers or connections take up more than a
few times what the launch of everything takes (\`bounded\`).

The first violation counts: its seed is printed, the faults are tried in parts until the fewest are found that still lead
there (delta debugging, at most 60 runs), and what is left is told in words and written to a replay file.

## Files

A plan is text: a schema, the cluster, a fault a line. Lines that begin with # say nothing; a replay file holds the story
and the digest of its run in such lines.

\`\`\`text
tandem.sim-plan.v1
cluster seed=1403 switches=2 dpus=1 minutes=10
at=327.292 for=0.01 desire-pair set=haset0-0 how=none first=1 gap=3253
at=328.402 for=1.598 planes-missing dpu=sw1_dpu0
\`\`\`

\`at\` is in seconds since the launch, \`for\` how long it lasts. Several faults that hold one thing down (a daemon, a Redis, a
DPU, a cut) let it up when the last of them ends; the same fault twice at a time is one.

## What gets lost, and what cannot

Between two processes only that goes wrong which can:

| from, to | lost | twice | in another order | late |
| --- | --- | --- | --- | --- |
| hamgrd, orchagent (ZMQ) | with the connection, noticed at once (\`zmq-cut\`) or when TCP's keepalive or a refused row tells (\`power\`); refused (\`zmq-full\`) | whatever a sender that is not sure repeats (\`zmq-twice\`) | never: one connection | \`zmq-slow\`, \`syncd-stall\`; after the sender's death too |
| Redis, its readers (key events) | with the connection (\`redis-disconnect\`, \`redis-down\`); FLUSHDB sends none (\`flush\`, \`power\`, \`cold-restart\`) | whatever is written twice (\`replay\`, \`repeated-report\`) | never among themselves; behind replies to commands, which have a connection of their own (\`events-late\`) | \`events-late\`, \`redis-slow\` |
| hamgrd, Redis (commands) | with the connection, carried out or not (\`redis-disconnect\`); refused (\`redis-trouble\`) | the repeat after that | never: one connection | \`redis-slow\` |
| swbusd, swbusd | with the connection (\`bus-reset\`, \`bus-cut\`, \`link-cut\`, \`kill\`) | never by itself | never within a stream; of announcements, which are all that passes here, the newest counts | \`bus-slow\` |
| DPU, its peer | \`channel-cut\`, \`channel-flap\`, \`bulk-sync-lost\` | never: one connection | never: one connection | the DPU's own timers decide |

Redis ends the connection of a reader that does not keep up; hamgrd then connects all of them anew, so that is
\`redis-disconnect\`. Scopes with owner = switch are refused by hamgrd, so hamgrds send each other nothing: their messages
(votes, switchover, bulk sync sessions), with counters of traffic that only those read, do not exist here.

## Meetings

Half of the plans also hold meetings: faults that do harm when they meet, and seldom do by chance.

| meeting | what meets |
| --- | --- |
${MEETINGS.map(({ name, doc }) => `| \`${name}\` | ${doc} |`).join("\n")}

## Faults

Printed from \`packages/lab/src/sim/faults/\` (\`UPDATE=1\` prints it again).
`;

test("docs/simulator.md lists every fault", () => {
  const themes = FAULT_THEMES.map(({ title, kinds }) =>
    [
      `### ${title}`,
      "",
      "| fault | parameters | lasts | what happens |",
      "| --- | --- | --- | --- |",
      ...kinds.map(row),
    ].join("\n"),
  );
  const page = `${[INTRODUCTION, ...themes].join("\n\n").replace("\n\n\n", "\n\n")}\n`;
  golden(fileURLToPath(new URL("../../../../docs/simulator.md", import.meta.url)), page);
});

test("names of faults differ", () => {
  expect(FAULT_KINDS.size).toBe(FAULT_THEMES.flatMap(({ kinds }) => kinds).length);
});

function row({ name, params, lasts, doc }: FaultKind): string {
  const takes = Object.entries(params).map(([param, { doc: what }]) => `\`${param}\`: ${what.replaceAll("|", "\\|")}`);
  const span =
    lasts === undefined
      ? ""
      : lasts
          .map((ms) => `${ms / 1000}`)
          .join(" – ")
          .concat(" s");
  return `| \`${name}\` | ${takes.join("; ")} | ${span} | ${doc} |`;
}

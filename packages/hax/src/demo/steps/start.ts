import { systemClock } from "@tandem/base";
import { LEADER_KEY } from "../../consul/election.js";
import type { DemoCluster } from "../cluster.js";
import { NODES, PROCESSES_OF_ALL, rmOf } from "../plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "../promises.js";
import type { DemoStep } from "../step.js";

/** The node whose session holds the lead. */
export async function leaderOf(cluster: DemoCluster): Promise<string | undefined> {
  for (const { name } of NODES) {
    const read = await cluster.clientOf(name).get(LEADER_KEY, { consistency: "consistent" });
    if (read.ok) return read.value.value?.session === undefined ? undefined : read.value.value.text;
  }
  return undefined;
}

export const startStep: DemoStep = {
  name: "start",
  title: "Start: every process gets its entrypoint, and Consul its status",
  async run(cluster, report, { patience }) {
    const began = systemClock.monotonic();
    report.say("starts Consul, and puts in the configuration of the cluster");
    await cluster.startConsul();
    report.fact("consul_ready", systemClock.monotonic() - began, "ms", "until Consul takes writes");
    report.say("starts three hax and nine Motr processes");
    const asked = systemClock.monotonic();
    for (const process of PROCESSES_OF_ALL) cluster.startM0d(process);
    await Promise.all(NODES.map((node) => cluster.startHax(node)));
    cluster.startChecks();
    const elected = await cluster.until(patience, async () => (await leaderOf(cluster)) !== undefined);
    report.fact("elected", elected, "ms", "then until a node is elected: candidates wait up to 9 s");
    const leader = (await leaderOf(cluster)) ?? "nobody";
    report.say(`${leader} leads: the RM beside its confd is the principal one`);
    const served = await cluster.until(patience, () =>
      PROCESSES_OF_ALL.every(({ name }) => cluster.ledger(name).entrypoints.at(-1)?.control === "CONSUME"),
    );
    report.fact("entrypoints", served, "ms", "then until the last of nine has its entrypoint");
    const replies = PROCESSES_OF_ALL.flatMap(({ name }) => cluster.ledger(name).entrypoints);
    const again = replies.filter(({ control }) => control === "QUERY").length;
    report.fact(
      "told_to_ask_again",
      again,
      "count",
      "times a process was told to ask again (EAGAIN), before there was a leader",
    );
    const last = PROCESSES_OF_ALL.map(({ name }) => cluster.ledger(name).entrypoints.at(-1));
    const right = last.filter((entry) => entry?.confds === 3 && entry.quorum === 2 && entry.rm === rmOf(leader)).length;
    report.check(
      right === 9,
      `all nine entrypoints name 3 confds, quorum 2, and the RM of ${leader}`,
      `${right} of 9 do`,
    );
    const quiet = await untilQuiet(cluster, patience);
    report.check(quiet !== undefined, "Consul holds STARTED of all nine, and all nine are told so", unquiet(cluster));
    const online = await untilAllOnline(cluster, patience);
    report.fact(
      "all_online",
      millisSince(asked),
      "ms",
      "from the first start until everybody knows everybody as ONLINE",
    );
    report.check(online !== undefined, "everybody knows all nine as ONLINE", notOnline(cluster));
    await checkPromises(cluster, report);
  },
};

const millisSince = (began: number): number => systemClock.monotonic() - began;

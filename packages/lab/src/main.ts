import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import { Cluster } from "./cluster/cluster.js";
import { ProcessCluster } from "./cluster/process-cluster.js";
import { loadStory, type Story, storyNames } from "./story/load-story.js";
import { Narrator } from "./story/narrator.js";
import { formatReceipt, receiptJson } from "./story/receipt.js";
import { DPUS_PER_SWITCH_MAX, SWITCHES_MAX, type SwitchPlace } from "./topology.js";

type Environment = Readonly<Record<string, string | undefined>>;

const HELP = `Usage: tandem lab [options]

A cluster of real processes on this machine, and a story walked through it.

      --switches N       switches; default 2
      --dpus N           DPUs per switch; default 1
      --scenario NAME    a built-in story, or a file; default: default
      --list             the built-in stories
      --once             end after the story, with a receipt; without it the cluster stays up until Ctrl-C
      --fault COMMAND    a story command to carry out after the story, e.g. "kill hamgrd sw0_dpu0"; may be repeated
      --json             one JSON object a line instead of text
  -h, --help             this text
`;

/** Up to this many DPUs each daemon gets an operating-system process of its own. */
const PROCESSES_DPUS_MAX = 16;

interface Flags {
  readonly switches: number;
  readonly dpus: number;
  readonly story: Story;
  readonly once: boolean;
  readonly json: boolean;
  readonly faults: readonly string[];
}

/** Where a lab's own output goes. */
export interface LabIo {
  out(line: string): void;
  complain(line: string): void;
}

export interface LabOptions {
  readonly env: Environment;
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly io: LabIo;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs `tandem lab`; `argv` is without node, script and `lab`. Gives the exit code. */
export async function labMain(argv: readonly string[], options: LabOptions): Promise<number> {
  const { io } = options;
  const flags = parseFlags(argv);
  if (!flags.ok) {
    io.complain(`tandem lab: ${flags.error}; try --help`);
    return 2;
  }
  if (flags.value === "help") {
    io.out(HELP.trimEnd());
    return 0;
  }
  if (flags.value === "list") {
    for (const name of storyNames()) io.out(`${name.padEnd(34)}  ${loadStory(name).title}`);
    return 0;
  }
  try {
    return await runLab(flags.value, options);
  } catch (error) {
    if (options.signal.aborted) return 0;
    io.complain(`tandem lab: ${(error as Error).message}`);
    return 1;
  }
}

function parseFlags(argv: readonly string[]): Result<Flags | "help" | "list", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        switches: { type: "string" },
        dpus: { type: "string" },
        scenario: { type: "string" },
        list: { type: "boolean" },
        once: { type: "boolean" },
        fault: { type: "string", multiple: true },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return ok("help");
    if (values.list) return ok("list");
    const switches = parseCount("--switches", values.switches, 2, SWITCHES_MAX);
    if (!switches.ok) return switches;
    const dpus = parseCount("--dpus", values.dpus, 1, DPUS_PER_SWITCH_MAX);
    if (!dpus.ok) return dpus;
    if (switches.value * dpus.value > PROCESSES_DPUS_MAX) {
      return err(
        `${switches.value} x ${dpus.value} DPUs: at most ${PROCESSES_DPUS_MAX}, each with processes of its own`,
      );
    }
    const name = values.scenario ?? "default";
    if (!storyNames().includes(name) && !existsSync(name)) {
      return err(`--scenario ${name}: no such story or file; stories are ${storyNames().join(", ")}`);
    }
    return ok({
      switches: switches.value,
      dpus: dpus.value,
      story: loadStory(name),
      once: values.once ?? false,
      json: values.json ?? false,
      faults: values.fault ?? [],
    });
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}

function parseCount(flag: string, text: string | undefined, absent: number, max: number): Result<number, string> {
  if (text === undefined) return ok(absent);
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= max ? ok(count) : err(`${flag} ${text}: expected a number from 1 to ${max}`);
}

async function runLab(flags: Flags, { env, tandem, io, signal }: LabOptions): Promise<number> {
  const { switches, dpus, story, json } = flags;
  const say = (event: string, text: string, data: Readonly<Record<string, unknown>> = {}): void =>
    io.out(json ? JSON.stringify({ schema: "tandem.lab.v1", event, ...data }) : text);
  const host = await ProcessCluster.create({
    switches,
    dpusPerSwitch: dpus,
    tandem,
    redisServer: env.TANDEM_REDIS_SERVER ?? "redis-server",
  });
  say("starting", `${story.title}`, { story: story.name, title: story.title, switches, dpus: switches * dpus });
  const from = host.clock.monotonic();
  const elapsed = (): number => host.clock.monotonic() - from;
  await using cluster = await Cluster.start(host);
  const processes = host.processes.length;
  say("started", `${stamp(elapsed())} ${processes} processes: redis, swbusd and hamgrd of ${switches} switches`, {
    ms: Math.round(elapsed()),
    processes,
  });
  const narrator = new Narrator(cluster, story.name);
  let wrong = 0;
  for (const step of story.steps) {
    if (signal.aborted) return 0;
    const printed = await narrator.run(step);
    const asExpected = step.expected === "" ? true : step.expected.trimEnd() === printed;
    if (!asExpected) wrong += 1;
    say("step", stepText(elapsed(), step.command, printed), {
      ms: Math.round(elapsed()),
      command: step.command,
      printed: printed.split("\n"),
      as_expected: asExpected,
    });
    if (!asExpected) {
      io.complain(`tandem lab: ${story.path}:${step.line}: ${step.command}: expected\n${step.expected.trimEnd()}`);
    }
  }
  const receipt = await narrator.receipt();
  say("receipt", `\n${formatReceipt(receipt)}`, { receipt: receiptJson(receipt) });
  const failed = wrong > 0 || receipt.invariants.violations.length > 0;
  if (flags.once) return failed ? 1 : 0;
  for (const fault of flags.faults) {
    const words = fault.split(/\s+/);
    const printed = await narrator.run({ ...step0(fault), words });
    say("step", stepText(elapsed(), fault, printed), { command: fault, printed: printed.split("\n") });
  }
  for (const line of addresses(host)) say("address", line, { line });
  await aborted(signal);
  return failed ? 1 : 0;
}

function step0(command: string) {
  return { command, words: command.split(/\s+/), options: {}, expected: "", line: 0, before: "" };
}

/** How other tools reach what runs here. */
function addresses(host: ProcessCluster): string[] {
  return [
    "",
    "the cluster stays up until Ctrl-C",
    ...host.topology.switches.flatMap((sw) => [
      `  ${sw.name}: redis ${host.folder}/${sw.name}/redis.sock, ${sw.npu}:6379; databases ${host.databaseConfig(sw)}`,
      ...sw.dpus.map(
        (dpu) => `  ${dpu.name}: swbusd ${sw.npu}:${dpu.swbusPort}, orchagent ${dpu.midplane}:${dpu.zmqPort}`,
      ),
    ]),
    `  logs ${host.folder}/log`,
    `  try: tandem show ha --db-config ${host.databaseConfig(host.topology.switches[0] as SwitchPlace)}`,
  ];
}

function stamp(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(7)} s `;
}

function stepText(ms: number, command: string, printed: string): string {
  const lines = printed === "" ? [] : printed.split("\n").map((line) => `${" ".repeat(12)}${line}`);
  return [`${stamp(ms)} ${command}`, ...lines].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

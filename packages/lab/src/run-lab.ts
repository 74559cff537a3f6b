import { seconds, type Timer } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import type { HostedProcess } from "@tandem/daemon";
import { Cluster, describeWait } from "./cluster/cluster.js";
import { TooLateError } from "./cluster/cluster-host.js";
import { describeDpuEntry } from "./cluster/dpu-log.js";
import { ProcessCluster } from "./cluster/process-cluster.js";
import type { LabEvent } from "./lab-event.js";
import type { LabFlags } from "./lab-flags.js";
import { stageTitle } from "./story/load-story.js";
import { Narrator } from "./story/narrator.js";
import { switchAddresses } from "./switch-addresses.js";

export interface RunOptions {
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tell: (event: LabEvent) => void;
  readonly complain: (line: string) => void;
  /** Told of the cluster once it runs; disposed of before the cluster goes. */
  readonly watch?: (cluster: Cluster, processes: () => readonly HostedProcess[]) => Disposable;
  /** Aborts at the end that somebody wants; `runLab` then rejects with its reason. */
  readonly signal: AbortSignal;
}

/** How a lab ended. */
export interface LabResult {
  /** Steps that printed something else than recorded. */
  readonly unexpected: number;
  readonly violations: number;
  /** Processes that ended by themselves. */
  readonly failures: number;
}

/** Up to this many DPUs each of their steps is told as text. */
const FOLLOWED_MAX = 16;

/** A step that takes longer than this says what it waits for, as often. */
const PATIENCE = seconds(30);

const BY_HAND = "Faults by hand";

/** Starts the cluster, tells the story, ends with its receipt; without `once` it stays up until the signal aborts. */
export async function runLab(flags: LabFlags, options: RunOptions): Promise<LabResult> {
  const { env, tandem, tell, complain, signal } = options;
  const { story, switches, dpus, isolation } = flags;
  tell({ kind: "starting", story: story.name, title: story.title, switches, dpus, isolation });
  let failures = 0;
  const host = await ProcessCluster.create({
    switches,
    dpusPerSwitch: dpus,
    isolation,
    tandem,
    redisServer: env["TANDEM_REDIS_SERVER"] ?? "redis-server",
    path: env["PATH"] ?? "",
    signal,
    onFailure: (failure) => {
      failures += 1;
      complain(`tandem lab: ${failure.message}`);
    },
  });
  const from = host.clock.monotonic();
  const elapsed = (): number => host.clock.monotonic() - from;
  await using cluster = await Cluster.start(host);
  using _watch = options.watch?.(cluster, () => host.processes);
  using _patience = tellWaits(cluster, complain);
  tell({
    kind: "started",
    ms: elapsed(),
    processes: host.processes.map(({ name, pid }) => ({ name, pid })),
  });
  if (!flags.compares) {
    const { switches: recorded, dpus: each } = story.size;
    tell({ kind: "notCompared", recorded: `${recorded} switches of ${each} ${each === 1 ? "DPU" : "DPUs"}` });
  }
  // Hundreds of lines tell people less than the receipt does.
  const follows = flags.json || host.topology.dpus.length <= FOLLOWED_MAX;
  using _news = follows
    ? followDpus(cluster, (dpu, text) => tell({ kind: "transition", ms: elapsed(), dpu, text }))
    : undefined;
  const narrator = new Narrator(cluster, story.name);
  let unexpected = 0;
  const perform = async (step: ScenarioStep, compares: boolean): Promise<void> => {
    tell({ kind: "command", ms: elapsed(), command: step.command });
    // What is not compared is shown once it has settled.
    const printed = await narrator.run(compares ? step : { ...step, expected: "" }).catch((error) => {
      if (error instanceof TooLateError) {
        host.keepLogs = true;
        complain(`tandem lab: what the daemons say is kept in ${host.logFolder}`);
      }
      const { wait } = cluster;
      if (signal.aborted && wait !== undefined) {
        complain(`tandem lab: ended while it waited: ${describeWait(wait)}`);
      }
      throw error;
    });
    const expected = !compares || step.expected.trimEnd() === printed ? undefined : step.expected.trimEnd();
    if (expected !== undefined) unexpected += 1;
    tell({ kind: "step", ms: elapsed(), command: step.command, printed, expected });
    if (expected !== undefined) complain(difference(story.path, step, expected));
  };
  for (const [i, step] of story.steps.entries()) {
    signal.throwIfAborted();
    const title = stageTitle(step, i === 0);
    if (title !== undefined) tell({ kind: "stage", title });
    await perform(step, flags.compares);
  }
  if (flags.faults.length > 0) tell({ kind: "stage", title: BY_HAND });
  for (const [i, fault] of flags.faults.entries()) {
    await perform(i === 0 ? { ...fault, before: `# ${BY_HAND}\n` } : fault, false);
  }
  const receipt = await narrator.receipt();
  tell({ kind: "receipt", receipt });
  const result = { unexpected, violations: receipt.invariants.violations.length, failures };
  if (flags.once) return result;
  const places = host.topology.switches.map((sw) => switchAddresses(host, sw));
  tell({ kind: "addresses", folder: host.folder, redisCli: env["TANDEM_REDIS_CLI"] ?? "redis-cli", switches: places });
  await aborted(signal);
  return { ...result, failures };
}

/** Says what a step still waits for, each time it has done so for a while, until it is disposed of. */
function tellWaits(cluster: Cluster, complain: (line: string) => void): Disposable {
  const { clock } = cluster.host;
  const look = (): Timer =>
    clock.setTimer(PATIENCE, () => {
      const { wait } = cluster;
      if (wait !== undefined && clock.monotonic() - wait.since >= PATIENCE) {
        const passed = Math.round((clock.monotonic() - wait.since) / 1000);
        complain(`tandem lab: still waits, for ${passed} s now: ${describeWait(wait)}`);
      }
      timer = look();
    });
  let timer = look();
  return { [Symbol.dispose]: () => timer.cancel() };
}

/** Tells what DPUs go through, until it is disposed of. */
function followDpus(cluster: Cluster, tell: (dpu: string, text: string) => void): Disposable {
  const stops = [...cluster.logs].map(([dpu, log]) =>
    log.onEntry((entry) => {
      if (entry.kind !== "bfd") tell(dpu, describeDpuEntry(entry));
    }),
  );
  return {
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}

function difference(path: string, step: ScenarioStep, expected: string): string {
  const lines = (expected === "" ? ["nothing"] : expected.split("\n")).map((line) => `    ${line}`);
  return [`tandem lab: ${path}:${step.line}: ${step.command}: expected`, ...lines].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FaultPlan, PlannedFault } from "./fault-plan.js";
import type { SeedOutcome } from "./run-seed.js";

const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));
/** Much is made in a seed and little of it stays: a large young generation halves what collecting it costs. */
export const WORKER_FLAGS: readonly string[] = ["--max-semi-space-size=32"];

/** One seed for a worker. */
export interface SeedTask {
  readonly seed: number;
  readonly switches: number;
  readonly dpus: number;
  readonly minutes: number;
  readonly faults?: readonly PlannedFault[];
}

/** What a worker answers: a run, shrunk where it failed. */
export interface SeedReport {
  readonly seed: number;
  readonly virtualMs: number;
  readonly healedMs: number | undefined;
  /** Of a run that failed. */
  readonly failure?: SeedFailure;
}

export interface SeedFailure {
  /** As drawn. */
  readonly plan: FaultPlan;
  readonly drawn: number;
  /** With the fewest faults that still fail. */
  readonly shrunk: Omit<SeedOutcome, "trace">;
  readonly shrinkRuns: number;
}

/**
 * Runs `tasks` in `workers` processes, each its next as soon as it is done with one. Reports come as they are ready. A
 * worker that dies takes its seed with it: that is a failure, and another worker is started.
 */
export async function runCrew(
  tasks: Iterator<SeedTask>,
  workers: number,
  signal: AbortSignal,
  report: (report: SeedReport) => void,
): Promise<void> {
  await Promise.all(Array.from({ length: workers }, () => runWorker(tasks, signal, report)));
}

async function runWorker(
  tasks: Iterator<SeedTask>,
  signal: AbortSignal,
  report: (report: SeedReport) => void,
): Promise<void> {
  let child: ChildProcess | undefined;
  const kill = (): void => void child?.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  try {
    for (let next = tasks.next(); !next.done && !signal.aborted; next = tasks.next()) {
      if (child?.connected !== true) child = fork(WORKER, [], { execArgv: [...WORKER_FLAGS] });
      const answer = await ask(child, next.value);
      // What an end from outside interrupts is no failure.
      if (!signal.aborted) report(answer);
    }
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
}

function ask(child: ChildProcess, task: SeedTask): Promise<SeedReport> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown): void => done(message as SeedReport);
    const onExit = (code: number | null, signal: string | null): void => done(lost(task, `${signal ?? code}`));
    const done = (report: SeedReport): void => {
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(report);
    };
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(task);
  });
}

function lost(task: SeedTask, end: string): SeedReport {
  const { seed, switches, dpus, minutes, faults = [] } = task;
  const plan = { seed, switches, dpus, minutes, faults };
  const violation = { id: "ran", text: `the process of the run ended: ${end}`, at: 0 };
  const shrunk = { plan, story: [], violations: [violation], digest: "", healedIn: undefined, virtualMs: 0 };
  return {
    seed,
    virtualMs: 0,
    healedMs: undefined,
    failure: { plan, drawn: faults.length, shrunk: shrunk as unknown as SeedFailure["shrunk"], shrinkRuns: 0 },
  };
}

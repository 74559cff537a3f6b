import { access, constants, mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { err, type Millis, millis, ok, type Result, systemClock } from "@tandem/base";
import { runCrew, type SeedReport, type SeedTask } from "./crew.js";
import { type FaultPlan, PLAN_SCHEMA, parsePlan } from "./fault-plan.js";
import { attempt } from "./find-cause.js";
import { Progress } from "./progress.js";
import { formatReplay, OTHER_RECORDS, parseReplay, schemaOf } from "./replay-file.js";
import {
  addReport,
  failureText,
  newSummary,
  progressText,
  ratioOf,
  type Summary,
  seedsPerSecond,
  summaryText,
} from "./report.js";
import { runTask } from "./run-task.js";
import { HELP, parseFlags, type SimFlags } from "./sim-flags.js";

export { TIMERS_PER_TURN } from "../cluster/simulated-cluster.js";
export { calmRun } from "./calm-run.js";
export { WORKER_FLAGS } from "./crew.js";
export { runSeed, type SeedOptions, type SeedOutcome } from "./run-seed.js";

export interface SimIo {
  out(line: string): void;
  complain(line: string): void;
  /** Shows `line` in place of the progress before; absent where there is no terminal. */
  readonly progress?: (line: string) => void;
}

export interface SimOptions {
  readonly io: SimIo;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Runs every seed in this process and none in workers, which exist only where all is compiled. A seed under way then
   * hears nothing of `signal`.
   */
  readonly inProcess?: boolean;
}

/** Runs `tandem sim`; `argv` is without node, script and `sim`. Gives the exit code. */
export async function simMain(argv: readonly string[], options: SimOptions): Promise<number> {
  const { io } = options;
  if (argv.includes("--mutations")) {
    const { mutationsMain } = await import("../mutation/main.js");
    return await mutationsMain(
      argv.filter((word) => word !== "--mutations"),
      options,
    );
  }
  const flags = parseFlags(argv);
  if (!flags.ok) {
    io.complain(`tandem sim: ${flags.error}; try --help`);
    return 2;
  }
  if (flags.value === "help") {
    io.out(HELP.trimEnd());
    return 0;
  }
  const done =
    flags.value.replay === undefined ? await runSeeds(flags.value, options) : await replay(flags.value, options);
  if (done.ok) return done.value ? 0 : 1;
  io.complain(`tandem sim: ${done.error}`);
  return 2;
}

/** Whether every seed ran clean. Fails when a file cannot be used. */
async function runSeeds(
  flags: SimFlags,
  { io, signal, inProcess = false }: SimOptions,
): Promise<Result<boolean, string>> {
  const plan = flags.faults === undefined ? ok(undefined) : await readPlan(flags.faults);
  if (!plan.ok) return plan;
  if (flags.trace) return ok(await printTrace(flags, plan.value, io));
  // Told before hours of seeds, not after the first that fails.
  const folder = await makeFolder(flags.folder);
  if (!folder.ok) return folder;
  const workers = Math.min(flags.workers ?? availableParallelism(), flags.count);
  const from = systemClock.monotonic();
  let summary = newSummary();
  const passed = (): Millis => millis(systemClock.monotonic() - from);
  const progress = new Progress(io, () => progressText({ ...summary, realMs: passed() }, flags.count));
  const take = async (report: SeedReport): Promise<void> => {
    summary = addReport(summary, report);
    progress.clear();
    if (report.failure !== undefined) await tellFailure(flags, report, io);
    progress.moved();
  };
  const tasks = tasksOf(flags, plan.value);
  const writes: Promise<void>[] = [];
  if (inProcess) for (const task of tasks) await take(await runTask(task));
  else await runCrew(tasks, workers, signal, (report) => writes.push(take(report)));
  await Promise.all(writes);
  progress[Symbol.dispose]();
  summary = { ...summary, realMs: passed() };
  io.out(flags.json ? summaryJson(summary) : summaryText(summary));
  if (signal.aborted) io.complain(`tandem sim: ended after ${summary.seeds} of ${flags.count} seeds`);
  return ok(summary.failed.length === 0 && !signal.aborted);
}

function* tasksOf(
  { seed, count, switches, dpus, minutes }: SimFlags,
  plan: FaultPlan | undefined,
): Generator<SeedTask, undefined> {
  for (let i = 0; i < count; i++) {
    yield plan === undefined ? { seed: seed + i, switches, dpus, minutes } : { ...plan, seed: plan.seed + i };
  }
  return undefined;
}

async function tellFailure(flags: SimFlags, { seed, failure }: SeedReport, io: SimIo): Promise<void> {
  if (failure === undefined) return;
  const path = join(flags.folder, `tandem-sim-seed-${seed}.txt`);
  try {
    await writeFile(path, formatReplay({ ...failure.shrunk, trace: [] }));
  } catch (error) {
    io.complain(`tandem sim: ${path}: ${(error as Error).message}; the faults stand above`);
  }
  if (flags.json) io.out(JSON.stringify({ schema: "tandem.sim-failure.v1", seed, replay: path, ...failure }));
  else io.out(failureText(seed, failure, path));
}

function summaryJson(summary: Summary): string {
  const { seeds, failed, virtualMs, realMs, slowest } = summary;
  return JSON.stringify({
    schema: "tandem.sim.v1",
    seeds,
    failed,
    virtual_ms: virtualMs,
    real_ms: Math.round(realMs),
    seeds_per_s: Number(seedsPerSecond(summary).toFixed(2)),
    ratio: Math.round(ratioOf(summary)),
    ...(slowest !== undefined && { slowest }),
  });
}

async function printTrace(flags: SimFlags, plan: FaultPlan | undefined, io: SimIo): Promise<boolean> {
  const { seed, switches, dpus, minutes } = plan ?? flags;
  const options = { seed, switches, dpus, minutes, keepTrace: true };
  return printOutcome(await attempt(plan === undefined ? options : { ...options, faults: plan.faults }), flags, io);
}

/** Repeats the run of a file. Fails when the file cannot be used. */
async function replay(flags: SimFlags, { io }: SimOptions): Promise<Result<boolean, string>> {
  const path = flags.replay as string;
  const text = await readText(path);
  if (!text.ok) return text;
  const schema = schemaOf(text.value);
  if (!schema.ok) return err(`${path}: ${schema.error}`);
  if (schema.value !== PLAN_SCHEMA) return replayRecords(path, schema.value, text.value, flags, io);
  const file = parseReplay(text.value);
  if (!file.ok) return err(`${path}: ${file.error}`);
  const { plan, digest } = file.value;
  const outcome = await attempt({ ...plan, keepTrace: flags.trace });
  const clean = printOutcome(outcome, flags, io);
  if (digest !== undefined && digest !== outcome.digest) {
    io.complain(
      `tandem sim: ${path}: not the run that the file was written from; another build draws and steps otherwise`,
    );
  }
  return ok(clean);
}

function replayRecords(
  path: string,
  schema: string,
  text: string,
  { json }: SimFlags,
  io: SimIo,
): Result<boolean, string> {
  const records = OTHER_RECORDS.get(schema);
  if (records === undefined) {
    return err(
      `${path}: ${schema} is nothing that can be replayed; known are ${[PLAN_SCHEMA, ...OTHER_RECORDS.keys()].join(", ")}`,
    );
  }
  const outcome = records(text);
  if (!outcome.ok) {
    io.complain(`tandem sim: ${path}: ${outcome.error}`);
    return ok(false);
  }
  for (const line of json ? [JSON.stringify(outcome.value.json)] : outcome.value.lines) io.out(line);
  return ok(outcome.value.clean);
}

function printOutcome(outcome: Awaited<ReturnType<typeof attempt>>, flags: SimFlags, io: SimIo): boolean {
  const { plan, story, violations, digest, healedIn, trace } = outcome;
  if (flags.json) {
    io.out(
      JSON.stringify({
        schema: "tandem.sim-run.v1",
        seed: plan.seed,
        plan,
        story,
        violations,
        digest,
        healed_ms: healedIn,
        trace,
      }),
    );
  } else {
    for (const line of flags.trace ? trace : story) io.out(line);
    for (const { id, text, at } of violations) io.out(`${(at / 1000).toFixed(3)} s  ${id}: ${text}`);
    const end =
      violations.length === 0 ? `clean, healed after ${(healedIn ?? 0) / 1000} s` : `${violations.length} violations`;
    io.out(`seed ${plan.seed}, ${plan.faults.length} faults: ${end}; digest ${digest.slice(0, 16)}`);
  }
  return violations.length === 0;
}

async function readPlan(path: string): Promise<Result<FaultPlan, string>> {
  const text = await readText(path);
  if (!text.ok) return text;
  const plan = parsePlan(text.value);
  return plan.ok ? plan : err(`${path}: ${plan.error}`);
}

async function makeFolder(path: string): Promise<Result<void, string>> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return ok();
  } catch (error) {
    return err(`--folder ${path}: ${(error as Error).message}`);
  }
}

async function readText(path: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(path, "utf8"));
  } catch (error) {
    return err(`${path}: ${(error as Error).message}`);
  }
}

import { type ChildProcess, fork } from "node:child_process";
import { err, type Millis, millis, ok, type Result, seconds, systemClock, within } from "@tandem/base";
import { attempt } from "../sim/find-cause.js";
import type { HuntReport, HuntTask } from "./hunt-messages.js";
import type { Mutation } from "./mutation.js";
import { PatchedBuild } from "./patched-build.js";

export interface HuntOptions {
  /** Seeds to try at most, from 1 on. */
  readonly seeds: number;
  /** Virtual minutes of a seed. */
  readonly minutes: number;
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** What became of one mutation. */
export interface HuntResult {
  readonly mutation: Mutation;
  /** The lowest seed that shows that the guard is off, and what it showed; absent when none did. */
  readonly found: { readonly seed: number; readonly seen: string } | undefined;
  /** Runs that it took. */
  readonly runs: number;
  /** Real time. */
  readonly took: Millis;
}

/** Real time that one run may take on a busy machine. */
const RUN_LIMIT = seconds(300);
/** Characters kept of what a process says before it dies. */
const WORDS_MAX = 4096;
const WORKER = "packages/lab/dist/mutation/hunt-worker.js";

/**
 * Runs the simulator on a build without the guard, seed after seed, until one shows it. Processes share the seeds; the
 * lowest one that fails counts, so the answer does not depend on who is faster. Fails when the build cannot be patched, or does not run.
 */
export async function hunt(mutation: Mutation, options: HuntOptions): Promise<Result<HuntResult, string>> {
  const from = systemClock.monotonic();
  const built = await PatchedBuild.create(mutation);
  if (!built.ok) return built;
  await using build = built.value;
  const search: Search = { next: 1, last: options.seeds, found: undefined, failure: undefined, runs: 0 };
  await Promise.all(Array.from({ length: options.workers }, () => work(build, search, options)));
  if (search.failure !== undefined) return err(`${mutation.id}: ${search.failure}`);
  const took = millis(systemClock.monotonic() - from);
  return ok({ mutation, found: search.found, runs: search.runs, took });
}

interface Search {
  next: number;
  /** No seed beyond this one is of interest. */
  last: number;
  found: { readonly seed: number; readonly seen: string } | undefined;
  failure: string | undefined;
  runs: number;
}

async function work(build: PatchedBuild, search: Search, { minutes, signal }: HuntOptions): Promise<void> {
  let child: ChildProcess | undefined;
  const kill = (): void => void child?.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  try {
    while (search.next <= search.last && !signal.aborted) {
      const seed = search.next++;
      child ??= fork(build.path(WORKER), [], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
      const answer = await within(systemClock, RUN_LIMIT, ask(child, { seed, minutes }));
      if (signal.aborted) return;
      if (answer === undefined || !answer.ok) {
        const why =
          answer === undefined ? `no answer within ${RUN_LIMIT / 1000} s` : (answer as { error: string }).error;
        search.last = 0;
        search.failure ??= `seed ${seed}: ${why}`;
        return;
      }
      const { seen } = answer.value;
      search.runs += 1;
      if (seen === undefined || (search.found?.seed ?? seed + 1) < seed) continue;
      // A seed that fails with the guard too says nothing about it.
      if ((await attempt({ seed, minutes })).violations.length > 0) continue;
      search.found = { seed, seen };
      search.last = seed - 1;
    }
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
}

/** The answer of a process. One that dies shows nothing: its build cannot run at all. */
function ask(child: ChildProcess, task: HuntTask): Promise<Result<HuntReport, string>> {
  return new Promise((resolve) => {
    let words = "";
    const onWords = (chunk: Buffer): void => {
      words = (words + String(chunk)).slice(-WORDS_MAX);
    };
    const onMessage = (message: unknown): void => done(ok(message as HuntReport));
    const onExit = (code: number | null, end: string | null): void =>
      done(err(`its process ended with ${end ?? code}: ${lastLine(words)}`));
    const done = (report: Result<HuntReport, string>): void => {
      child.stderr?.off("data", onWords);
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(report);
    };
    child.stderr?.on("data", onWords);
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(task);
  });
}

/** The line of a crash that says most. */
function lastLine(words: string): string {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? "it said nothing";
}

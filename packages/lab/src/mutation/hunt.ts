import type { ChildProcess } from "node:child_process";
import { err, type Millis, millis, ok, type Result, systemClock } from "@tandem/base";
import type { FaultPlan } from "../sim/fault-plan.js";
import { attempt } from "../sim/find-cause.js";
import { ask, startProcess } from "./hunt-process.js";
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
      child ??= startProcess(build);
      const answer = await ask(child, { seed, minutes });
      if (signal.aborted) return;
      if (!answer.ok) {
        search.last = 0;
        search.failure ??= `seed ${seed}: ${answer.error}`;
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

/** What a plan shows on a build without the guard, if anything. Fails as `hunt` does. */
export async function runWithout(
  mutation: Mutation,
  { seed, minutes, faults }: FaultPlan,
): Promise<Result<string | undefined, string>> {
  const built = await PatchedBuild.create(mutation);
  if (!built.ok) return built;
  await using build = built.value;
  const child = startProcess(build);
  try {
    const answer = await ask(child, { seed, minutes, faults });
    return answer.ok ? ok(answer.value.seen) : err(`${mutation.id}: ${answer.error}`);
  } finally {
    child.kill("SIGKILL");
  }
}

import type { SeedReport, SeedTask } from "./crew.js";
import { attempt, findCause } from "./find-cause.js";

/** Runs one seed; a failing one is shrunk. */
export async function runTask(task: SeedTask): Promise<SeedReport> {
  const outcome = await attempt(task);
  const { virtualMs, healedIn: healedMs } = outcome;
  const report = { seed: task.seed, virtualMs, healedMs };
  if (outcome.violations.length === 0) return report;
  const cause = await findCause(outcome);
  const { trace: _, ...shrunk } = cause.outcome;
  const { plan } = outcome;
  return { ...report, failure: { plan, drawn: plan.faults.length, shrunk, shrinkRuns: cause.runs } };
}

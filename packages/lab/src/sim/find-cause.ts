import type { PlannedFault } from "./fault-plan.js";
import { runSeed, type SeedOptions, type SeedOutcome } from "./run-seed.js";
import { shrink } from "./shrink.js";

/** Runs that a shrink may take. */
export const SHRINK_RUNS_MAX = 60;

/** What is left of a failing run. */
export interface Cause {
  readonly outcome: SeedOutcome;
  readonly runs: number;
}

/** The fewest faults with which the first violation of `failed` is still found, and what that run came to. */
export async function findCause(
  failed: SeedOutcome,
  run: (options: SeedOptions) => Promise<SeedOutcome> = attempt,
): Promise<Cause> {
  const { seed, switches, dpus, minutes, faults } = failed.plan;
  const wanted = failed.violations[0]?.id;
  let outcome = failed;
  const fails = async (part: readonly PlannedFault[]): Promise<boolean> => {
    const tried = await run({ seed, switches, dpus, minutes, faults: part });
    if (!tried.violations.some(({ id }) => id === wanted)) return false;
    outcome = tried;
    return true;
  };
  const { runs } = await shrink(faults, fails, SHRINK_RUNS_MAX);
  return { outcome, runs };
}

/** A run that ends in an exception is a violation too: of the simulator, or of what it runs. */
export async function attempt(options: SeedOptions): Promise<SeedOutcome> {
  try {
    return await runSeed(options);
  } catch (error) {
    return failedOutcome(options, error as Error);
  }
}

function failedOutcome(
  { seed, switches = 2, dpus = 1, minutes = 10, faults = [] }: SeedOptions,
  error: Error,
): SeedOutcome {
  return {
    plan: { seed, switches, dpus, minutes, faults },
    story: [],
    violations: [{ id: "ran", text: error.stack ?? error.message, at: 0 }],
    digest: "",
    trace: [],
    healedIn: undefined,
    virtualMs: 0 as SeedOutcome["virtualMs"],
    timers: 0,
  };
}

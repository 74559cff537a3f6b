import type { PlannedFault } from "../sim/fault-plan.js";

/** What the hunter asks of a process that runs a patched build. */
export interface HuntTask {
  readonly seed: number;
  /** Virtual minutes of the run. */
  readonly minutes: number;
  /** Faults instead of those that the seed would draw. */
  readonly faults?: readonly PlannedFault[];
}

/** What the run of one seed showed: the first thing that did not hold, if anything. */
export interface HuntReport {
  readonly seed: number;
  readonly seen: string | undefined;
}

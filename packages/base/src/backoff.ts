import type { Millis } from "./brand.js";
import { millis } from "./brand.js";
import { jitter, type Random } from "./random.js";

/** Doubling delays between `first` and `max`, each spread by ±25 %. */
export interface BackoffLimits {
  readonly first: Millis;
  readonly max: Millis;
}

/** The delay before attempt `attempt` (0 = the first repeat). */
export function backoffDelay(limits: BackoffLimits, attempt: number, random: Random): Millis {
  const nominal = Math.min(limits.max, limits.first * 2 ** Math.min(attempt, 30));
  return millis(Math.min(limits.max, Math.max(1, jitter(random, nominal))));
}

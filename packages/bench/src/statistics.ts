import { invariant } from "@tandem/base";

/** The smallest sample that at least `share` (0 to 1) of all samples do not exceed: the nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  invariant(samples.length > 0, "a percentile of nothing");
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** The middle sample; of an even number of them the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  return (percentile(samples, 0.5) + percentile(samples, (samples.length / 2 + 0.5) / samples.length)) / 2;
}

import type { Clock } from "@tandem/base";
import type { Metrics } from "@tandem/daemon";
import { publishMessages } from "./hamgrd-metrics.js";
import { countSettings, measureHamgrd } from "./runtime-metrics.js";
import type { Hamgrd } from "./start-hamgrd.js";

/** What the process around a hamgrd knows. */
export interface HamgrdSurroundings {
  /** By slot: lines that are missing in its record file. */
  readonly lost: () => ReadonlyMap<number, number>;
  /** Seconds that an operation may wait for its approval. */
  readonly pendingLimit: number;
}

/** Publishes all that a hamgrd counts, but for what it tells (`countEvents`), until it is disposed of. */
export function publishHamgrd(
  metrics: Metrics,
  hamgrd: Hamgrd,
  clock: Clock,
  { lost, pendingLimit }: HamgrdSurroundings,
): Disposable {
  publishMessages(metrics, hamgrd.slots.values());
  const measuring = measureHamgrd(metrics, hamgrd, clock);
  countSettings(metrics, lost, pendingLimit);
  return measuring;
}

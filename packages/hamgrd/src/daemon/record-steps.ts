import { join } from "node:path";
import { type Clock, systemClock } from "@tandem/base";
import { type DaemonLogger, openRecorder, type Recorder } from "@tandem/daemon";
import { formatStep } from "./format-step.js";
import type { Hamgrd } from "./start-hamgrd.js";

/** Where SONiC keeps the record files of HA. */
export const RECORD_FOLDER = "/var/log/dash-ha";

export function recordFile(folder: string, slot: number): string {
  return join(folder, `hamgrd-dpu${slot}.rec`);
}

/**
 * Writes every step of each slot to `<folder>/hamgrd-dpu<slot>.rec`. A file that cannot be written costs its records
 * and one line in the log.
 */
export async function recordSteps(
  hamgrd: Hamgrd,
  folder: string,
  logger: DaemonLogger,
  clock: Clock = systemClock,
): Promise<AsyncDisposable> {
  const recorders = new Map<string, Recorder>();
  for (const slot of hamgrd.slots.keys()) {
    const opened = await openRecorder({ clock, path: recordFile(folder, slot) });
    if (opened.ok) recorders.set(`dpu${slot}`, opened.value);
    else logger.warn(`${opened.error.path}: ${opened.error.detail}; steps of slot ${slot} are not recorded`);
  }
  const stop = hamgrd.records.onRecord((step) => recorders.get(step.slot)?.record("step", formatStep(step)));
  return {
    async [Symbol.asyncDispose]() {
      stop();
      for (const recorder of recorders.values()) await recorder[Symbol.asyncDispose]();
    },
  };
}

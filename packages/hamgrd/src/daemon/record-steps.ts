import { join } from "node:path";
import { type RowMoment, type RowOwner, type StepRecord, summarizeRow, summarizeStep } from "@tandem/actor";
import { type Clock, systemClock } from "@tandem/base";
import { type DaemonLogger, openRecorder, type Recorder } from "@tandem/daemon";
import type { Hamgrd } from "./start-hamgrd.js";

/** Where SONiC keeps the record files of HA. */
export const RECORD_FOLDER = "/var/log/dash-ha";

export function recordFile(folder: string, slot: number): string {
  return join(folder, `hamgrd-dpu${slot}.rec`);
}

/** Records being written. */
export interface StepRecorder extends AsyncDisposable {
  /** Lines that were lost, by DPU slot. */
  lost(): ReadonlyMap<number, number>;
}

/**
 * Writes every step of each slot to `<folder>/hamgrd-dpu<slot>.rec`, a `step` line when it is decided and a `row` line
 * for each of its rows when that is acknowledged. A file that cannot be written costs its records and one line in the
 * log.
 */
export async function recordSteps(
  hamgrd: Hamgrd,
  folder: string,
  logger: DaemonLogger,
  clock: Clock = systemClock,
): Promise<StepRecorder> {
  const recorders = new Map<string, Recorder>();
  const paths = new Map<string, () => string>();
  for (const [slot, running] of hamgrd.slots) {
    paths.set(`dpu${slot}`, () => running.path ?? `dpu${slot}`);
    const opened = await openRecorder({ clock, path: recordFile(folder, slot) });
    if (opened.ok) recorders.set(`dpu${slot}`, opened.value);
    else logger.warn(`${opened.error.path}: ${opened.error.detail}; steps of slot ${slot} are not recorded`);
  }
  const processOf = (slot: string): { readonly path: string; readonly boot: StepRecord["at"] | undefined } => ({
    path: paths.get(slot)?.() ?? slot,
    boot: hamgrd.records.boot,
  });
  const stops = [
    hamgrd.records.onRecord((step) => {
      recorders.get(step.slot)?.record("step", formatStep(step, processOf(step.slot)));
    }),
    hamgrd.records.onAcknowledged((row, by) => {
      recorders.get(by.slot)?.record("row", formatRow(row, by, processOf(by.slot).path));
    }),
  ];
  return {
    lost: () => new Map([...hamgrd.slots.keys()].map((slot) => [slot, recorders.get(`dpu${slot}`)?.lost ?? 0])),
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      for (const recorder of recorders.values()) await recorder[Symbol.asyncDispose]();
    },
  };
}

function formatStep(
  step: StepRecord,
  by: { readonly path: string; readonly boot: StepRecord["at"] | undefined },
): string {
  return JSON.stringify({ process: by.path, ...summarizeStep(step, by) });
}

function formatRow(row: RowMoment, by: RowOwner, process: string): string {
  return JSON.stringify({ process, actor: `${by.type}/${by.id}`, ...summarizeRow(row) });
}

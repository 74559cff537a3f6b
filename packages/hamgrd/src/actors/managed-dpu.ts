import type { DpuRow } from "../schema/dpu.js";
import type { VdpuRow } from "../schema/vdpu.js";

/** Keys of the DPU rows with that slot; more than one is a mistake of the configuration. */
export function dpusOfSlot(dpus: Iterable<readonly [string, DpuRow]>, slot: number): readonly string[] {
  return [...dpus].filter(([, row]) => row.dpu_id === slot).map(([key]) => key);
}

/** The DPU that the hamgrd of a slot manages: of several rows the one that a vDPU names, then the first by key. */
export function managedDpu(
  dpus: Iterable<readonly [string, DpuRow]>,
  vdpus: Iterable<VdpuRow>,
  slot: number,
): string | undefined {
  const keys = [...dpusOfSlot(dpus, slot)].sort();
  if (keys.length < 2) return keys[0];
  const named = new Set([...vdpus].flatMap((vdpu) => vdpu.main_dpu_ids as readonly string[]));
  return keys.find((key) => named.has(key)) ?? keys[0];
}

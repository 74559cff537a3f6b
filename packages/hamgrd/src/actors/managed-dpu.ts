import type { DpuRow } from "../schema/dpu.js";
import type { VdpuRow } from "../schema/vdpu.js";

/** Keys of the DPU rows of a slot, in key order. There should be one. */
export function dpusOfSlot(slot: number, dpus: ReadonlyMap<string, DpuRow>): readonly string[] {
  return [...dpus].flatMap(([key, row]) => (row.dpu_id === slot ? [key] : [])).sort();
}

/** Key of the DPU that the hamgrd of a slot manages. Of several rows the one that a vDPU names, then the first. */
export function managedDpu(
  slot: number,
  dpus: ReadonlyMap<string, DpuRow>,
  vdpus: ReadonlyMap<string, VdpuRow>,
): string | undefined {
  const named = new Set([...vdpus.values()].flatMap((vdpu) => vdpu.main_dpu_ids as readonly string[]));
  const keys = dpusOfSlot(slot, dpus);
  return keys.find((key) => named.has(key)) ?? keys[0];
}

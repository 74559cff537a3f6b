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
  const keys = dpusOfSlot(slot, dpus);
  return keys.find((key) => namesIn(vdpus).has(key)) ?? keys[0];
}

/** Names of the DPUs that share a vDPU with another one. */
export function sharedDpus(vdpus: ReadonlyMap<string, VdpuRow>): ReadonlySet<string> {
  return membersOf(vdpus).shared;
}

function namesIn(vdpus: ReadonlyMap<string, VdpuRow>): ReadonlySet<string> {
  return membersOf(vdpus).named;
}

interface MembersOfAll {
  readonly named: ReadonlySet<string>;
  readonly shared: ReadonlySet<string>;
}

/** Asked for with each change, by every DPU's actor: worked out once for the rows of a table as they stand. */
const known = new WeakMap<ReadonlyMap<string, VdpuRow>, MembersOfAll>();

function membersOf(vdpus: ReadonlyMap<string, VdpuRow>): MembersOfAll {
  const found = known.get(vdpus);
  if (found !== undefined) return found;
  const named = new Set<string>();
  const shared = new Set<string>();
  for (const { main_dpu_ids: members } of vdpus.values()) {
    const isShared = members.some((id) => id !== members[0]);
    for (const id of members) {
      named.add(id);
      if (isShared) shared.add(id);
    }
  }
  const made = { named, shared };
  known.set(vdpus, made);
  return made;
}

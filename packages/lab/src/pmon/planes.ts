import type { Millis } from "@tandem/base";
import { formatTimestamp } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";

/** What pmon watches of a DPU, in the words of DPU_STATE. */
export const PLANES = ["midplane_link", "control_plane", "data_plane"] as const;
export type Plane = (typeof PLANES)[number];

interface PlaneReport {
  readonly up: boolean;
  readonly at: Millis;
  readonly reason: string;
}

/** What pmon says of one DPU. Immutable. */
export type DpuPlanes = Readonly<Record<Plane, PlaneReport>>;

/** A DPU that has never been seen. */
export function newPlanes(at: Millis): DpuPlanes {
  const down = { up: false, at, reason: "not yet seen" };
  return { midplane_link: down, control_plane: down, data_plane: down };
}

/** One plane is seen up or down. Time and reason stay when nothing changes. */
export function setPlane(planes: DpuPlanes, plane: Plane, up: boolean, at: Millis, reason: string): DpuPlanes {
  return planes[plane].up === up ? planes : { ...planes, [plane]: { up, at, reason } };
}

/**
 * Row DPU_STATE|DPU<n>. With the midplane down nothing is known of the planes behind it: they are shown down, with the
 * times and reasons that they had (smartswitch-pmon).
 */
export function planesRow(slot: number, planes: DpuPlanes): Fields {
  const row: Record<string, string> = { id: String(slot) };
  for (const plane of PLANES) {
    const { up, at, reason } = planes[plane];
    row[`dpu_${plane}_state`] = up && planes.midplane_link.up ? "up" : "down";
    row[`dpu_${plane}_time`] = formatTimestamp(at);
    row[`dpu_${plane}_reason`] = reason;
  }
  return row;
}

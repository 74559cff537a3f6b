import { type Json, type Millis, millis } from "@tandem/base";
import type { PmonState } from "../ports/dpu-port.js";
import { type PlaneState, planeStateCodec } from "../schema/codecs.js";
import type { DpuStateRow } from "../schema/dpu-state.js";
import { Members } from "../schema/members.js";

/** One plane of a DPU. */
export interface Plane {
  readonly state: PlaneState;
  /** Since when, in whole seconds. */
  readonly time: Millis;
  /** Whether pmon said so; otherwise the time is when we first saw the state. */
  readonly told: boolean;
}

export interface Planes {
  readonly midplane: Plane;
  readonly control: Plane;
  readonly data: Plane;
}

/** What has been seen of a DPU's planes so far. */
export interface PlaneWatch {
  /** Absent until a report was seen. */
  readonly planes?: Planes;
  /** Falls that were observed: midplane and control plane up, then not. */
  readonly falls: number;
  readonly fellAt: Millis;
  /** Rises that were observed. What a DPU reported before the last one comes from an earlier boot. */
  readonly boots: number;
}

export const NOTHING_SEEN: PlaneWatch = { falls: 0, fellAt: millis(0), boots: 0 };

const wholeSeconds = (at: Millis): Millis => millis(Math.floor(at / 1000) * 1000);

/** The planes of a report; without one all are unknown. A time that pmon leaves out is that of the change. */
export function planesOfRow(row: DpuStateRow | undefined, before: Planes | undefined, now: Millis): Planes {
  const plane = (state: PlaneState, time: Millis | undefined, was: Plane | undefined): Plane => {
    if (time !== undefined) return { state, time, told: true };
    return was?.state === state ? was : { state, time: wholeSeconds(now), told: false };
  };
  return {
    midplane: plane(row?.dpu_midplane_link_state ?? "unknown", row?.dpu_midplane_link_time, before?.midplane),
    control: plane(row?.dpu_control_plane_state ?? "unknown", row?.dpu_control_plane_time, before?.control),
    data: plane(row?.dpu_data_plane_state ?? "unknown", row?.dpu_data_plane_time, before?.data),
  };
}

export function planesOfPmon(pmon: PmonState): Planes {
  return {
    midplane: { state: pmon.dpu_midplane_link_state, time: pmon.dpu_midplane_link_time, told: true },
    control: { state: pmon.dpu_control_plane_state, time: pmon.dpu_control_plane_time, told: true },
    data: { state: pmon.dpu_data_plane_state, time: pmon.dpu_data_plane_time, told: true },
  };
}

export function pmonOf({ midplane, control, data }: Planes): PmonState {
  return {
    dpu_midplane_link_state: midplane.state,
    dpu_midplane_link_time: midplane.time,
    dpu_control_plane_state: control.state,
    dpu_control_plane_time: control.time,
    dpu_data_plane_state: data.state,
    dpu_data_plane_time: data.time,
  };
}

/** Whether the DPU can be talked to: the data plane does not count here. */
export function reachable(planes: Planes): boolean {
  return planes.midplane.state === "up" && planes.control.state === "up";
}

/** Health of a DPU. */
export function allUp({ midplane, control, data }: Planes): boolean {
  return [midplane, control, data].every(({ state }) => state === "up");
}

/** For BFD only an explicit `down` is a fall: unknown counts as up. */
export function explicitlyDown(planes: Planes | undefined): boolean {
  return planes?.midplane.state === "down" || planes?.control.state === "down";
}

const samePlane = (a: Plane, b: Plane): boolean => a.state === b.state && a.time === b.time && a.told === b.told;

/** The next report. A fall and rise between two reports shows in a plane that is up since another time. */
export function watchPlanes(watch: PlaneWatch, planes: Planes, now: Millis): PlaneWatch {
  const before = watch.planes;
  if (before === undefined) return { ...watch, planes };
  if (
    samePlane(before.midplane, planes.midplane) &&
    samePlane(before.control, planes.control) &&
    samePlane(before.data, planes.data)
  ) {
    return watch;
  }
  const was = reachable(before);
  const is = reachable(planes);
  const restarted = (a: Plane, b: Plane): boolean => a.told && b.told && a.time !== b.time;
  const unseen =
    was && is && (restarted(before.midplane, planes.midplane) || restarted(before.control, planes.control));
  const fell = (was && !is) || unseen;
  const rose = (!was && is) || unseen;
  return {
    planes,
    falls: watch.falls + (fell ? 1 : 0),
    fellAt: fell ? now : watch.fellAt,
    boots: watch.boots + (rose ? 1 : 0),
  };
}

const encodePlane = ({ state, time, told }: Plane): Json => ({ state, time, told });

function decodePlane(data: Json): Plane | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const state = planeStateCodec.parse(m.text("state"));
  const time = m.maybeTime("time");
  const told = m.bool("told");
  return m.failure === undefined && state.ok && time !== undefined ? { state: state.value, time, told } : undefined;
}

export function encodeWatch({ planes, falls, fellAt, boots }: PlaneWatch): Json {
  return {
    falls,
    fellAt,
    boots,
    ...(planes !== undefined && {
      midplane: encodePlane(planes.midplane),
      control: encodePlane(planes.control),
      data: encodePlane(planes.data),
    }),
  };
}

export function decodeWatch(data: Json): PlaneWatch | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const m = members.value;
  const midplane = m.maybe("midplane", "a plane", decodePlane);
  const control = m.maybe("control", "a plane", decodePlane);
  const plane = m.maybe("data", "a plane", decodePlane);
  const watch = { falls: m.integer("falls"), fellAt: millis(m.integer("fellAt")), boots: m.integer("boots") };
  if (m.failure !== undefined) return undefined;
  return midplane && control && plane ? { ...watch, planes: { midplane, control, data: plane } } : watch;
}

import type { Change, Draw, Inputs, Remember } from "@tandem/actor";
import { type Json, type Millis, millis } from "@tandem/base";
import { dpuKeyCodec, sessionListCodec } from "../schema/codecs.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState } from "../schema/dpu-reports.js";
import { DpuState, type DpuStateRow } from "../schema/dpu-state.js";
import { Members } from "../schema/members.js";
import { nextHold } from "./bfd-hold.js";
import { decodeWatch, encodeWatch, NOTHING_SEEN, type PlaneWatch, planesOfRow, watchPlanes } from "./planes.js";
import { readable } from "./readable.js";

/** Up sessions of one address family. */
export interface ProbeList {
  /** Comma text. */
  readonly sessions: string;
  /** Whole seconds. */
  readonly time: Millis;
}

/** What a managed DPU's actor remembers. */
export interface DpuMemory {
  readonly watch: PlaneWatch;
  /** Absent until bfdmon has reported. */
  readonly probes?: { readonly v4: ProbeList; readonly v6: ProbeList };
  /** BFD rows are held back: the scope goes down. */
  readonly held: boolean;
}

const INITIAL: DpuMemory = { watch: NOTHING_SEEN, held: false };

/** Whether this slot's report stands under that key. */
export function isSlotKey(slot: number, key: string): boolean {
  const found = dpuKeyCodec.parse(key);
  return found.ok && found.value === slot;
}

/** Key of the report that counts: `DPU<slot>` before other spellings. */
function reportKey(inputs: Inputs<unknown>, slot: number): string | undefined {
  const rows = inputs.all(DpuState);
  const usual = dpuKeyCodec.format(slot);
  if (rows.has(usual)) return usual;
  for (const key of rows.keys()) if (isSlotKey(slot, key)) return key;
  return undefined;
}

function nextWatch(
  memory: DpuMemory,
  change: Change,
  inputs: Inputs<DpuMemory>,
  slot: number,
  now: Millis,
): PlaneWatch {
  const key = reportKey(inputs, slot);
  let row = key === undefined ? undefined : inputs.read(DpuState, key);
  if (change.kind === "row" && change.table.id === DpuState.id && (key === undefined || change.key === key)) {
    row = change.row as DpuStateRow | undefined;
  } else if (!readable(inputs, DpuState)) {
    return memory.watch;
  }
  if (row === undefined && memory.watch.planes === undefined) return memory.watch;
  return watchPlanes(memory.watch, planesOfRow(row, memory.watch.planes, now), now);
}

function nextProbes(memory: DpuMemory, inputs: Inputs<DpuMemory>, now: Millis): DpuMemory["probes"] {
  if (!readable(inputs, DashBfdProbeState)) return memory.probes;
  const row = inputs.all(DashBfdProbeState).values().next().value;
  if (row === undefined && memory.probes === undefined) return undefined;
  const seconds = millis(Math.floor(now / 1000) * 1000);
  const list = (was: ProbeList | undefined, sessions: readonly string[], told: Millis | undefined): ProbeList => {
    const text = sessionListCodec.format(sessions);
    const time = told ?? (was?.sessions === text ? was.time : seconds);
    return was?.sessions === text && was.time === time ? was : { sessions: text, time };
  };
  const v4 = list(memory.probes?.v4, row?.v4_bfd_up_sessions ?? [], row?.v4_bfd_up_sessions_timestamp);
  const v6 = list(memory.probes?.v6, row?.v6_bfd_up_sessions ?? [], row?.v6_bfd_up_sessions_timestamp);
  return v4 === memory.probes?.v4 && v6 === memory.probes.v6 ? memory.probes : { v4, v6 };
}

function encodeList({ sessions, time }: ProbeList): Json {
  return { sessions, time };
}

function decodeList(data: Json): ProbeList | undefined {
  const members = Members.of(data);
  if (!members.ok) return undefined;
  const list = { sessions: members.value.text("sessions"), time: millis(members.value.integer("time")) };
  return members.value.failure === undefined ? list : undefined;
}

/**
 * Of the DPU of `slot`, and the planes alone of a sibling's that shares a vDPU. `isManaged`, `isShared` and `isMine`
 * (vDPUs that contain this DPU) are asked in each step, since rows may change.
 */
export function rememberDpu(
  slot: number,
  isManaged: (inputs: Inputs<DpuMemory>) => boolean,
  isShared: (inputs: Inputs<DpuMemory>) => boolean,
  isMine: (inputs: Inputs<DpuMemory>) => (vdpuId: string) => boolean,
): Remember<DpuMemory> {
  return {
    initial: INITIAL,
    fold(memory: DpuMemory, change: Change, inputs: Inputs<DpuMemory>, draw: Draw): DpuMemory {
      const now = draw.now();
      const sibling = inputs.row(Dpu)?.dpu_id ?? slot;
      if (sibling !== slot && isShared(inputs)) {
        const watch = nextWatch(memory, change, inputs, sibling, now);
        return watch === memory.watch ? memory : { ...memory, watch };
      }
      if (!isManaged(inputs)) return memory;
      const watch = nextWatch(memory, change, inputs, slot, now);
      const probes = nextProbes(memory, inputs, now);
      const held = nextHold(memory.held, inputs, isMine(inputs));
      if (watch === memory.watch && probes === memory.probes && held === memory.held) return memory;
      return { watch, held, ...(probes !== undefined && { probes }) };
    },
    encode: ({ watch, probes, held }) => ({
      watch: encodeWatch(watch),
      held,
      ...(probes !== undefined && { v4: encodeList(probes.v4), v6: encodeList(probes.v6) }),
    }),
    decode(data) {
      const members = Members.of(data);
      if (!members.ok) return undefined;
      const m = members.value;
      const watch = m.maybe("watch", "planes", decodeWatch);
      const held = m.bool("held");
      const v4 = m.maybe("v4", "sessions", decodeList);
      const v6 = m.maybe("v6", "sessions", decodeList);
      if (m.failure !== undefined || watch === undefined) return undefined;
      return { watch, held, ...(v4 !== undefined && v6 !== undefined && { probes: { v4, v6 } }) };
    },
  };
}

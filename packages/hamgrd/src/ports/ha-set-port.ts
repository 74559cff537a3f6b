import type { StatePort } from "@tandem/actor";
import { type Json, ok, type Result } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { PinnedState } from "../schema/codecs.js";
import { pinnedStateCodec } from "../schema/codecs.js";
import { DashHaSet, type DashHaSetRow } from "../schema/dash-ha-set.js";
import { Members } from "../schema/members.js";
import { takeEach } from "../schema/pb.js";

/** One HA set as it stands on this switch's DPU. */
export interface HaSetActorState {
  /** The channel between the DPUs is alive; only known with owner switch. */
  readonly up?: boolean;
  readonly ha_set: DashHaSetRow;
  readonly vdpu_ids: readonly string[];
  readonly pinned_vdpu_bfd_probe_states: readonly PinnedState[];
  /** Its BFD rows are withdrawn because its scope goes down; sent only then. */
  readonly bfd_withdrawn?: true;
}

/** Numbers stay numbers; upstream wants `vip_v4` always, so a missing one is empty text. */
function encodeRow(row: DashHaSetRow): Json {
  return { ...row, vip_v4: row.vip_v4 ?? "" };
}

function decodeRow(data: Json): DashHaSetRow | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === "string" || typeof value === "number") fields[name] = String(value);
  }
  if (fields["vip_v4"] === "") delete fields["vip_v4"];
  const row: Result<DashHaSetRow, unknown> = DashHaSet.decode(fields as Fields);
  return row.ok ? row.value : undefined;
}

/** An HA set's state, for its HA scope. */
export const haSetPort: StatePort<HaSetActorState> = {
  provider: "ha-set",
  register: "HaSetStateRegister",
  update: "HaSetStateUpdate",
  decode(data) {
    const parsed = Members.of(data);
    if (!parsed.ok) return undefined;
    const m = parsed.value;
    const up = m.maybe("up", "true or false", (value) => (typeof value === "boolean" ? value : undefined));
    const row = m.maybe("ha_set", "an HA set row", decodeRow);
    const vdpus = m.texts("vdpu_ids", []);
    const pins = m.texts("pinned_vdpu_bfd_probe_states", []);
    const pinned = takeEach("pinned_vdpu_bfd_probe_states", pins, (pin) => orNone(pinnedStateCodec.parse(pin)));
    const withdrawn = m.bool("bfd_withdrawn", false);
    if (m.failure !== undefined || row === undefined || !pinned.ok) return undefined;
    return {
      ...(up !== undefined && { up }),
      ha_set: row,
      vdpu_ids: vdpus,
      pinned_vdpu_bfd_probe_states: pinned.value,
      ...(withdrawn && { bfd_withdrawn: withdrawn }),
    };
  },
  encode: ({ ha_set, ...plain }) => ({ ...plain, ha_set: encodeRow(ha_set) }),
};

/** Upstream hands on pins unchecked; what is no pin pins nothing. */
function orNone(pin: Result<PinnedState, string>): Result<PinnedState, never> {
  return pin.ok ? pin : ok("none");
}

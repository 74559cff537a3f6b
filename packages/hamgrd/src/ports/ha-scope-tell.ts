import type { TellPort } from "@tandem/actor";
import { Members } from "../schema/members.js";
import { enumTexts } from "../schema/pb.js";

export type HaOwner = "unspecified" | "dpu" | "switch";

const owners = enumTexts("HaOwner", ["unspecified", "dpu", "switch"]);

/** What an HA scope says about itself. With owner dpu only its owner counts: the DPU drives its own states. */
export interface HaScopeActorState {
  readonly owner: HaOwner;
  /** Name of the enum `HaState`, e.g. `HA_STATE_ACTIVE`. */
  readonly new_state: string;
  readonly timestamp: number;
  readonly term: string;
  readonly vdpu_id: string;
  /** May be empty. */
  readonly peer_vdpu_id: string;
  readonly acked_asic_ha_state?: string;
}

/** An HA scope's state, told to its HA set. */
export const haScopeTell: TellPort<HaScopeActorState> = {
  key: "HaScopeStateUpdate",
  decode(data) {
    const parsed = Members.of(data);
    if (!parsed.ok) return undefined;
    const m = parsed.value;
    const owner = owners.text(m.u32("owner"));
    const acked = m.maybeText("acked_asic_ha_state");
    const state = {
      new_state: m.text("new_state"),
      timestamp: m.integer("timestamp", 0),
      term: m.text("term", "0"),
      vdpu_id: m.text("vdpu_id", ""),
      peer_vdpu_id: m.text("peer_vdpu_id", ""),
      ...(acked !== undefined && { acked_asic_ha_state: acked }),
    };
    return m.failure === undefined && owner.ok ? { owner: owner.value, ...state } : undefined;
  },
  encode: ({ owner, acked_asic_ha_state: acked, ...plain }) => ({
    ...plain,
    owner: owners.number(owner),
    ...(acked !== undefined && acked !== "" && { acked_asic_ha_state: acked }),
  }),
};

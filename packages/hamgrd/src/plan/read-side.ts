import type { Fields } from "@tandem/swss";
import type { DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import type { SideState } from "./pair-view.js";

const PLANES = ["midplane", "control_plane", "data_plane"] as const;

/**
 * A side as its `DASH_HA_SCOPE_STATE` row tells it; what the row lacks is unknown. `config` is its configuration where
 * that can be seen, and wins over what the row says of it. `now` is given for a row from a database, whose writer may be
 * gone: wall clock of its switch, in milliseconds.
 */
export function readSide(row: Fields, config?: DashHaScopeConfigRow, now?: number): SideState {
  const heartbeat = Number(row["last_heartbeat_time_in_ms"] ?? 0);
  const ids = list(row["pending_operation_ids"]);
  const types = list(row["pending_operation_types"]);
  return {
    known: true,
    haState: row["local_ha_state"] || "unknown",
    term: row["local_acked_term"] ?? "",
    planesWrong: PLANES.flatMap((plane) => {
      const state = row[`local_vdpu_${plane}_state`] ?? "unknown";
      return state === "up" ? [] : [`${plane.replace("_", " ")} ${state}`];
    }),
    bfd: [...list(row["local_vdpu_up_bfd_sessions_v4"]), ...list(row["local_vdpu_up_bfd_sessions_v6"])],
    pending: ids.map((id, i) => ({ id, type: types[i] ?? "unknown" })),
    version: config?.version ?? row["version"] ?? "",
    desired: config?.desired_ha_state ?? row["local_target_asic_ha_state"] ?? "",
    disabled: config?.disabled,
    owner: config?.owner,
    silentMs: now !== undefined && heartbeat > 0 ? Math.max(0, now - heartbeat) : undefined,
  };
}

/** Items of a list field; brackets and quotes that some writers leave around them are no part of them. */
function list(text: string | undefined): readonly string[] {
  return (text ?? "")
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((item) => item.trim().replace(/^["']|["']$/g, ""))
    .filter((item) => item !== "");
}

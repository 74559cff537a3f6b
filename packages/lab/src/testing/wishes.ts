import { DashHaScopeConfig, type DesiredHaState } from "@tandem/hamgrd";
import { type DpuPlace, pairOf, switchOf } from "../topology.js";
import type { History } from "./history.js";

/** Config rows of pairs come to stand, with what is desired of each DPU named; `disabled` instead: HA is disabled. */
export function configured(history: History, wishes: Readonly<Record<string, DesiredHaState | "disabled">>): History {
  for (const [name, wish] of Object.entries(wishes)) {
    const dpu: DpuPlace = history.dpu(name);
    const sw = switchOf(history.topology, dpu).name;
    const set = pairOf(history.topology, dpu)?.set.id ?? "";
    history.row(sw, "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", set, {});
    history.row(
      sw,
      "APPL_DB",
      "DASH_HA_SCOPE_CONFIG_TABLE",
      `${dpu.vdpuId}:${set}`,
      DashHaScopeConfig.encodePlain({
        version: "1",
        disabled: wish === "disabled",
        owner: "dpu",
        ha_set_id: set as never,
        desired_ha_state: wish === "disabled" ? "unspecified" : wish,
        approved_pending_operation_ids: [],
      }),
    );
  }
  return history;
}

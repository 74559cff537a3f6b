import type { Fields } from "@tandem/swss";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import type { Always } from "./invariant.js";
import { isTrue } from "./row-fields.js";

/** Words of pmon count in any case, as hamgrd reads them. */
const isUp = (word: string | undefined): boolean => word?.trim().toLowerCase() === "up";

export const resetOncePerFall: Always = {
  id: "reset-once-per-fall",
  text: "DPU_RESET_INFO is raised once per fall of a DPU, however often hamgrd restarts meanwhile.",
  when: "always",
  exact: true,
  sees: ["row DPU_STATE", "row DPU_RESET_INFO"],
  start(view) {
    /** Falls that pmon has shown, and resets raised for them, by DPU. A DPU that is down at first has not fallen. */
    const falls = new Map<string, number>();
    const resets = new Map<string, number>();
    const down = new Set<string>();
    const times = new Map<string, string>();
    const timesOf = (row: Fields | undefined): string =>
      `${row?.["dpu_midplane_link_time"]} ${row?.["dpu_control_plane_time"]}`;
    const look = (dpu: DpuPlace, row: Fields | undefined): void => {
      const isNow = !isUp(row?.["dpu_midplane_link_state"]) || !isUp(row?.["dpu_control_plane_state"]);
      // A plane that is up since another time has fallen and risen between two looks.
      const since = timesOf(row);
      const known = times.has(dpu.name);
      const fell = known && !down.has(dpu.name) && (isNow || times.get(dpu.name) !== since);
      if (fell) falls.set(dpu.name, (falls.get(dpu.name) ?? 0) + 1);
      if (isNow) down.add(dpu.name);
      else down.delete(dpu.name);
      times.set(dpu.name, since);
    };
    for (const sw of view.topology.switches) {
      for (const dpu of sw.dpus) {
        const row = view.rows(sw, "CHASSIS_STATE_DB", "DPU_STATE").get(`DPU${dpu.slot}`);
        if (row !== undefined) look(dpu, row);
      }
    }
    return {
      observe(seen) {
        if (seen.kind !== "row") return [];
        const dpus = (seen.owner as SwitchPlace).dpus;
        const dpu = dpus.find(({ slot }) => seen.key === `DPU${slot}`);
        if (dpu === undefined) return [];
        if (seen.table === "DPU_STATE") {
          look(dpu, seen.fields);
          return [];
        }
        const raised =
          isTrue(seen.fields?.["reset_status"]) && seen.before?.["timestamp"] !== seen.fields?.["timestamp"];
        if (!raised) return [];
        const count = (resets.get(dpu.name) ?? 0) + 1;
        resets.set(dpu.name, count);
        const seenFalls = falls.get(dpu.name) ?? 0;
        return count <= seenFalls ? [] : [`${dpu.name}: ${count} resets raised for ${seenFalls} falls`];
      },
    };
  },
};

import { switchOf } from "../topology.js";
import type { Always } from "./invariant.js";
import { SCOPE_TABLE } from "./state-book.js";

const CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";

export const scopeAtHome: Always = {
  id: "scope-at-home",
  text: "Only the hamgrd that manages a vDPU's DPU writes rows for the vDPU's scope: on that DPU's switch, and to that DPU.",
  when: "always",
  sees: ["row DASH_HA_SCOPE_STATE", `told ${SCOPE_TABLE}`, `wanted ${CONFIGS}`],
  start(view) {
    const { topology } = view;
    const homes = new Map(topology.dpus.map((dpu) => [dpu.vdpuId, switchOf(topology, dpu)]));
    /** Keys of every scope that was configured so far. */
    const configured = new Set<string>();
    for (const sw of topology.switches) for (const key of view.rows(sw, "APPL_DB", CONFIGS).keys()) configured.add(key);
    return {
      observe(seen) {
        if (seen.kind === "wanted") configured.add(seen.key);
        if (seen.kind === "row" && seen.fields !== undefined) {
          const home = homes.get(seen.key.split("|")[0] as string);
          if (home === undefined || home === seen.owner) return [];
          return [`${seen.owner.name} reports ${seen.key}, which is at home on ${home.name}`];
        }
        if (seen.kind !== "told" || seen.fields === undefined) return [];
        if (configured.has(`${seen.dpu.vdpuId}:${seen.key}`)) return [];
        return [`${seen.dpu.name} was told of scope ${seen.key}, which is another DPU's`];
      },
    };
  },
};

import type { Invariant } from "./invariant.js";

export const scopeHasSet: Invariant = {
  id: "scope-has-set",
  text: "Whatever scope a DPU was given, it was given the scope's HA set too.",
  when: "quiet",
  violations: (view) =>
    view.topology.dpus.flatMap((dpu) => {
      const sets = view.rows(dpu, "DPU_APPL_DB", "DASH_HA_SET_TABLE");
      return [...view.rows(dpu, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE")]
        .filter(([key, row]) => !sets.has(row.ha_set_id ?? key))
        .map(([key, row]) => `${dpu.name}: scope ${key} without its set ${row.ha_set_id}`);
    }),
};

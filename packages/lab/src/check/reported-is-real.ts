import { switchOf } from "../topology.js";
import type { Invariant } from "./invariant.js";

export const reportedIsReal: Invariant = {
  id: "reported-is-real",
  text: "What the switch reports of a scope is what its DPU is, as local state and as acknowledged state.",
  when: "quiet",
  violations: (view) =>
    view.topology.dpus.flatMap((dpu) => {
      const state = view.haState(dpu);
      if (state === undefined) return [];
      return [...view.rows(switchOf(view.topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE")]
        .filter(([key]) => key.startsWith(`${dpu.vdpuId}|`))
        .filter(([, row]) => row.local_ha_state !== state || row.local_acked_asic_ha_state !== state)
        .map(([key, row]) => `${key}: reported ${row.local_ha_state}, ${dpu.name} is ${state}`);
    }),
};

import { isPending, isServing } from "../dpu/ha-state.js";
import { type DpuPlace, switchOf } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import type { Always } from "./invariant.js";
import { listOf } from "./row-fields.js";
import { dpuOfScopeKey, scopeIdOf } from "./scope-key.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

interface Side {
  /** Ids of activations that were published since the DPU was last dead or off. */
  readonly published: Set<string>;
  /** Of these, what was published since hamgrd has the scope that it has now. */
  readonly ofScope: Set<string>;
  /** Of these, what the controller has approved. */
  readonly approved: Set<string>;
}

const CREATED = "creation_time_in_ms";

/**
 * The DPU was told to forget its scope. Where rows reach it late, hamgrd may have the next one already, and take what the
 * old one still reports for that one's: nobody can tell them apart, and what was approved since was approved for the new one.
 */
function forgetOldScope({ published, ofScope }: Side): void {
  for (const id of published) if (!ofScope.has(id)) published.delete(id);
}

export const approvalOfThisStart: Always = {
  id: "approval-of-this-start",
  text: "A DPU is activated by an approval of an operation that was published since it was last dead, off or without a scope, and by each approval at most once.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "row DASH_HA_SCOPE_STATE", "wanted DASH_HA_SCOPE_CONFIG_TABLE"],
  start(view) {
    const sides = new Map<string, Side>();
    const used = new Set<string>();
    const sideOf = (dpu: DpuPlace): Side => {
      const side = sides.get(dpu.name) ?? { published: new Set(), ofScope: new Set(), approved: new Set() };
      sides.set(dpu.name, side);
      return side;
    };
    for (const dpu of view.topology.dpus) {
      const sw = switchOf(view.topology, dpu);
      const scope = scopeIdOf(view, dpu);
      const state = view.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${scope}`);
      for (const id of listOf(state, "pending_operation_ids")) sideOf(dpu).published.add(id);
    }
    return {
      observe(seen) {
        if (seen.kind === "power" || (seen.kind === "state" && seen.to === "dead")) sides.delete(seen.dpu.name);
        else if (endsScope(seen)) forgetOldScope(sideOf(seen.dpu));
        if (seen.kind === "row" || seen.kind === "wanted") {
          const dpu = dpuOfScopeKey(view.topology, seen.key);
          if (dpu === undefined) return [];
          const { published, ofScope, approved } = sideOf(dpu);
          if (seen.kind === "wanted") {
            for (const id of listOf(scopeConfigOf(seen.fields), "approved_pending_operation_ids")) approved.add(id);
          } else {
            if (seen.fields?.[CREATED] !== seen.before?.[CREATED]) ofScope.clear();
            const types = listOf(seen.fields, "pending_operation_types");
            const before = listOf(seen.before, "pending_operation_ids");
            for (const [i, id] of listOf(seen.fields, "pending_operation_ids").entries()) {
              // An id that already stood there before is of an earlier start.
              if (types[i] !== "activate_role" || before.includes(id)) continue;
              published.add(id);
              ofScope.add(id);
            }
          }
        }
        if (seen.kind !== "state" || !isPending(seen.from) || !isServing(seen.to)) return [];
        const { published, approved } = sideOf(seen.dpu);
        const open = [...published].filter((id) => approved.has(id));
        const id = open.find((candidate) => !used.has(candidate));
        if (id !== undefined) used.add(id);
        if (id !== undefined) return [];
        const why =
          open.length > 0 ? `${open.join()} was used up` : "none that was published since its start was approved";
        return [`${seen.dpu.name} was activated without an approval: ${why}`];
      },
    };
  },
};

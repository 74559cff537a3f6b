import { seconds } from "@tandem/base";
import { type DpuPlace, switchOf } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import { fairAndWell, latest, ROWS_WAY } from "./fair.js";
import type { Always, ClusterView } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { isTrue, listOf } from "./row-fields.js";
import { scopeIdOf } from "./scope-key.js";
import { SET_SIGHTS, SetBook } from "./set-book.js";

const FLAGS = [
  ["activate_role_pending", "activate_role"],
  ["flow_reconcile_pending", "flow_reconcile"],
  ["brainsplit_recover_pending", "brainsplit_recover"],
] as const;
/** A flag is shown, and one that fell is shown no more, within this time. */
const LIMIT = seconds(10);

function* faults(view: ClusterView, dpu: DpuPlace): Iterable<readonly [string, string | undefined]> {
  const set = scopeIdOf(view, dpu);
  const sw = switchOf(view.topology, dpu);
  const config = view.rows(sw, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE").get(`${dpu.vdpuId}:${set}`);
  const report = view.rows(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE").get(set);
  const state = view.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set}`);
  const ids = listOf(state, "pending_operation_ids");
  const types = listOf(state, "pending_operation_types");
  const approved = listOf(scopeConfigOf(config), "approved_pending_operation_ids");
  // Of a report that does not count (yet) nothing is shown.
  const counts = config !== undefined && state !== undefined && state["local_ha_state"] !== "unknown";
  for (const [flag, type] of FLAGS) {
    const at = types.indexOf(type);
    const raised = report !== undefined && isTrue(report[flag]);
    const hidden = raised && at < 0 && !asksFor(view, dpu, set, type);
    const left = report !== undefined && !raised && at >= 0;
    const ignored = at >= 0 && approved.includes(ids[at] as string);
    const text = hidden
      ? `${dpu.name} waits for ${type}, and nobody is shown it`
      : left
        ? `${type} of ${dpu.name} is shown as pending, though the DPU does not wait for it`
        : ignored
          ? `${type} of ${dpu.name} is approved and still shown as pending`
          : undefined;
    yield [`${dpu.name} ${type}`, counts ? text : undefined];
  }
}

/** Whether the DPU has been sent the request: then it is approved, and not shown. */
function asksFor(view: ClusterView, dpu: DpuPlace, set: string, type: string): boolean {
  const row = view.rows(dpu, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE").get(set);
  const field = type === "brainsplit_recover" ? "brainsplit_recovered" : `${type}_requested`;
  return isTrue(row?.[field]);
}

export const operationIsShown: Always = {
  id: "operation-is-shown",
  text: "What a DPU waits for is shown to the controller as one pending operation within ten seconds when nothing is broken, and is shown no more once it is approved or the DPU does not wait any more.",
  when: "always",
  exact: true,
  sees: [
    "row DASH_HA_SCOPE_STATE_TABLE",
    "row DASH_HA_SCOPE_STATE",
    "row DASH_HA_SCOPE_TABLE",
    ...SET_SIGHTS,
    "power",
    "part",
  ],
  start(view) {
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const off = new Set<string>();
    const sets = new SetBook(view);
    const wrong = new Overdue(LIMIT, (name: string) => {
      const dpu = places.get(name.split(" ")[0] as string) as DpuPlace;
      return off.has(dpu.name) ? undefined : latest(fairAndWell(view, dpu, ROWS_WAY), sets.knownSince(dpu));
    });
    const look = (dpu: DpuPlace): void => {
      for (const [name, text] of faults(view, dpu)) wrong.note(name, view.now(), text);
    };
    return {
      observe(seen) {
        sets.note(seen);
        if (seen.kind === "power") {
          if (seen.on) off.delete(seen.dpu.name);
          else off.add(seen.dpu.name);
          look(seen.dpu);
        }
        if (seen.kind !== "row") return [];
        if ("slot" in seen.owner) look(seen.owner);
        else for (const dpu of seen.owner.dpus) if (seen.key.startsWith(dpu.vdpuId)) look(dpu);
        return [];
      },
      due: () => wrong.due(),
      expire: (now) => wrong.expire(now),
    };
  },
};

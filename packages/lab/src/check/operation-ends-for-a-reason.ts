import type { Millis } from "@tandem/base";
import { type DpuPlace, switchOf } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import type { Always } from "./invariant.js";
import { learnsLate } from "./learns-late.js";
import { isTrue, listOf } from "./row-fields.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { wishOf } from "./wish-book.js";

const FLAG_OF: Readonly<Record<string, string>> = {
  activate_role: "activate_role_pending",
  flow_reconcile: "flow_reconcile_pending",
  brainsplit_recover: "brainsplit_recover_pending",
};

export const operationEndsForAReason: Always = {
  id: "operation-ends-for-a-reason",
  text: "A pending operation keeps its id until it is approved, the DPU's flag falls or has fallen already, the DPU starts anew, the scope's config is deleted or, for an activation, wants the scope up again after it was to go down; no restart of hamgrd changes it.",
  when: "always",
  exact: true,
  sees: [
    "row DASH_HA_SCOPE_STATE",
    "row DASH_HA_SCOPE_STATE_TABLE",
    "row DPU_STATE",
    "wanted DASH_HA_SCOPE_CONFIG_TABLE",
    "row DASH_HA_SCOPE_CONFIG_TABLE",
    "power",
  ],
  start(view) {
    /** What each DPU shows, as id → type; and ids that have a reason to go, until they have gone. */
    const open = new Map<string, Map<string, string>>();
    const excused = new Set<string>();
    /** When the scope that each DPU's row shows was created, and those whose config was deleted since. */
    const created = new Map<string, string>();
    const ending = new Map<string, string | undefined>();
    /** When pmon last wrote of the DPU: until hamgrd has heard of it, what it takes for pending may be of the life before. */
    const stirred = new Map<string, Millis>();
    /** DPUs whose scope is to be down, and when one was last wanted up again, which ends what was asked for before. */
    const down = new Set<string>();
    const raised = new Map<string, Millis>();
    const excuse = (dpu: DpuPlace, why: (id: string, type: string) => boolean): void => {
      for (const [id, type] of open.get(dpu.name) ?? []) if (why(id, type)) excused.add(id);
    };
    // Until hamgrd hears of it, what the DPU asks for is an operation of the scope of before, which goes with it.
    const end = (dpu: DpuPlace): void => {
      excuse(dpu, () => true);
      ending.set(dpu.name, created.get(dpu.name));
    };
    return {
      observe(seen) {
        if (seen.kind === "power") excuse(seen.dpu, () => true);
        if (seen.kind === "wanted") {
          const dpu = dpuOfScopeKey(view.topology, seen.key);
          const approved = listOf(scopeConfigOf(seen.fields), "approved_pending_operation_ids");
          if (dpu !== undefined && seen.fields === undefined) end(dpu);
          else if (dpu !== undefined) excuse(dpu, (id) => approved.includes(id));
        }
        if (seen.kind !== "row") return [];
        switch (seen.table) {
          case "DASH_HA_SCOPE_STATE_TABLE":
            excuse(seen.owner as DpuPlace, (_, type) => !isTrue(seen.fields?.[FLAG_OF[type] ?? ""]));
            return [];
          case "DPU_STATE":
            for (const dpu of view.topology.dpus)
              if (switchOf(view.topology, dpu) === seen.owner) {
                excuse(dpu, () => true);
                stirred.set(dpu.name, seen.at);
              }
            return [];
          case "DASH_HA_SCOPE_CONFIG_TABLE": {
            const dpu = dpuOfScopeKey(view.topology, seen.key);
            if (dpu === undefined) return [];
            const wish = wishOf(scopeConfigOf(seen.fields));
            if (seen.fields === undefined) end(dpu);
            else if (wish === "down") down.add(dpu.name);
            else if (wish !== "nothing" && down.delete(dpu.name)) {
              excuse(dpu, (_, type) => type === "activate_role");
              raised.set(dpu.name, seen.at);
            }
            return [];
          }
          default:
            break;
        }
        const dpu = dpuOfScopeKey(view.topology, seen.key);
        if (dpu === undefined || switchOf(view.topology, dpu) !== seen.owner) return [];
        const ids = listOf(seen.fields, "pending_operation_ids");
        const types = listOf(seen.fields, "pending_operation_types");
        const gone = [...(open.get(dpu.name) ?? [])].filter(([id]) => !ids.includes(id));
        // A row that goes as a whole, a lost database among others, says nothing of its operations.
        const known = open.get(dpu.name);
        open.set(dpu.name, new Map(ids.map((id, i) => [id, types[i] ?? ""])));
        // Opened by a hamgrd that has not heard yet of a flag that fell: it goes when that is heard.
        const report = view.rows(dpu, "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE").get(seen.key.split("|")[1] ?? "");
        excuse(
          dpu,
          (id, type) => known?.has(id) !== true && report !== undefined && !isTrue(report[FLAG_OF[type] ?? ""]),
        );
        const wrong = gone.filter(([id]) => !excused.delete(id));
        if (seen.fields === undefined) return [];
        const since = seen.fields["creation_time_in_ms"];
        if (since !== undefined) created.set(dpu.name, since);
        if (ending.has(dpu.name) && ending.get(dpu.name) !== since) {
          ending.delete(dpu.name);
          return [];
        }
        const stirredAt = stirred.get(dpu.name);
        if (stirredAt !== undefined && learnsLate(view, dpu, stirredAt, seen.at)) return [];
        const raisedAt = raised.get(dpu.name);
        const launchesLate = raisedAt !== undefined && learnsLate(view, dpu, raisedAt, seen.at);
        const told = wrong.filter(([, type]) => type !== "activate_role" || !launchesLate);
        return told.map(([id, type]) => `${dpu.name}: ${type} ${id} is not pending any more, for no reason`);
      },
    };
  },
};

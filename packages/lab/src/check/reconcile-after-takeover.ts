import { seconds } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import { fairAndWell, ROWS_WAY } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { isTrue } from "./row-fields.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

/** A report takes no longer than this to its database. */
const REPORT = seconds(10);

export const reconcileAfterTakeover: Always = {
  id: "reconcile-after-takeover",
  text: "A standby side that serves alone reports that flow reconcile is pending, and leaves the flows that it learnt as they are until a row tells it to reconcile them.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "row DASH_HA_SCOPE_STATE_TABLE", "part"],
  start(view) {
    /** DPUs that serve alone after they were standby, and were not told to reconcile. */
    const paused = new Set<string>();
    const wasStandby = new Set<string>();
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const silent = new Overdue<string>(REPORT, (name) => fairAndWell(view, places.get(name) as DpuPlace, ROWS_WAY));
    const machineOf = (dpu: DpuPlace) => view.core(dpu)?.scopes.values().next().value?.machine;
    const forget = (name: string): void => {
      paused.delete(name);
      silent.ended(name);
    };
    return {
      observe(seen) {
        if (endsScope(seen)) {
          forget(seen.dpu.name);
          wasStandby.delete(seen.dpu.name);
        }
        if (seen.kind === "told" && isTrue(seen.fields?.["flow_reconcile_requested"])) {
          forget(seen.dpu.name);
        }
        if (seen.kind === "row" && isTrue(seen.fields?.["flow_reconcile_pending"])) silent.ended(seen.owner.name);
        if (seen.kind !== "state") return [];
        const { dpu, to } = seen;
        const tookOver = to === "standalone" && wasStandby.has(dpu.name);
        if (to === "standby") wasStandby.add(dpu.name);
        else if (to !== "switching_to_standalone") wasStandby.delete(dpu.name);
        if (to === "dead") forget(dpu.name);
        if (tookOver) {
          paused.add(dpu.name);
          silent.goesOn(dpu.name, seen.at, `${dpu.name} took over and does not ask for flow reconcile`);
        }
        const machine = paused.has(dpu.name) ? machineOf(dpu) : undefined;
        if (machine === undefined || machine.reconcilePaused || !["standalone", "active"].includes(to)) return [];
        return [`${dpu.name} simulates learnt flows again, and no row has told it to`];
      },
      due: () => silent.due(),
      expire: (now) => silent.expire(now),
    };
  },
};

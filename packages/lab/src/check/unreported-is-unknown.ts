import { seconds } from "@tandem/base";
import { type DpuPlace, type SwitchPlace, switchOf } from "../topology.js";
import { isDown } from "./bfd-withheld-while-down.js";
import { latest } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { SET_SIGHTS, SetBook } from "./set-book.js";

const REPORTS = "DASH_HA_SCOPE_STATE_TABLE";
const STATES = "DASH_HA_SCOPE_STATE";
/** From the rise of a DPU to the state row. */
const LIMIT = seconds(10);

export const unreportedIsUnknown: Always = {
  id: "unreported-is-unknown",
  text: "Once pmon has seen a DPU start, no state is shown for its scope that the DPU's database does not hold: what an earlier life reported goes with its database, for which Redis sends no key event.",
  when: "always",
  exact: true,
  sees: [`row ${REPORTS}`, `row ${STATES}`, "row DPU_STATE", "power", ...SET_SIGHTS, "part"],
  start(view) {
    const { topology } = view;
    const places = new Map(topology.dpus.map((dpu) => [dpu.name, dpu]));
    const sets = new SetBook(view);
    const shown = new Overdue(LIMIT, (name: string) => {
      const dpu = places.get(name) as DpuPlace;
      return latest(view.wellSince(dpu), sets.knownSince(dpu));
    });
    /** DPUs that lost power, of which pmon has shown nothing since, or no more than the fall. */
    const [unseen, fallen] = [new Set<string>(), new Set<string>()];
    const notePmon = (dpu: DpuPlace): void => {
      if (isDown(view, dpu)) fallen.add(dpu.name);
      else if (fallen.delete(dpu.name)) unseen.delete(dpu.name);
    };
    const look = (dpu: DpuPlace): void => {
      const sw = switchOf(topology, dpu);
      for (const [key, fields] of view.rows(sw, "STATE_DB", STATES)) {
        if (dpuOfScopeKey(topology, key) !== dpu) continue;
        const state = fields["local_ha_state"] ?? "unknown";
        const reported = view.rows(dpu, "DPU_STATE_DB", REPORTS).has(key.slice(key.indexOf("|") + 1));
        const wrong = state !== "unknown" && !reported && !isDown(view, dpu) && !unseen.has(dpu.name);
        shown.note(dpu.name, view.now(), wrong ? `${key} reads ${state}, and ${dpu.name} reports nothing` : undefined);
        return;
      }
      shown.ended(dpu.name);
    };
    return {
      observe(seen) {
        sets.note(seen);
        if (seen.kind === "power") {
          unseen.add(seen.dpu.name);
          fallen.delete(seen.dpu.name);
          notePmon(seen.dpu);
          look(seen.dpu);
        }
        if (seen.kind !== "row") return [];
        if (seen.table === "DPU_STATE") {
          for (const dpu of (seen.owner as SwitchPlace).dpus) {
            notePmon(dpu);
            look(dpu);
          }
        }
        if (seen.table === REPORTS) look(seen.owner as DpuPlace);
        if (seen.table === STATES) {
          const dpu = dpuOfScopeKey(topology, seen.key);
          if (dpu !== undefined && switchOf(topology, dpu) === seen.owner) look(dpu);
        }
        return [];
      },
      due: () => shown.due(),
      expire: (now) => shown.expire(now),
    };
  },
};

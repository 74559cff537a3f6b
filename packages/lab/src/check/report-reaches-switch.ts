import { seconds } from "@tandem/base";
import { type DpuPlace, switchOf } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import { fairAndWell, latest, ROWS_WAY } from "./fair.js";
import type { Always, ClusterView } from "./invariant.js";
import { earliest, Overdue } from "./overdue.js";
import { dpuOfScopeKey, scopeIdOf } from "./scope-key.js";
import { SET_SIGHTS, SetBook } from "./set-book.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

/** A report, and what is desired, are on the switch within this time. */
const SHOWN = seconds(10);
/** The same after a start of the DPU that was none: its report of before is in doubt for half a minute. */
const DOUBTED = seconds(40);

/** What is wrong with what the switch says of a DPU; undefined where it says nothing, or right. */
function fault(view: ClusterView, dpu: DpuPlace): string | undefined {
  const sw = switchOf(view.topology, dpu);
  const scope = scopeIdOf(view, dpu);
  const row = view.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${scope}`);
  const config = scopeConfigOf(view.rows(sw, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE").get(`${dpu.vdpuId}:${scope}`));
  const state = view.haState(dpu);
  if (row === undefined || config === undefined || state === undefined) return undefined;
  const wanted: Readonly<Record<string, string>> = {
    local_ha_state: state,
    local_acked_asic_ha_state: state,
    local_target_asic_ha_state: (config["desired_ha_state"] ?? "").toLowerCase(),
  };
  const wrong = Object.keys(wanted).find((field) => row[field] !== wanted[field]);
  return wrong && `${dpu.name}: ${wrong} reads ${row[wrong] ?? "nothing"}, and is ${wanted[wrong]}`;
}

export const reportReachesSwitch: Always = {
  id: "report-reaches-switch",
  text: "What a DPU is, and what is desired of it, shows on its switch as local, acknowledged and target state within ten seconds when nothing is broken; forty where a report is in doubt because pmon showed a start.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "row DASH_HA_SCOPE_STATE", ...SET_SIGHTS],
  start(view) {
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const sets = new SetBook(view);
    const fair = (name: string) => {
      const dpu = places.get(name) as DpuPlace;
      return latest(fairAndWell(view, dpu, ROWS_WAY), sets.knownSince(dpu));
    };
    const [late, doubted] = [new Overdue<string>(SHOWN, fair), new Overdue<string>(DOUBTED, fair)];
    const note = (dpu: DpuPlace): void => {
      const text = fault(view, dpu);
      const inDoubt = text?.includes(" reads unknown,") === true;
      late.note(dpu.name, view.now(), inDoubt ? undefined : text);
      doubted.note(dpu.name, view.now(), inDoubt ? text : undefined);
    };
    return {
      observe(seen) {
        sets.note(seen);
        if (endsScope(seen)) {
          late.ended(seen.dpu.name);
          doubted.ended(seen.dpu.name);
        }
        const dpu =
          seen.kind === "state" || seen.kind === "told"
            ? seen.dpu
            : seen.kind === "row"
              ? dpuOfScopeKey(view.topology, seen.key)
              : undefined;
        if (dpu !== undefined) note(dpu);
        return [];
      },
      due: () => earliest(late.due(), doubted.due()),
      expire: (now) => [...late.expire(now), ...doubted.expire(now)],
    };
  },
};

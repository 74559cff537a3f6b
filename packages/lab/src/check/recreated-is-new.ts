import { type Millis, seconds } from "@tandem/base";
import { type DpuPlace, switchOf } from "../topology.js";
import { latest } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { listOf } from "./row-fields.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { SET_SIGHTS, SetBook } from "./set-book.js";

const STATES = "DASH_HA_SCOPE_STATE";
const CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";
/** From the delete of a config to the state row of the scope that came after it. */
const LIMIT = seconds(10);

interface Before {
  readonly deletedAt: Millis;
  /** Ids that were pending when the config was deleted. */
  readonly ids: ReadonlySet<string>;
}

export const recreatedIsNew: Always = {
  id: "recreated-is-new",
  text: "A scope whose config was deleted and written again is another one: within ten seconds it shows no operation any more that was pending before, if hamgrd could see both and knows its set.",
  when: "always",
  exact: true,
  sees: [`wanted ${CONFIGS}`, `row ${STATES}`, ...SET_SIGHTS, "part"],
  start(view) {
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const before = new Map<string, Before>();
    const listed = new Map<string, readonly string[]>();
    const sets = new SetBook(view);
    const old = new Overdue(LIMIT, (name: string) => {
      const dpu = places.get(name) as DpuPlace;
      const since = view.wellSince(dpu);
      // Whoever was away in between has seen one row, and later one row.
      if (since === undefined || since > (before.get(name)?.deletedAt ?? 0)) return undefined;
      return latest(since, sets.knownSince(dpu));
    });
    const look = ({ name }: DpuPlace): void => {
      const ids = before.get(name)?.ids;
      const id = listed.get(name)?.find((shown) => ids?.has(shown));
      old.note(
        name,
        view.now(),
        id && `${name}: ${id} is pending still, though its scope was deleted and created again`,
      );
    };
    return {
      observe(seen) {
        sets.note(seen);
        if (seen.kind !== "wanted" && seen.kind !== "row") return [];
        if (seen.kind === "row" && seen.table !== STATES) return [];
        const dpu = dpuOfScopeKey(view.topology, seen.key);
        if (dpu === undefined) return [];
        if (seen.kind === "row") {
          if (switchOf(view.topology, dpu) !== seen.owner) return [];
          listed.set(dpu.name, listOf(seen.fields, "pending_operation_ids"));
        } else if (seen.fields === undefined && seen.sw.index === dpu.switchIndex) {
          before.set(dpu.name, { deletedAt: seen.at, ids: new Set(listed.get(dpu.name)) });
          old.ended(dpu.name);
        }
        look(dpu);
        return [];
      },
      due: () => old.due(),
      expire: (now) => old.expire(now),
    };
  },
};

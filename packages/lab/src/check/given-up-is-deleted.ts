import { type Millis, seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import { switchOf } from "../topology.js";
import type { Always } from "./invariant.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { SCOPE_TABLE } from "./state-book.js";

const STATES = "DASH_HA_SCOPE_STATE";
const CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";
/** A row may be seen to go this much later than the DPU was told of it: databases are slow at times. */
const SEEN_LATE = seconds(3);

function versionOf(row: Fields | undefined): number {
  return Number(row?.["version"] ?? 0);
}

export const givenUpIsDeleted: Always = {
  id: "given-up-is-deleted",
  text: "A scope that hamgrd gave up, its config deleted and its state row gone, is deleted in the DPU before the DPU is told of it again, unless hamgrd or its database was away in between.",
  when: "always",
  exact: true,
  sees: [`row ${STATES}`, `told ${SCOPE_TABLE}`, "power", "part"],
  start(view) {
    const { topology } = view;
    /** When each DPU was last told of its scope; not those that were told to delete it. */
    const toldAt = new Map<string, Millis>();
    /** By DPU: the version of the config that was given up. The controller never uses one twice. */
    const givenUp = new Map<string, number>();
    return {
      observe(seen) {
        switch (seen.kind) {
          case "power":
            toldAt.delete(seen.dpu.name);
            givenUp.delete(seen.dpu.name);
            return [];
          case "part":
            for (const dpu of topology.dpus) if (view.wellSince(dpu) === undefined) givenUp.delete(dpu.name);
            return [];
          case "row": {
            const dpu = dpuOfScopeKey(topology, seen.key);
            if (dpu === undefined || switchOf(topology, dpu) !== seen.owner || seen.fields !== undefined) return [];
            const scope = seen.key.slice(seen.key.indexOf("|") + 1);
            const isWanted = view.rows(seen.owner, "APPL_DB", CONFIGS).has(`${dpu.vdpuId}:${scope}`);
            const told = toldAt.get(dpu.name);
            const isOld = told !== undefined && seen.at > told + SEEN_LATE;
            if (!isWanted && isOld && view.wellSince(dpu) !== undefined) givenUp.set(dpu.name, versionOf(seen.before));
            return [];
          }
          case "told": {
            const { name } = seen.dpu;
            if (seen.fields === undefined) {
              toldAt.delete(name);
              givenUp.delete(name);
              return [];
            }
            toldAt.set(name, seen.at);
            const before = givenUp.get(name);
            // A row of that version was under way already.
            if (before === undefined || versionOf(seen.fields) <= before) return [];
            givenUp.delete(name);
            return [`${name}: told of scope ${seen.key} again, and never that it was deleted`];
          }
          default:
            return [];
        }
      },
    };
  },
};

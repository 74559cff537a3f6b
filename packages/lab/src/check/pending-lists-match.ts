import type { Always } from "./invariant.js";
import { listOf } from "./row-fields.js";

export const pendingListsMatch: Always = {
  id: "pending-lists-match",
  text: "Pending operation ids and types are of one length, ids differ, and no type is pending twice.",
  when: "always",
  sees: ["row DASH_HA_SCOPE_STATE"],
  start: () => ({
    observe(seen) {
      if (seen.kind !== "row" || seen.fields === undefined) return [];
      const ids = listOf(seen.fields, "pending_operation_ids");
      const types = listOf(seen.fields, "pending_operation_types");
      const sound =
        ids.length === types.length && new Set(ids).size === ids.length && new Set(types).size === types.length;
      return sound ? [] : [`${seen.owner.name} ${seen.key}: ids ${ids.join(",")}, types ${types.join(",")}`];
    },
  }),
};

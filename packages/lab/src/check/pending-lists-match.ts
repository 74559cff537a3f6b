import type { Invariant } from "./invariant.js";

export const pendingListsMatch: Invariant = {
  id: "pending-lists-match",
  text: "Pending operation ids and types are of one length, ids differ, and no type is pending twice.",
  when: "always",
  violations: (view) =>
    view.topology.switches.flatMap((sw) =>
      [...view.rows(sw, "STATE_DB", "DASH_HA_SCOPE_STATE")].flatMap(([key, row]) => {
        const list = (field: string): string[] => (row[field] ?? "").split(",").filter((item) => item !== "");
        const ids = list("pending_operation_ids");
        const types = list("pending_operation_types");
        const sound =
          ids.length === types.length && new Set(ids).size === ids.length && new Set(types).size === types.length;
        return sound ? [] : [`${sw.name} ${key}: ids ${ids.join(",")}, types ${types.join(",")}`];
      }),
    ),
};

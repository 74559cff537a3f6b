import { type Millis, millis, seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { Always } from "./invariant.js";
import { isTrue, listOf, sameRow } from "./row-fields.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { endsScope, SCOPE_TABLE, STATE_SIGHTS } from "./state-book.js";

/** Requests of a scope row, the flags of the DPU's report that they answer, and the operations that ask for approval. */
const REQUESTS = [
  ["activate_role_requested", "activate_role_pending", "activate_role"],
  ["flow_reconcile_requested", "flow_reconcile_pending", "flow_reconcile"],
  ["brainsplit_recovered", "brainsplit_recover_pending", "brainsplit_recover"],
] as const;

/** A DPU that has not taken a request is asked again after this long. */
const AGAIN_AFTER = seconds(2);

/** An acknowledgement takes no longer. */
const UNDER_WAY = millis(50);

interface Asked {
  readonly at: Millis;
  readonly row: Fields;
}

export const requestOnce: Always = {
  id: "request-once",
  text: "A request is true in one row per approval, since the DPU executes each row that carries it; the same row may come again, another one while the first is not acknowledged, or when the DPU has not taken it for two seconds.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, "row DASH_HA_SCOPE_STATE_TABLE", "row DASH_HA_SCOPE_STATE"],
  start({ topology }) {
    /** The last row of each DPU that carried a request, until the DPU's flag has fallen. */
    const asked = new Map<string, Asked>();
    return {
      observe(seen) {
        if (endsScope(seen)) for (const [field] of REQUESTS) asked.delete(`${seen.dpu.name} ${field}`);
        if (seen.kind === "row" && seen.table === "DASH_HA_SCOPE_STATE") {
          // Another operation, as of a scope that is created again, has an approval of its own.
          const dpu = dpuOfScopeKey(topology, seen.key);
          const known = listOf(seen.before, "pending_operation_ids");
          const types = listOf(seen.fields, "pending_operation_types");
          for (const [i, id] of listOf(seen.fields, "pending_operation_ids").entries()) {
            const request = REQUESTS.find(([, , type]) => type === types[i]);
            if (request !== undefined && !known.includes(id)) asked.delete(`${dpu?.name} ${request[0]}`);
          }
        } else if (seen.kind === "row") {
          for (const [field, flag] of REQUESTS) {
            if (!isTrue(seen.fields?.[flag])) asked.delete(`${seen.owner.name} ${field}`);
          }
        }
        if (seen.kind !== "told" || seen.table !== SCOPE_TABLE || seen.fields === undefined) return [];
        const { fields, dpu, at } = seen;
        const wrong: string[] = [];
        for (const [field] of REQUESTS) {
          if (!isTrue(fields[field])) continue;
          const name = `${dpu.name} ${field}`;
          const before = asked.get(name);
          // The same row again, as for a new connection, puts nothing off: what is due was counted before it.
          const isRepeat = before !== undefined && sameRow(before.row, fields) && at - before.at < AGAIN_AFTER;
          if (!isRepeat) asked.set(name, { at, row: fields });
          // A row whose acknowledgement has not come when the next one is due may be lost: that one carries it too.
          const since = before === undefined ? 0 : at - before.at;
          if (before !== undefined && !sameRow(before.row, fields) && since > UNDER_WAY && since < AGAIN_AFTER) {
            wrong.push(`${dpu.name}: ${field} in two rows within ${at - before.at} ms`);
          }
        }
        return wrong;
      },
    };
  },
};

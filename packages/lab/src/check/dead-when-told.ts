import type { Always } from "./invariant.js";
import { isTrue } from "./row-fields.js";
import { STATE_SIGHTS } from "./state-book.js";

export const deadWhenTold: Always = {
  id: "dead-when-told",
  text: "A scope that is disabled, or whose role is dead, does not come up, whatever restarts: it leaves dead only after a row that wants it up.",
  when: "always",
  sees: STATE_SIGHTS,
  start() {
    /** DPUs that were last told to stay down. */
    const down = new Map<string, string>();
    return {
      observe(seen) {
        if (seen.kind === "power") down.delete(seen.dpu.name);
        if (seen.kind === "told") {
          const { fields } = seen;
          if (fields === undefined) down.delete(seen.dpu.name);
          else if (isTrue(fields["disabled"])) down.set(seen.dpu.name, "disabled");
          else if (fields["ha_role"] === "dead") down.set(seen.dpu.name, "role dead");
          else down.delete(seen.dpu.name);
        }
        if (seen.kind !== "state" || seen.from !== "dead") return [];
        const why = down.get(seen.dpu.name);
        return why === undefined ? [] : [`${seen.dpu.name} became ${seen.to}, though told ${why}`];
      },
    };
  },
};

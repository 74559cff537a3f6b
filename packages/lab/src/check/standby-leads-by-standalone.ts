import type { Always } from "./invariant.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

export const standbyLeadsByStandalone: Always = {
  id: "standby-leads-by-standalone",
  text: "A standby side becomes active only after it was standalone or started anew.",
  when: "always",
  sees: STATE_SIGHTS,
  start() {
    /** DPUs that were standby and neither of that since. */
    const following = new Set<string>();
    return {
      observe(seen) {
        if (seen.kind !== "state" && !endsScope(seen)) return [];
        const { name } = seen.dpu;
        if (seen.kind !== "state" || seen.to === "dead" || seen.to === "standalone") following.delete(name);
        else if (seen.to === "standby") following.add(name);
        else if (seen.to === "active" && following.has(name)) return [`${name} went from standby to active`];
        return [];
      },
    };
  },
};

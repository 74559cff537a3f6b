import type { Always } from "./invariant.js";
import { endsScope, STATE_SIGHTS, StateBook } from "./state-book.js";

export const splitBrainEndsByRestart: Always = {
  id: "split-brain-ends-by-restart",
  text: "Two sides that decided separately do not pair again by themselves: one of them goes through dead, or loses power, before.",
  when: "always",
  sees: STATE_SIGHTS,
  start(view) {
    const states = new StateBook(view.topology);
    /** Sets whose two sides were standalone at once, and none of which has started anew since. */
    const split = new Set<string>();
    return {
      observe(seen) {
        states.note(seen);
        if (seen.kind !== "state" && !endsScope(seen)) return [];
        const pair = states.pairOf(seen.dpu);
        if (pair === undefined) return [];
        const { set, peer } = pair;
        if (seen.kind !== "state" || seen.to === "dead") split.delete(set.id);
        else if (seen.to === "standalone" && states.of(peer) === "standalone") split.add(set.id);
        else if (split.has(set.id) && (seen.to === "active" || seen.to === "standby")) {
          return [`${set.id}: ${seen.dpu.name} went from ${seen.from} to ${seen.to} though neither side was restarted`];
        }
        return [];
      },
    };
  },
};

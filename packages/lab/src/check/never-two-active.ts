import type { Always } from "./invariant.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";

export const neverTwoActive: Always = {
  id: "never-two-active",
  text: "The two sides of a pair are never both active.",
  when: "always",
  sees: STATE_SIGHTS,
  start: ({ topology }) => {
    const states = new StateBook(topology);
    return {
      observe(seen) {
        states.note(seen);
        if (seen.kind !== "state" || seen.to !== "active") return [];
        const pair = states.pairOf(seen.dpu);
        if (pair === undefined || states.of(pair.peer) !== "active") return [];
        return [`${pair.set.id}: ${seen.dpu.name} became active beside ${pair.peer.name}`];
      },
    };
  },
};

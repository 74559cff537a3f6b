import type { Millis } from "@tandem/base";
import type { HaSetPlace } from "../topology.js";
import { fairPair } from "./fair.js";
import type { Always } from "./invariant.js";
import { endsScope, STATE_SIGHTS, StateBook } from "./state-book.js";
import { WISH_SIGHTS, WishBook } from "./wish-book.js";

export const desiredLeads: Always = {
  id: "desired-leads",
  text: "Where exactly one side is desired active, and both start anew with equal terms while nothing is broken, that side becomes active.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, ...WISH_SIGHTS],
  start(view) {
    const states = new StateBook(view.topology);
    const wishes = new WishBook(view);
    /** Since when both sides are on their way up, after both were down at a time; by set. */
    const fresh = new Map<string, Millis>();
    const isDown = (set: HaSetPlace): boolean =>
      set.dpus.every((dpu) => (states.of(dpu) ?? "dead") === "dead" || states.of(dpu) === "connecting");
    const sameTerm = (set: HaSetPlace): boolean => {
      const [a, b] = set.dpus.map((dpu) => view.core(dpu)?.scopes.get(set.id)?.machine?.term);
      return a !== undefined && a === b;
    };
    return {
      observe(seen) {
        for (const dpu of wishes.note(seen)) fresh.delete(states.pairOf(dpu)?.set.id ?? "");
        states.note(seen);
        if (seen.kind !== "state" && !endsScope(seen)) return [];
        const set = states.pairOf(seen.dpu)?.set;
        if (set === undefined) return [];
        if (seen.kind === "state" && seen.to === "connecting" && isDown(set) && sameTerm(set))
          fresh.set(set.id, seen.at);
        // A side without a peer in sight goes its own way.
        else if (endsScope(seen) || /dead|standalone/.test(seen.to)) fresh.delete(set.id);
        if (seen.kind !== "state" || seen.to !== "active") return [];
        const began = fresh.get(set.id);
        fresh.delete(set.id);
        const fair = fairPair(view, set);
        if (began === undefined || fair === undefined || fair > began) return [];
        const desired = set.dpus.filter((dpu) => wishes.of(dpu, set) === "active");
        if (desired.length !== 1 || desired[0] === seen.dpu) return [];
        return [`${set.id}: ${seen.dpu.name} became active, and ${desired[0]?.name} is desired active`];
      },
    };
  },
};

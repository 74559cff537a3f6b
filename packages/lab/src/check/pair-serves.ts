import { seconds } from "@tandem/base";
import type { DpuPlace, HaSetPlace } from "../topology.js";
import { fairPair } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";
import { WISH_SIGHTS, WishBook } from "./wish-book.js";

/**
 * Of the 600 s that a convergence may take at worst: a DPU of the lab gives its peer up after 20 s, the controller a scope
 * that does not report dead after 10 s; then both begin anew.
 */
const CONVERGES = seconds(90);

export const pairServes: Always = {
  id: "pair-serves",
  text: "Two DPUs that are on, enabled and desired up are active and standby within 90 seconds when nothing is broken at either, whatever was before: first launch, restart, new pairing or split brain.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, ...WISH_SIGHTS],
  start(view) {
    const states = new StateBook(view.topology);
    const wishes = new WishBook(view);
    const sets = new Map(view.topology.haSets.map((set) => [set.id, set]));
    const late = new Overdue<string>(CONVERGES, (id) => fairPair(view, sets.get(id) as HaSetPlace));
    const look = (dpu: DpuPlace, anew: boolean): void => {
      const set = states.pairOf(dpu)?.set;
      if (set === undefined) return;
      if (anew) late.ended(set.id);
      const found = set.dpus.map((side) => states.of(side));
      const wanted = set.dpus.every((side) => ["up", "active"].includes(wishes.of(side, set)));
      const serves = found.includes("active") && found.includes("standby");
      const text = `${set.id}: ${set.dpus.map((side, i) => `${side.name} is ${found[i] ?? "without a scope"}`).join(", ")}`;
      late.note(set.id, view.now(), wanted && !serves ? text : undefined);
    };
    return {
      observe(seen) {
        states.note(seen);
        for (const dpu of wishes.note(seen)) look(dpu, true);
        if (seen.kind === "state" || seen.kind === "power" || seen.kind === "told")
          look(seen.dpu, seen.kind === "power");
        return [];
      },
      due: () => late.due(),
      expire: (now) => late.expire(now),
    };
  },
};

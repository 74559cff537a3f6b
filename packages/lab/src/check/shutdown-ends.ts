import { seconds } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import { fairAlone } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";
import { WISH_SIGHTS, WishBook } from "./wish-book.js";

/** Withdrawal of BFD rows, convergence and hand-over take 3 s in the lab; the rest is hamgrd's. */
const SHUT_DOWN = seconds(20);

export const shutdownEnds: Always = {
  id: "shutdown-ends",
  text: "A side that is disabled or desired dead is dead within 20 seconds when its DPU is on and nothing is broken at it, whatever it was doing.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, ...WISH_SIGHTS],
  start(view) {
    const states = new StateBook(view.topology);
    const wishes = new WishBook(view);
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const late = new Overdue<string>(SHUT_DOWN, (name) => fairAlone(view, places.get(name) as DpuPlace));
    const look = (dpu: DpuPlace): void => {
      const set = states.pairOf(dpu)?.set;
      const state = states.of(dpu);
      const down = set !== undefined && wishes.of(dpu, set) === "down";
      // A DPU without a scope does nothing at all.
      const wrong = down && state !== undefined && state !== "dead";
      late.note(dpu.name, view.now(), wrong ? `${dpu.name} is to be down and is still ${state}` : undefined);
    };
    return {
      observe(seen) {
        states.note(seen);
        for (const dpu of wishes.note(seen)) look(dpu);
        if (seen.kind === "state" || seen.kind === "power" || seen.kind === "told") look(seen.dpu);
        return [];
      },
      due: () => late.due(),
      expire: (now) => late.expire(now),
    };
  },
};

import { millis } from "@tandem/base";
import { isDecider } from "../dpu/ha-state.js";
import type { DpuPlace, HaSetPlace } from "../topology.js";
import type { Always, ClusterView } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { endsScope, STATE_SIGHTS, StateBook } from "./state-book.js";

/** Two sides that can talk to each other know within this time that both decide. */
const NOTICE = millis(1000);

function canTalk(view: ClusterView, set: HaSetPlace): boolean {
  return set.dpus.every((dpu) => view.core(dpu)?.sets.get(set.id)?.channel === "up");
}

export const oneDecider: Always = {
  id: "one-decider",
  text: "At most one side of a pair decides about flows. Both do only after the channel between them was lost, and then they know it within a second of its return.",
  when: "always",
  sees: [...STATE_SIGHTS, "ways"],
  start(view) {
    const { topology } = view;
    const states = new StateBook(topology);
    const unnoticed = new Overdue(NOTICE);
    const both = (set: HaSetPlace): boolean => set.dpus.every((dpu) => isDecider(states.of(dpu)));
    const look = (set: HaSetPlace): void => {
      const knows = set.dpus.some((dpu) => view.splitBrain(dpu));
      const wrong = both(set) && canTalk(view, set) && !knows;
      unnoticed.note(set.id, view.now(), wrong ? `${set.id}: both sides decide, and neither knows it` : undefined);
    };
    const lookAt = (dpu: DpuPlace): void => {
      const set = states.pairOf(dpu)?.set;
      if (set !== undefined) look(set);
    };
    return {
      observe(seen) {
        const before = seen.kind === "state" ? isDecider(states.of(seen.dpu)) : false;
        states.note(seen);
        if (seen.kind === "ways") for (const set of topology.haSets) look(set);
        if (endsScope(seen)) lookAt(seen.dpu);
        if (seen.kind !== "state") return [];
        lookAt(seen.dpu);
        const set = states.pairOf(seen.dpu)?.set;
        const joins = !before && isDecider(seen.to) && set !== undefined && both(set);
        if (!joins || !canTalk(view, set)) return [];
        return [
          `${set.id}: ${set.dpus.map((dpu) => `${dpu.name} is ${states.of(dpu)}`).join(", ")}, though they can talk`,
        ];
      },
      due: () => unnoticed.due(),
      expire: (now) => unnoticed.expire(now),
    };
  },
};

import { isDecider } from "../dpu/ha-state.js";
import type { Invariant } from "./invariant.js";

export const oneDecider: Invariant = {
  id: "one-decider",
  text: "At most one side of a pair decides about flows, unless the channel between them was lost while both were up.",
  when: "quiet",
  violations: (view) =>
    view.topology.haSets
      .filter((set) => set.dpus.every((dpu) => isDecider(view.haState(dpu))))
      .filter((set) => !set.dpus.some((dpu) => view.splitBrain(dpu)))
      .map((set) => `${set.id}: ${set.dpus.map((dpu) => `${dpu.name} is ${view.haState(dpu)}`).join(", ")}`),
};

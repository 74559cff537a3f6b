import type { Invariant } from "./invariant.js";

export const neverTwoActive: Invariant = {
  id: "never-two-active",
  text: "The two sides of a pair are never both active.",
  when: "always",
  violations: (view) =>
    view.topology.haSets
      .filter((set) => set.dpus.every((dpu) => view.haState(dpu) === "active"))
      .map((set) => `${set.id}: ${set.dpus.map((dpu) => dpu.name).join(" and ")} are both active`),
};

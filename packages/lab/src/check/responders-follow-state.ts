import { isServing } from "../dpu/ha-state.js";
import type { Always } from "./invariant.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";

export const respondersFollowState: Always = {
  id: "responders-follow-state",
  text: "A DPU answers BFD only while it is active, standby, standalone or on its way to standalone; it answers nobody any more before it reports that its role ends.",
  when: "always",
  sees: [...STATE_SIGHTS, "answers"],
  start(view) {
    const states = new StateBook(view.topology);
    const answers = new Set<string>();
    return {
      observe(seen) {
        states.note(seen);
        if (seen.kind === "power") answers.delete(seen.dpu.name);
        if (seen.kind === "answers" && !seen.answers) answers.delete(seen.dpu.name);
        if (seen.kind === "answers" && seen.answers) answers.add(seen.dpu.name);
        if (seen.kind !== "state" && seen.kind !== "answers") return [];
        const state = states.of(seen.dpu);
        if (!answers.has(seen.dpu.name) || isServing(state) || state === "switching_to_standalone") return [];
        return [`${seen.dpu.name} is ${state ?? "without a scope"} and answers BFD`];
      },
    };
  },
};

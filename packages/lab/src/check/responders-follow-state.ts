import { isServing } from "../dpu/ha-state.js";
import type { Invariant } from "./invariant.js";

export const respondersFollowState: Invariant = {
  id: "responders-follow-state",
  text: "A DPU answers BFD only while it is active, standby, standalone or on its way to standalone.",
  when: "quiet",
  violations: (view) =>
    view.topology.dpus
      .filter((dpu) => view.responders(dpu).length > 0)
      .filter((dpu) => !isServing(view.haState(dpu)) && view.haState(dpu) !== "switching_to_standalone")
      .map((dpu) => `${dpu.name} is ${view.haState(dpu) ?? "off"} and answers ${view.responders(dpu).join(", ")}`),
};

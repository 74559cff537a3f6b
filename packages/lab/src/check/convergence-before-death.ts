import type { Millis } from "@tandem/base";
import type { Always } from "./invariant.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

export const convergenceBeforeDeath: Always = {
  id: "convergence-before-death",
  text: "A DPU whose role ends goes on handling what still arrives until the network has converged.",
  when: "always",
  sees: STATE_SIGHTS,
  start(view) {
    const since = new Map<string, Millis>();
    return {
      observe(seen) {
        if (seen.kind !== "state" && !endsScope(seen)) return [];
        const { name } = seen.dpu;
        const began = since.get(name);
        since.delete(name);
        if (seen.kind !== "state") return [];
        if (seen.to === "destroying") since.set(name, seen.at);
        if (seen.from !== "destroying" || began === undefined || seen.reason === "disabled") return [];
        const convergence = view.core(seen.dpu)?.config.timings.convergence ?? 0;
        const took = seen.at - began;
        return took + 1 >= convergence ? [] : [`${name} died after ${took} ms, before ${convergence} ms were over`];
      },
    };
  },
};

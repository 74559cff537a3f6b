import { type Millis, seconds } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import { fairPair, STIRS } from "./fair.js";
import type { Always } from "./invariant.js";
import { STATE_SIGHTS } from "./state-book.js";

/** State changes, and rows of its scope that a DPU is told, in one stretch in which nothing is broken. */
const CHANGES_MAX = 20;
const ROWS_MAX = 40;
/** What the last thing that was broken set in motion comes to its end first. */
const SETTLES = seconds(10);

interface Stretch {
  readonly since: Millis;
  states: number;
  rows: number;
}

export const noLivelock: Always = {
  id: "no-livelock",
  text: "While nothing is broken at either side of a pair and nothing is asked of it, a DPU changes its state at most 20 times, and is told at most 40 rows of its scope.",
  when: "always",
  exact: true,
  sees: STATE_SIGHTS,
  start(view) {
    const pairs = new Map(view.topology.haSets.flatMap((set) => set.dpus.map((dpu) => [dpu.name, set] as const)));
    const stretches = new Map<string, Stretch>();
    const stretchOf = (dpu: DpuPlace): Stretch | undefined => {
      const set = pairs.get(dpu.name);
      const since = set && fairPair(view, set, STIRS);
      if (since === undefined || view.now() < since + SETTLES) return undefined;
      const known = stretches.get(dpu.name);
      if (known?.since === since) return known;
      const stretch = { since, states: 0, rows: 0 };
      stretches.set(dpu.name, stretch);
      return stretch;
    };
    return {
      observe(seen) {
        if (seen.kind !== "state" && seen.kind !== "told") return [];
        const stretch = stretchOf(seen.dpu);
        if (stretch === undefined) return [];
        const { name } = seen.dpu;
        // Each is told of once, as it goes beyond.
        if (seen.kind === "state") {
          stretch.states += 1;
          return stretch.states === CHANGES_MAX + 1
            ? [`${name} goes on changing its state: ${seen.from} to ${seen.to}`]
            : [];
        }
        stretch.rows += 1;
        return stretch.rows === ROWS_MAX + 1 ? [`${name} is told its scope again and again`] : [];
      },
    };
  },
};

import { type Millis, seconds } from "@tandem/base";
import type { HaState } from "../dpu/ha-state.js";
import type { DpuPlace } from "../topology.js";
import { fairPair } from "./fair.js";
import type { Always } from "./invariant.js";
import { earliest, Overdue } from "./overdue.js";
import { endsScope, STATE_SIGHTS } from "./state-book.js";

/**
 * How long a DPU may stay in a state on the way, by what ends it: the peer's answer, or that it is given up after 20 s; the
 * controller's approval, which a report in doubt may hold up for half a minute; the network's convergence; the bound of 60 s
 * on a switch to standalone.
 */
const LIMITS: Readonly<Partial<Record<HaState, Millis>>> = {
  connecting: seconds(40),
  connected: seconds(40),
  initializing_to_active: seconds(40),
  initializing_to_standby: seconds(40),
  pending_standalone_activation: seconds(50),
  pending_active_activation: seconds(50),
  pending_standby_activation: seconds(50),
  destroying: seconds(20),
  switching_to_standalone: seconds(75),
};

export const statePasses: Always = {
  id: "state-passes",
  text: "No DPU stays in a state on the way, or waits for an activation that the controller approves, while both DPUs of the pair are on and nothing is broken at either: 20 to 75 seconds, by state.",
  when: "always",
  exact: true,
  sees: STATE_SIGHTS,
  start(view) {
    const pairs = new Map(view.topology.haSets.flatMap((set) => set.dpus.map((dpu) => [dpu.name, set] as const)));
    const fair = (name: string): Millis | undefined => {
      const set = pairs.get(name);
      return set === undefined ? undefined : fairPair(view, set);
    };
    const byState = new Map<HaState, Overdue>();
    for (const [state, limit] of Object.entries(LIMITS)) byState.set(state as HaState, new Overdue(limit, fair));
    const leaves = (dpu: DpuPlace): void => {
      for (const late of byState.values()) late.ended(dpu.name);
    };
    return {
      observe(seen) {
        if (endsScope(seen)) leaves(seen.dpu);
        if (seen.kind !== "state") return [];
        leaves(seen.dpu);
        byState.get(seen.to)?.goesOn(seen.dpu.name, seen.at, `${seen.dpu.name} stays ${seen.to}: ${seen.reason}`);
        return [];
      },
      due: () => [...byState.values()].reduce<Millis | undefined>((due, late) => earliest(due, late.due()), undefined),
      expire: (now) => [...byState.values()].flatMap((late) => late.expire(now)),
    };
  },
};

import type { HaState } from "../dpu/ha-state.js";
import { type DpuPlace, type HaSetPlace, pairOf, type Topology } from "../topology.js";
import type { Sight } from "./invariant.js";
import type { Observation } from "./observation.js";

/** What a state book has to see. */
export const STATE_SIGHTS: readonly Sight[] = ["state", "power", "told DASH_HA_SCOPE_TABLE"];

/**
 * The state of each DPU as its transitions tell it, one after the other: a step of a DPU may take several at once, of
 * which the DPU itself only shows the last.
 */
export class StateBook {
  readonly #states = new Map<string, HaState>();
  readonly #pairs = new Map<string, { readonly set: HaSetPlace; readonly peer: DpuPlace }>();

  constructor(topology: Topology) {
    for (const dpu of topology.dpus) {
      const pair = pairOf(topology, dpu);
      if (pair !== undefined) this.#pairs.set(dpu.name, pair);
    }
  }

  /** Takes in transitions, power, and deletes of the scope, which end it without a transition. */
  note(seen: Observation): void {
    if (seen.kind === "state") this.#states.set(seen.dpu.name, seen.to);
    else if (endsScope(seen)) this.#states.delete(seen.dpu.name);
  }

  /** Undefined while it is off, and before its first transition. */
  of(dpu: DpuPlace): HaState | undefined {
    return this.#states.get(dpu.name);
  }

  pairOf(dpu: DpuPlace): { readonly set: HaSetPlace; readonly peer: DpuPlace } | undefined {
    return this.#pairs.get(dpu.name);
  }
}

/** The DPU forgets its scope: it loses power, or is told to delete it. */
export function endsScope(seen: Observation): seen is Extract<Observation, { kind: "power" | "told" }> {
  return seen.kind === "power" || (seen.kind === "told" && seen.table === SCOPE_TABLE && seen.fields === undefined);
}

export const SCOPE_TABLE = "DASH_HA_SCOPE_TABLE";

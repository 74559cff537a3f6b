import { type Millis, millis } from "@tandem/base";
import { type DpuPlace, pairOf, type SwitchPlace } from "../topology.js";
import type { ClusterView, Sight } from "./invariant.js";
import type { Observation } from "./observation.js";

const SETS = "DASH_HA_SET_CONFIG_TABLE";

/** What a set book has to see. */
export const SET_SIGHT: Sight = `row ${SETS}`;

/** Since when hamgrds can know the set of each DPU, which they need for every row of its scope. */
export class SetBook {
  readonly #view: ClusterView;
  /** By DPU: whether its switch has a config of its set, and since when. */
  readonly #sets = new Map<string, { readonly stands: boolean; readonly since: Millis }>();

  constructor(view: ClusterView) {
    this.#view = view;
  }

  /** Takes in config rows of sets. */
  note(seen: Observation): void {
    if (seen.kind !== "row" || seen.table !== SETS) return;
    const stands = seen.fields !== undefined;
    if (stands === (seen.before !== undefined)) return;
    for (const dpu of (seen.owner as SwitchPlace).dpus) {
      if (pairOf(this.#view.topology, dpu)?.set.id === seen.key)
        this.#sets.set(dpu.name, { stands, since: this.#view.now() });
    }
  }

  /**
   * A hamgrd that runs while the set is deleted goes on with what it knew last. One that starts without it knows nothing,
   * writes nothing and takes nothing away until the set is back: then it does not count, undefined.
   */
  knownSince(dpu: DpuPlace): Millis | undefined {
    const set = this.#sets.get(dpu.name);
    if (set === undefined) return millis(0);
    if (set.stands) return set.since;
    const started = this.#view.wellSince(dpu);
    return started === undefined || started >= set.since ? undefined : millis(0);
  }
}

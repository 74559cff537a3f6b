import { type Millis, millis } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import type { ClusterView } from "./invariant.js";
import type { Observation } from "./observation.js";
import type { Trouble } from "./trouble.js";

/** At which DPUs somebody breaks something of some kinds; none where nobody says so. Needs to see `trouble`. */
export class BrokenBook {
  readonly #view: ClusterView;
  readonly #troubles: readonly Trouble[];
  /** By DPU: when it was mended; undefined while it is broken. */
  readonly #since = new Map<string, Millis | undefined>();

  constructor(view: ClusterView, troubles: readonly Trouble[]) {
    this.#view = view;
    this.#troubles = troubles;
  }

  /** Takes in troubles; answers with the DPUs at which they began or ended. */
  note(seen: Observation): readonly DpuPlace[] {
    if (seen.kind !== "trouble") return [];
    return this.#view.topology.dpus.filter((dpu) => {
      const since = this.#view.fairSince(dpu, this.#troubles);
      if (since === this.mendedSince(dpu)) return false;
      this.#since.set(dpu.name, since);
      return true;
    });
  }

  /** Since when nothing is broken at the DPU; 0 when nothing ever was, undefined while something is. */
  mendedSince({ name }: DpuPlace): Millis | undefined {
    return this.#since.has(name) ? this.#since.get(name) : millis(0);
  }
}

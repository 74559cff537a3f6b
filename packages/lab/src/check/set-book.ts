import { type Millis, millis } from "@tandem/base";
import { type DpuPlace, pairOf, type SwitchPlace } from "../topology.js";
import { BrokenBook } from "./broken-book.js";
import { latest } from "./fair.js";
import type { ClusterView, Sight } from "./invariant.js";
import type { Observation } from "./observation.js";
import { dpuOfScopeKey } from "./scope-key.js";
import type { Trouble } from "./trouble.js";

const SETS = "DASH_HA_SET_CONFIG_TABLE";
const SCOPES = "DASH_HA_SCOPE_CONFIG_TABLE";

/** What a set book has to see. */
export const SET_SIGHTS: readonly Sight[] = [`row ${SETS}`, `row ${SCOPES}`, "trouble"];
/** Without the rows of DPUs and vDPUs, and the global config, no set is complete. */
const ROWS: readonly Trouble[] = ["row"];

/** Since when hamgrds can know the set of each DPU, which they need for every row of its scope. */
export class SetBook {
  readonly #view: ClusterView;
  /** By DPU: whether its switch has a config of its set, where that was written or deleted since. */
  readonly #configured = new Map<string, boolean>();
  readonly #broken: BrokenBook;
  /** By DPU: whether its switch has all that makes up its set, and since when. */
  readonly #sets = new Map<string, { readonly stands: boolean; readonly since: Millis }>();
  /** When the scope config of a DPU was deleted last. */
  readonly #deleted = new Map<string, Millis>();

  constructor(view: ClusterView) {
    this.#view = view;
    this.#broken = new BrokenBook(view, ROWS);
  }

  /** Takes in config rows of sets and scopes, and troubles. */
  note(seen: Observation): void {
    for (const dpu of this.#broken.note(seen)) this.#look(dpu);
    if (seen.kind !== "row") return;
    if (seen.table === SCOPES && seen.fields === undefined) {
      const dpu = dpuOfScopeKey(this.#view.topology, seen.key);
      if (dpu !== undefined) this.#deleted.set(dpu.name, this.#view.now());
    }
    if (seen.table !== SETS) return;
    const stands = seen.fields !== undefined;
    if (stands === (seen.before !== undefined)) return;
    for (const dpu of (seen.owner as SwitchPlace).dpus) {
      if (pairOf(this.#view.topology, dpu)?.set.id !== seen.key) continue;
      this.#configured.set(dpu.name, stands);
      this.#look(dpu);
    }
  }

  #look(dpu: DpuPlace): void {
    const stands = this.#configured.get(dpu.name) !== false && this.#broken.mendedSince(dpu) !== undefined;
    if (stands === this.#sets.get(dpu.name)?.stands) return;
    this.#sets.set(dpu.name, { stands, since: this.#view.now() });
  }

  /**
   * A hamgrd that runs while the set is deleted, or rows that the set needs, goes on with what it knew last. One that
   * starts without them knows nothing, writes nothing and takes nothing away until all are back, and so it is with a scope
   * that is created without them: then it does not count, undefined.
   */
  knownSince(dpu: DpuPlace): Millis | undefined {
    const set = this.#sets.get(dpu.name);
    if (set === undefined) return millis(0);
    if (set.stands) return set.since;
    const started = latest(this.#view.wellSince(dpu), this.#deleted.get(dpu.name) ?? millis(0));
    return started === undefined || started >= set.since ? undefined : millis(0);
  }
}

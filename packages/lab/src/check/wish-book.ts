import { type DpuPlace, type HaSetPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import type { ClusterView, Sight } from "./invariant.js";
import type { Observation } from "./observation.js";
import { isTrue } from "./row-fields.js";
import { dpuOfScopeKey } from "./scope-key.js";

const SCOPES = "DASH_HA_SCOPE_CONFIG_TABLE";
const SETS = "DASH_HA_SET_CONFIG_TABLE";

/** What a wish book has to see. */
export const WISH_SIGHTS: readonly Sight[] = [`row ${SCOPES}`, `row ${SETS}`];

/** What the config rows of a DPU's switch want of its side. */
export type Wish = "up" | "active" | "standalone" | "down" | "nothing";

/** What the rows of the controller, as they stand, want of each side of a pair. */
export class WishBook {
  readonly #view: ClusterView;
  readonly #topology: Topology;
  readonly #wishes = new Map<string, Wish>();

  constructor(view: ClusterView) {
    this.#view = view;
    this.#topology = view.topology;
    for (const dpu of this.#topology.dpus) {
      for (const [key, fields] of view.rows(switchOf(this.#topology, dpu), "APPL_DB", SCOPES)) {
        if (key.startsWith(`${dpu.vdpuId}:`)) this.#wishes.set(dpu.name, wishOf(scopeConfigOf(fields)));
      }
    }
  }

  /** Takes in config rows. The sides whose wish may be another now. */
  note(seen: Observation): readonly DpuPlace[] {
    if (seen.kind !== "row") return [];
    if (seen.table === SETS) {
      return (seen.before === undefined) === (seen.fields === undefined) ? [] : (seen.owner as SwitchPlace).dpus;
    }
    if (seen.table !== SCOPES) return [];
    const dpu = dpuOfScopeKey(this.#topology, seen.key);
    if (dpu === undefined || seen.owner !== switchOf(this.#topology, dpu)) return [];
    const wish = wishOf(scopeConfigOf(seen.fields));
    if (wish === this.#wishes.get(dpu.name)) return [];
    this.#wishes.set(dpu.name, wish);
    return [dpu];
  }

  /** `nothing` where set or scope has no config, or one that is not for the DPU to drive. */
  of(dpu: DpuPlace, set: HaSetPlace): Wish {
    const sw = switchOf(this.#topology, dpu);
    return this.#view.rows(sw, "APPL_DB", SETS).has(set.id) ? (this.#wishes.get(dpu.name) ?? "nothing") : "nothing";
  }
}

export function wishOf(config: Readonly<Record<string, string>> | undefined): Wish {
  if (config === undefined || config["owner"] === "switch") return "nothing";
  const desired = config["desired_ha_state"];
  if (isTrue(config["disabled"]) || desired === "dead") return "down";
  return desired === "active" || desired === "standalone" ? desired : "up";
}

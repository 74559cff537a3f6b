import { seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { DpuPlace } from "../topology.js";
import { scopeConfigOf } from "./config-fields.js";
import { fairAndWell, latest, ROWS_WAY } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { isTrue } from "./row-fields.js";
import { dpuOfScopeKey } from "./scope-key.js";
import { SET_SIGHTS, SetBook } from "./set-book.js";
import { SCOPE_TABLE } from "./state-book.js";

const CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";
/** From the config to the DPU, with the half second in which its BFD rows are withdrawn before it goes down. */
const LIMIT = seconds(10);

/** What a config asks of the DPU, and what a DPU was told, in the same words. */
interface Wish {
  readonly role: string;
  readonly disabled: boolean;
  readonly version: string;
}

const ROLES = ["dead", "active", "standalone"];

function wishOf(config: Fields): Wish {
  const desired = config["desired_ha_state"] ?? "";
  return {
    role: ROLES.includes(desired) ? desired : "standby",
    disabled: isTrue(config["disabled"]),
    version: config["version"] ?? "",
  };
}

function toldOf(row: Fields): Wish {
  return { role: row["ha_role"] ?? "", disabled: isTrue(row["disabled"]), version: row["version"] ?? "" };
}

function wishText(wish: Wish | undefined): string {
  return wish === undefined ? "nothing" : `${wish.disabled ? "disabled " : ""}${wish.role}`;
}

const same = (a: Wish, b: Wish): boolean => a.role === b.role && a.disabled === b.disabled && a.version === b.version;

export const configReachesDpu: Always = {
  id: "config-reaches-dpu",
  text: "A DPU is told what the scope's config says, role and admin state of one version together, within ten seconds when nothing is broken; nothing that another node does changes it.",
  when: "always",
  exact: true,
  sees: [`wanted ${CONFIGS}`, `told ${SCOPE_TABLE}`, ...SET_SIGHTS, "row DPU_STATE", "power", "part"],
  start(view) {
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const wanted = new Map<string, Wish>();
    /** Everything that the controller wrote, by DPU and version: it never uses a version twice. */
    const written = new Map<string, Wish>();
    const told = new Map<string, Wish>();
    const on = new Set(view.topology.dpus.filter((dpu) => view.core(dpu) !== undefined).map((dpu) => dpu.name));
    const sets = new SetBook(view);
    const late = new Overdue(LIMIT, (name: string) => {
      const dpu = places.get(name) as DpuPlace;
      return on.has(name) ? latest(fairAndWell(view, dpu, ROWS_WAY), sets.knownSince(dpu)) : undefined;
    });
    const look = (dpu: DpuPlace): void => {
      const wish = wanted.get(dpu.name);
      const has = told.get(dpu.name);
      const wrong = wish !== undefined && (has === undefined || !same(wish, has));
      late.note(
        dpu.name,
        view.now(),
        wrong ? `${dpu.name} is to be ${wishText(wish)} and was told ${wishText(has)}` : undefined,
      );
    };
    return {
      observe(seen) {
        sets.note(seen);
        if (seen.kind === "power") {
          told.delete(seen.dpu.name);
          if (seen.on) on.add(seen.dpu.name);
          else on.delete(seen.dpu.name);
          // From its start on: a DPU that is off cannot be late.
          late.ended(seen.dpu.name);
          look(seen.dpu);
        }
        if (seen.kind === "wanted") {
          const dpu = dpuOfScopeKey(view.topology, seen.key);
          if (dpu === undefined || dpu.switchIndex !== seen.sw.index) return [];
          late.ended(dpu.name);
          const config = scopeConfigOf(seen.fields);
          const wish = config && wishOf(config);
          if (wish === undefined) wanted.delete(dpu.name);
          else {
            wanted.set(dpu.name, wish);
            written.set(`${dpu.name} ${wish.version}`, wish);
          }
          look(dpu);
        }
        if (seen.kind !== "told") return [];
        const { dpu, fields } = seen;
        if (fields === undefined) told.delete(dpu.name);
        else told.set(dpu.name, toldOf(fields));
        look(dpu);
        const has = fields && toldOf(fields);
        const meant = has && written.get(`${dpu.name} ${has.version}`);
        if (has === undefined || meant === undefined || same(has, meant)) return [];
        return [`${dpu.name} was told ${wishText(has)}, and version ${has.version} says ${wishText(meant)}`];
      },
      due: () => late.due(),
      expire: (now) => late.expire(now),
    };
  },
};

import { type Millis, millis, seconds } from "@tandem/base";
import type { DatabaseName } from "@tandem/swss";
import { type DpuPlace, type SwitchPlace, switchOf } from "../topology.js";
import type { Always, ClusterView } from "./invariant.js";
import type { SeenRow } from "./observation.js";
import { Overdue } from "./overdue.js";

const SET_CONFIGS = "DASH_HA_SET_CONFIG_TABLE";
const SCOPE_CONFIGS = "DASH_HA_SCOPE_CONFIG_TABLE";
const ROUTES = "VNET_ROUTE_TUNNEL_TABLE";
/** From the delete of a config to the last row that stood for it, some of which are popped by others. */
const LIMIT = seconds(10);

/** Where rows stand that hamgrd writes for a set or a scope. */
const TABLES = [
  ["APPL_DB", ROUTES],
  ["STATE_DB", "DASH_HA_SCOPE_STATE"],
  ["DPU_APPL_DB", "DASH_HA_SET_TABLE"],
  ["DPU_APPL_DB", "DASH_HA_SCOPE_TABLE"],
] as const satisfies readonly (readonly [DatabaseName, string])[];

/** The config row that a row stands for, by its key; undefined: none of a pair of this cluster. */
function configOf(
  { topology }: ClusterView,
  owner: SwitchPlace | DpuPlace,
  table: string,
  key: string,
): { readonly table: string; readonly key: string } | undefined {
  switch (table) {
    case ROUTES: {
      const set = topology.haSets.find(({ vip }) => vip === key.slice(key.indexOf(":") + 1));
      return set && { table: SET_CONFIGS, key: set.id };
    }
    case "DASH_HA_SCOPE_STATE":
      return { table: SCOPE_CONFIGS, key: key.replace("|", ":") };
    case "DASH_HA_SET_TABLE":
      return { table: SET_CONFIGS, key };
    default:
      return { table: SCOPE_CONFIGS, key: `${(owner as DpuPlace).vdpuId}:${key}` };
  }
}

export const leftoversGo: Always = {
  id: "leftovers-go",
  text: "The config of a set or a scope deleted, every row that hamgrd wrote for it is gone within ten seconds in which all that serves it runs, unless somebody took the ledger away that named it.",
  when: "always",
  exact: true,
  sees: [
    ...TABLES.map(([, table]) => `row ${table}` as const),
    `row ${SET_CONFIGS}`,
    `row ${SCOPE_CONFIGS}`,
    "row TANDEM_LEDGER",
    "part",
  ],
  start(view) {
    const { topology } = view;
    const switches = new Map(topology.switches.map((sw) => [sw.name, sw]));
    const wellSince = (name: string): Millis | undefined => {
      const dpus = (switches.get(name.slice(0, name.indexOf(" "))) as SwitchPlace).dpus;
      const since = dpus.map((dpu) => view.wellSince(dpu));
      return since.includes(undefined) ? undefined : millis(Math.max(...(since as readonly Millis[])));
    };
    const left = new Overdue(LIMIT, wellSince);
    /** Rows that a ledger named which went before they did: until one names them again nobody knows of them. */
    const forgotten = new Set<string>();
    const look = (owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string, key: string): void => {
      const config = configOf(view, owner, table, key);
      if (config === undefined) return;
      const sw = "slot" in owner ? switchOf(topology, owner) : owner;
      const there = view.rows(owner, db, table).has(key);
      const stays = there && !view.rows(sw, "APPL_DB", config.table).has(config.key);
      const name = `${sw.name} ${owner.name} ${table} ${key}`;
      if (!there) forgotten.delete(name);
      const text = (): string => `${owner.name}: ${table} ${key} still stands, and ${config.key} is not configured`;
      left.note(name, view.now(), stays && !forgotten.has(name) ? text() : undefined);
    };
    const lookAround = (sw: SwitchPlace): void => {
      for (const [db, table] of TABLES) {
        for (const owner of db === "DPU_APPL_DB" ? sw.dpus : [sw]) {
          for (const key of view.rows(owner, db, table).keys()) look(owner, db, table, key);
        }
      }
    };
    const takeLedger = (
      sw: SwitchPlace,
      ledger: string,
      fields: SeenRow["fields"],
      before: SeenRow["before"],
    ): void => {
      const slot = ledger.slice(0, ledger.indexOf("|"));
      const own = sw.dpus.find((dpu) => `dpu${dpu.slot}` === slot);
      for (const ref of Object.keys(fields ?? before ?? {})) {
        const [db, table, ...rest] = ref.split("|");
        const known = TABLES.find(([inDb, named]) => inDb === db && named === table);
        const owner = known?.[0] === "DPU_APPL_DB" ? own : sw;
        if (known === undefined || owner === undefined) continue;
        const name = `${sw.name} ${owner.name} ${known[1]} ${rest.join("|")}`;
        if (fields === undefined) forgotten.add(name);
        else forgotten.delete(name);
        look(owner, known[0], known[1], rest.join("|"));
      }
    };
    const take = ({ owner, db, table, key, fields, before }: SeenRow): void => {
      if (table === "TANDEM_LEDGER") takeLedger(owner as SwitchPlace, key, fields, before);
      else if (table === SET_CONFIGS || table === SCOPE_CONFIGS) lookAround(owner as SwitchPlace);
      else look(owner, db, table, key);
    };
    return {
      observe(seen) {
        if (seen.kind === "row") take(seen);
        return [];
      },
      due: () => left.due(),
      expire: (now) => left.expire(now),
    };
  },
};

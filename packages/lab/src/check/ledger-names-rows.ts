import { type Millis, millis, seconds } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import type { Always } from "./invariant.js";
import type { SeenRow } from "./observation.js";
import { Overdue } from "./overdue.js";

const LEDGER = "TANDEM_LEDGER";
/** Copies are written behind what they are copies of, and routes are popped behind what writes them. */
const LIMIT = seconds(8);

/** Tables that hamgrds write by way of a ledger. */
const TABLES = [
  "VNET_ROUTE_TUNNEL_TABLE",
  "NEIGH_RESOLVE_TABLE",
  "DASH_HA_SCOPE_STATE",
  "BFD_SESSION_TABLE",
  "DASH_HA_SET_TABLE",
  "DASH_HA_SCOPE_TABLE",
] as const;

/** Whose row a ledger entry `<DB>|<TABLE>|<key>` of a slot names. */
function ownerOf(sw: SwitchPlace, slot: string, ref: string): SwitchPlace | DpuPlace | undefined {
  return ref.startsWith("DPU_") ? sw.dpus.find((dpu) => slotOf(dpu) === slot) : sw;
}

/** How ledgers name the slot of a DPU. */
function slotOf(dpu: DpuPlace): string {
  return `dpu${dpu.slot}`;
}

export const ledgerNamesRows: Always = {
  id: "ledger-names-rows",
  text: "Whatever row stands because of hamgrd is named in a ledger, from before it goes out until its delete is acknowledged, so that no crash leaves it behind. A ledger that is taken away while its hamgrd is down takes what it named along.",
  when: "always",
  exact: true,
  sees: [`row ${LEDGER}`, ...TABLES.map((table) => `row ${table}` as const), "part"],
  start(view) {
    const { topology } = view;
    const places = new Map<string, SwitchPlace | DpuPlace>();
    for (const place of [...topology.switches, ...topology.dpus]) places.set(place.name, place);
    /** How many ledgers name a row, by `<owner> <reference>`. */
    const named = new Map<string, number>();
    /** Rows that a ledger named which somebody took away while its hamgrd was down: nobody knows of them any more. */
    const forgotten = new Set<string>();
    /** While somebody who would delete the row is down nothing can be said. */
    const wellSince = (name: string): Millis | undefined => {
      const place = places.get(name.slice(0, name.indexOf(" "))) as SwitchPlace | DpuPlace;
      const dpus = "slot" in place ? [place] : place.dpus;
      const since = Math.max(...dpus.map((dpu) => view.wellSince(dpu) ?? Number.POSITIVE_INFINITY));
      return since === Number.POSITIVE_INFINITY ? undefined : millis(since);
    };
    const unnamed = new Overdue(LIMIT, wellSince);
    const look = (owner: SwitchPlace | DpuPlace, ref: string): void => {
      const [db = "", table = "", ...key] = ref.split("|");
      // Others clear the rows that mark an edge.
      if (!TABLES.some((known) => known === table)) return;
      const name = `${owner.name} ${ref}`;
      const stands = view.rows(owner, db as DatabaseName, table).has(key.join("|"));
      const isNamed = (named.get(name) ?? 0) > 0;
      if (!stands || isNamed) forgotten.delete(name);
      const wrong = stands && !isNamed && !forgotten.has(name);
      unnamed.note(name, view.now(), wrong ? `${owner.name}: no ledger names ${ref}` : undefined);
    };
    const takeLedger = (sw: SwitchPlace, key: string, before: Fields | undefined, fields: Fields | undefined): void => {
      const slot = key.slice(0, key.indexOf("|"));
      const count = (ref: string, by: 1 | -1): void => {
        const owner = ownerOf(sw, slot, ref);
        if (owner === undefined) return;
        named.set(`${owner.name} ${ref}`, (named.get(`${owner.name} ${ref}`) ?? 0) + by);
        look(owner, ref);
      };
      for (const ref in fields) if (before?.[ref] === undefined) count(ref, 1);
      const dpu = sw.dpus.find((place) => slotOf(place) === slot);
      const isTaken = fields === undefined && dpu !== undefined && view.wellSince(dpu) === undefined;
      for (const ref in before) {
        if (isTaken) forgotten.add(`${ownerOf(sw, slot, ref)?.name} ${ref}`);
        if (fields?.[ref] === undefined) count(ref, -1);
      }
    };
    for (const sw of topology.switches) {
      for (const [key, fields] of view.rows(sw, "STATE_DB", LEDGER)) takeLedger(sw, key, undefined, fields);
    }
    const take = ({ owner, db, table, key, before, fields }: SeenRow): void => {
      if (table === LEDGER) takeLedger(owner as SwitchPlace, key, before, fields);
      else look(owner, `${db}|${table}|${key}`);
    };
    return {
      observe(seen) {
        if (seen.kind === "row") take(seen);
        return [];
      },
      due: () => unnamed.due(),
      expire: (now) => unnamed.expire(now),
    };
  },
};

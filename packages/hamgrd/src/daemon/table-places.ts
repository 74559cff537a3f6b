import type { TablePlace } from "@tandem/actor";
import { err, ok, type Result } from "@tandem/base";
import { type AnyTable, DATABASES_DEFAULT, type DatabaseName } from "@tandem/swss";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";

/** Input tables that some images keep under another name, or in another database. */
const MOVABLE: readonly AnyTable[] = [DashHaSetConfig, DashHaScopeConfig, DpuDashHaScopeState];

/** Tables that are read elsewhere than their schema says, by id. */
export type TablePlaces = ReadonlyMap<string, TablePlace>;

/** `TABLE=NAME` or `TABLE=DB/NAME`, each table once. A table of a DPU stays in a database of the DPU. */
export function parseTablePlaces(flag: string, texts: readonly string[]): Result<TablePlaces, string> {
  const places = new Map<string, TablePlace>();
  for (const text of texts) {
    const [, from, db, name] = /^(\w+)=(?:(\w+)\/)?(\w+)$/.exec(text) ?? [];
    const table = MOVABLE.find((movable) => movable.name === from);
    if (name === undefined) return err(`${flag} ${text}: expected TABLE=NAME or TABLE=DB/NAME`);
    if (table === undefined) {
      return err(`${flag} ${text}: expected one of ${MOVABLE.map((movable) => movable.name).join(", ")} before the =`);
    }
    const target = db ?? table.db;
    if (!Object.hasOwn(DATABASES_DEFAULT, target) || target.startsWith("DPU_") !== table.db.startsWith("DPU_")) {
      return err(
        `${flag} ${text}: ${target} is no database of ${table.db.startsWith("DPU_") ? "a DPU" : "the switch"}`,
      );
    }
    if (places.has(table.id)) return err(`${flag} ${text}: ${from} is given twice`);
    places.set(table.id, { db: target as DatabaseName, name });
  }
  return ok(places);
}

import { parseRowRef, type ReportedRow } from "@tandem/actor";
import type { Json, Result } from "@tandem/base";
import { type ActorDump, members, parseActorDump } from "../render/actor.js";
import { plainText } from "../render/big-json.js";

export interface ActorName {
  readonly type: string;
  readonly id: string;
}

/** Resource type of bridges to tables; their resource id is `<DB>|<TABLE>`. */
const BRIDGE = "swss-common-bridge";

/**
 * Rows that actors stand for as their dumps tell (GET_ACTOR_STATE, which every build answers): rows of their own, and what
 * they sent to bridges last. A dump of sonic-dash-ha holds one message of a key, so some rows are missing. Actors that do
 * not answer have none: a hamgrd has not all of them.
 */
export async function dumpedRows(
  actors: readonly ActorName[],
  ask: (type: string, id: string) => Promise<Result<string, unknown>>,
): Promise<readonly ReportedRow[]> {
  const rows = await Promise.all(
    actors.map(async ({ type, id }) => {
      const text = await ask(type, id);
      const dump = text.ok ? parseActorDump(text.value) : undefined;
      return dump?.ok ? rowsOfDump(dump.value, `${type}/${id}`) : [];
    }),
  );
  return rows.flat();
}

/** The rows of one dump. */
export function rowsOfDump(dump: ActorDump, actor: string): readonly ReportedRow[] {
  const base = { actor, stamps: [], once: false, refusal: "" };
  const own = Object.values(dump.internal)
    .map(members)
    .flatMap((row): ReportedRow[] => {
      if (row["to_delete"] === true) return [];
      const name = `STATE_DB|${plainText(row["swss_table_name"])}|${plainText(row["swss_key"])}`;
      return [
        { ...base, row: name, fields: textFields(row["backup_fvs"]), underWay: false, once: EDGES.has(tableOf(name)) },
      ];
    });
  const sent = Object.values(dump.sent)
    .map(members)
    .flatMap((entry): ReportedRow[] => {
      const bridge = members(entry["response_source"]);
      const data = members(members(entry["msg"])["data"]);
      if (bridge["resource_type"] !== BRIDGE || data["operation"] !== "Set") return [];
      const name = `${plainText(bridge["resource_id"])}|${plainText(data["key"])}`;
      return [{ ...base, row: name, fields: textFields(data["field_values"]), underWay: entry["acked"] !== true }];
    });
  return [...own, ...sent].filter(({ row }) => {
    const ref = parseRowRef(row);
    return ref !== undefined && ref.tableName !== "" && ref.key !== "";
  });
}

/** Tables whose rows mark an edge: others clear them. */
const EDGES: ReadonlySet<string> = new Set(["STATE_DB|DPU_RESET_INFO"]);

function tableOf(row: string): string {
  return parseRowRef(row)?.tableId ?? "";
}

function textFields(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(members(value)).map(([name, field]) => [name, plainText(field)]));
}

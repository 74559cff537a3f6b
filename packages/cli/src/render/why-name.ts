import { err, ok, type Result } from "@tandem/base";
import { TABLES } from "@tandem/hamgrd";

/** What somebody asks about. */
export type Subject =
  | { readonly kind: "actor"; readonly type: string; readonly id: string }
  | { readonly kind: "row"; readonly tables: readonly string[]; readonly key: string };

/** Words by which people call the types of actors. */
const TYPES: Readonly<Record<string, string>> = {
  dpu: "dpu",
  vdpu: "vdpu",
  set: "ha-set",
  haset: "ha-set",
  "ha-set": "ha-set",
  scope: "ha-scope",
  "ha-scope": "ha-scope",
};

const ALL_TABLES = Object.values(TABLES).flat();
const LIST_MAX = 12;

/** What an actor is called in an answer. */
export function typeName(type: string): string {
  return { dpu: "DPU", vdpu: "vDPU", "ha-set": "HA set", "ha-scope": "HA scope" }[type] ?? type;
}

/**
 * A name as people type it: an actor's id, also with its type before it or only a part of it; or a row as
 * `[DB] TABLE key`, with any of `:`, `|`, `/` and blanks between. `known` are the names of actors, `<type>/<id>`.
 * Fails with what there is instead.
 */
export function findSubject(name: string, known: readonly string[]): Result<Subject, string> {
  const { type, id } = typed(name);
  const row = type === undefined ? findRow(name) : undefined;
  if (row !== undefined) return ok(row);
  const wanted = plainKey(id);
  const all = [...new Set(known)].map((text) => {
    const at = text.indexOf("/");
    return { text, type: text.slice(0, at), id: text.slice(at + 1) };
  });
  const candidates = all.filter((actor) => type === undefined || actor.type === type);
  const exact = candidates.filter((actor) => plainKey(actor.id) === wanted);
  const found = exact.length > 0 ? exact : candidates.filter((actor) => plainKey(actor.id).includes(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return ok({ kind: "actor", type: only.type, id: only.id });
  if (found.length > 1) return err(`${name} can be ${list(found.map(named))}; say which`);
  const exists = list((candidates.length > 0 ? candidates : all).map(named));
  return err(`nothing here is called ${name}; ${exists === "" ? "there are no actors at all" : `there are ${exists}`}`);
}

function named({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${typeName(type)} ${id}`;
}

/** `scope vdpu0-0:haset0-0` and `ha-scope/vdpu0-0:haset0-0` name their type; `vdpu0-0` does not, `DPU x` is a row. */
function typed(name: string): { readonly type: string | undefined; readonly id: string } {
  const found = /^([a-z-]+)(?:\s+|\/)(.+)$/.exec(name.trim());
  const [, word = "", rest = ""] = found ?? [];
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  return type === undefined ? { type, id: name.trim() } : { type, id: rest.trim() };
}

function findRow(name: string): Subject | undefined {
  const found = /^(?:([A-Z][A-Z_]*_DB)[|:/\s]+)?([A-Z][A-Z0-9_]*)[|:/\s]+(\S.*)$/i.exec(name.trim());
  if (found === null) return undefined;
  const [, db, table = "", key = ""] = found;
  const tables = ALL_TABLES.filter(
    (schema) => schema.name === table.toUpperCase() && (db === undefined || schema.db === db.toUpperCase()),
  );
  const ids = tables.map((schema) => schema.id);
  // Where several databases have a table of the name, the one that hamgrd writes is meant.
  const ours = ids.filter((id) => Object.hasOwn(WRITERS, id));
  return ids.length === 0 ? undefined : { kind: "row", tables: ours.length > 0 ? ours : ids, key: key.trim() };
}

/** Separators differ between databases: all count as one. */
export function plainKey(key: string): string {
  return key.toLowerCase().replace(/[|:\s]+/g, ":");
}

/** Whether `row`, as `<DB>|<TABLE>|<key>`, is the one asked about. */
export function isRow(subject: Extract<Subject, { kind: "row" }>, row: string): boolean {
  return subject.tables.some(
    (table) => row.startsWith(`${table}|`) && plainKey(row.slice(table.length + 1)) === plainKey(subject.key),
  );
}

/** `DPU_APPL_DB BFD_SESSION_TABLE:default:…` of `DPU_APPL_DB|BFD_SESSION_TABLE|default:…`, as redis-cli shows keys. */
export function rowName(row: string): string {
  const [db = "", table = "", ...key] = row.split("|");
  return `${db} ${table}${/^(?:DPU_)?APPL_DB$/.test(db) ? ":" : "|"}${key.join("|")}`;
}

function list(names: readonly string[]): string {
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const shown = sorted.slice(0, LIST_MAX).join(", ");
  return sorted.length > LIST_MAX ? `${shown} and ${sorted.length - LIST_MAX} more` : shown;
}

/** Types of actors that write rows of a table. docs/actors.md. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  "APPL_DB|NEIGH_RESOLVE_TABLE": ["dpu"],
  "APPL_DB|VNET_ROUTE_TUNNEL_TABLE": ["ha-set"],
  "STATE_DB|DPU_RESET_INFO": ["dpu"],
  "STATE_DB|DASH_HA_SCOPE_STATE": ["ha-scope"],
  "DPU_APPL_DB|BFD_SESSION_TABLE": ["dpu", "ha-set"],
  "DPU_APPL_DB|DASH_HA_SET_TABLE": ["ha-set"],
  "DPU_APPL_DB|DASH_HA_SCOPE_TABLE": ["ha-scope"],
};

/** Who would write rows of these tables; nobody for input. */
export function writersOf(tables: readonly string[]): readonly string[] {
  return [...new Set(tables.flatMap((table) => WRITERS[table] ?? []))];
}

import { err, ok, type Result } from "@tandem/base";
import { DATABASES_DEFAULT, type DatabaseName } from "./database-names.js";
import type { Field } from "./field.js";
import { EMPTY_ROW } from "./table-names.js";
import { encodeText } from "./text.js";

/** Fields of a hash as Redis holds them. */
export type Fields = Readonly<Record<string, string>>;

type FieldMap = Readonly<Record<string, Field<never> | Field<unknown>>>;
type ValueOf<F> = F extends Field<infer T, infer _P> ? T : never;
type OptionalNames<M> = {
  [K in keyof M]: M[K] extends Field<infer _T, infer P> ? (P extends "optional" ? K : never) : never;
}[keyof M];

type Values<M> = { readonly [K in Exclude<keyof M, OptionalNames<M>>]: ValueOf<M[K]> } & {
  readonly [K in OptionalNames<M>]?: ValueOf<M[K]>;
};
type Flat<T> = { [K in keyof T]: T[K] };

/** A table's row as typed values. */
export type Row<T> = T extends TableSchema<infer _K, infer F> ? Flat<Values<F>> : never;
/** A table's key as typed parts. */
export type Key<T> = T extends TableSchema<infer K, infer _F> ? Flat<Values<K>> : never;

/** Why a row was not taken. What happens now is the reader's: the last good row stays. */
export interface RowError {
  readonly db: string;
  readonly table: string;
  /** The field, `key` for the row's key, `pb` or `json` for its message. */
  readonly field: string;
  readonly expected: string;
  /** The text found; `undefined` when the field is missing. */
  readonly found: string | undefined;
}

/** Rows that arrive as one protobuf message in the field `pb`. */
export interface PbCodec<R> {
  decode(bytes: string): Result<R, string>;
  encode(row: R): string;
  /** The same message as JSON text in the field `json`, the form in which bridges hand such rows on. */
  readonly json: { decode(text: string): Result<R, string>; encode(row: R): string };
}

/** What a row breaks although each of its fields is well formed. */
export interface RowCheck {
  readonly field: string;
  readonly expected: string;
}

/** What `defineTable` is told of a table. */
export interface TableOptions<K extends FieldMap, F extends FieldMap> {
  readonly name: string;
  readonly db: DatabaseName;
  /** Where the table is specified: a public document's section. */
  readonly spec: string;
  /** Parts of the key in order, joined by the database's separator. The last part may itself hold separators. */
  readonly key: K;
  readonly fields: F;
  /** Given for tables whose rows are protobuf; `json`, then plain fields are accepted when `pb` is absent. */
  readonly pb?: PbCodec<Flat<Values<F>>>;
  /** Rules between fields. A row that breaks one is refused like a row with a malformed field. */
  check?(row: Flat<Values<F>>): RowCheck | undefined;
}

/** One declaration per table: types, codec, validation, docs and random rows derive from it. */
export interface TableSchema<K extends FieldMap = FieldMap, F extends FieldMap = FieldMap> extends TableOptions<K, F> {
  readonly separator: ":" | "|";
  /** `DB|TABLE`, the name in bridges and messages. */
  readonly id: string;
  parseKey(key: string): Result<Flat<Values<K>>, RowError>;
  formatKey(key: Flat<Values<K>>): string;
  /** A malformed or missing field fails the row. Unknown fields are ignored; `unknownFields` names them. */
  decode(fields: Fields): Result<Flat<Values<F>>, RowError>;
  /** Optional members that are absent give no field. */
  encode(row: Flat<Values<F>>): Fields;
  /** The plain hash of a row, also for protobuf tables. */
  encodePlain(row: Flat<Values<F>>): Fields;
  unknownFields(fields: Fields): readonly string[];
}

/** A schema of any table, for code that works with all of them. */
// biome-ignore lint/suspicious/noExplicitAny: a schema of any table; its row type is invariant and cannot be named here
export type AnyTable = TableSchema<any, any>;

/** Declares a table. `Row<typeof Declared>` is the type of its rows, `Key<typeof Declared>` of its keys. */
export function defineTable<const K extends FieldMap, const F extends FieldMap>(
  options: TableOptions<K, F>,
): TableSchema<K, F> {
  type R = Flat<Values<F>>;
  type P = Flat<Values<K>>;
  const { separator } = DATABASES_DEFAULT[options.db];
  const keyFields = Object.entries(options.key) as [string, Field<unknown>][];
  const lastMayLack = keyFields.at(-1)?.[1].presence === "defaulted";
  const fields = Object.entries(options.fields) as [string, Field<unknown>][];
  const failure = (field: string, expected: string, found: string | undefined) =>
    err({ db: options.db, table: options.name, field, expected, found });

  const encodePlain = (row: R): Fields => {
    const out: Record<string, string> = {};
    for (const [name, field] of fields) {
      const value = (row as Record<string, unknown>)[name];
      if (value !== undefined) out[name] = field.codec.format(value);
    }
    return out;
  };
  const decodePlain = (hash: Fields): Result<R, RowError> => {
    const row: Record<string, unknown> = {};
    for (const [name, field] of fields) {
      const text = Object.hasOwn(hash, name) ? hash[name] : undefined;
      if (text === undefined || (text === "none" && field.presence === "optional")) {
        if (field.presence === "required") return failure(name, field.codec.type, undefined);
        if (field.absent !== undefined) row[name] = field.absent;
        continue;
      }
      const value = field.codec.parse(text);
      if (!value.ok) return failure(name, value.error, text);
      row[name] = value.value;
    }
    return ok(row as R);
  };

  const decodeAny = (hash: Fields): Result<R, RowError> => {
    for (const form of ["pb", "json"] as const) {
      if (options.pb === undefined || !Object.hasOwn(hash, form)) continue;
      const text = hash[form] as string;
      const row = form === "pb" ? options.pb.decode(text) : options.pb.json.decode(text);
      return row.ok ? row : failure(form, row.error, `${encodeText(text).length} bytes`);
    }
    return decodePlain(hash);
  };

  return {
    ...options,
    separator,
    id: `${options.db}|${options.name}`,
    parseKey(key) {
      const parts: Record<string, unknown> = {};
      let rest = key;
      for (const [i, [name, field]] of keyFields.entries()) {
        const found = i < keyFields.length - 1 ? rest.indexOf(separator) : rest.length;
        // The last part and its separator are left out together when it need not be there.
        const at = found < 0 && i === keyFields.length - 2 && lastMayLack ? rest.length : found;
        const text = at < 0 ? "" : rest.slice(0, at);
        const value = text === "" && field.presence === "defaulted" ? ok(field.absent) : field.codec.parse(text);
        if (at < 0 || (text === "" && field.presence === "required") || !value.ok) {
          const form = keyFields.map(([part]) => `<${part}>`).join(separator);
          return failure("key", value.ok ? form : `${form}, <${name}> being ${value.error}`, key);
        }
        parts[name] = value.value;
        rest = rest.slice(at + 1);
      }
      return ok(parts as P);
    },
    formatKey(key) {
      const parts = keyFields.map(([name, field]) => field.codec.format((key as Record<string, unknown>)[name]));
      return (lastMayLack && parts.at(-1) === "" ? parts.slice(0, -1) : parts).join(separator);
    },
    decode(hash) {
      const row = decodeAny(hash);
      const broken = row.ok ? options.check?.(row.value) : undefined;
      return broken === undefined || !row.ok
        ? row
        : failure(broken.field, broken.expected, encodePlain(row.value)[broken.field]);
    },
    encode: (row) => (options.pb === undefined ? encodePlain(row) : { pb: options.pb.encode(row) }),
    encodePlain,
    unknownFields: (hash) =>
      Object.keys(hash).filter(
        (name) =>
          name !== EMPTY_ROW &&
          !Object.hasOwn(options.fields, name) &&
          !(options.pb !== undefined && (name === "pb" || name === "json")),
      ),
  };
}

/** Characters of a found text that a line for people shows. */
const SHOWN_MAX = 80;

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}

/** One line for an operator. */
export function describeRowError(error: RowError, key: string): string {
  const found = error.found === undefined ? "it is missing" : `found ${shown(error.found)}`;
  return `${error.db} ${error.table} ${shown(key)}: ${error.field}: expected ${error.expected}, ${found}; the last good row stays`;
}

/** The table's page section, Markdown. */
export function describeTable(table: AnyTable): string {
  const key = Object.keys(table.key)
    .map((part) => `<${part}>`)
    .join(table.separator);
  const line = (name: string, field: Field<unknown>): string => {
    const presence =
      field.presence === "defaulted" ? `default \`${field.codec.format(field.absent)}\`` : field.presence;
    return `| \`${name}\` | ${field.codec.type} | ${presence} | ${field.doc} |`;
  };
  return [
    `### ${table.name}`,
    "",
    `${table.db}, \`${table.name}${table.separator}${key}\`${table.pb === undefined ? "" : ", protobuf in the field `pb`"}. Source: ${table.spec}.`,
    "",
    "| field | type | presence | meaning |",
    "| --- | --- | --- | --- |",
    ...Object.entries(table.key as Record<string, Field<unknown>>).map(([name, field]) => line(`${name} (key)`, field)),
    ...Object.entries(table.fields as Record<string, Field<unknown>>).map(([name, field]) => line(name, field)),
  ].join("\n");
}

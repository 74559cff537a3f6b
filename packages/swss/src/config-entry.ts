import { type FieldValues, fieldValuesOf } from "./field-values.js";
import { EMPTY_ROW } from "./table-names.js";
import type { Fields } from "./table-schema.js";

/** A CONFIG_DB row as people think of it: lists are lists, and a row may have no fields. */
export type ConfigEntry = Readonly<Record<string, string | readonly string[]>>;

/** What may be written: other values are written as their text. */
export type ConfigEntryInput = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

/** A key of one part, or of several, which the database's separator joins. */
export type ConfigKey = string | readonly string[];

/** The hash of an entry: a list becomes `name@` with its items joined by commas, no fields become `NULL` = `NULL`. */
export function encodeConfigEntry(entry: ConfigEntryInput): Fields {
  const fields = Object.entries(entry).map(([name, value]) =>
    Array.isArray(value) ? [`${name}@`, value.join(",")] : [name, String(value)],
  );
  return fields.length === 0 ? { [EMPTY_ROW]: EMPTY_ROW } : Object.fromEntries(fields);
}

/** The inverse. An empty list comes back as a list of one empty text, as with swss-common. */
export function decodeConfigEntry(fields: FieldValues | Fields): ConfigEntry {
  const entry: [string, string | readonly string[]][] = [];
  for (const [name, value] of fieldValuesOf(fields)) {
    if (name === EMPTY_ROW) continue;
    if (name.endsWith("@")) entry.push([name.slice(0, -1), value.split(",")]);
    else entry.push([name, value]);
  }
  return Object.fromEntries(entry);
}

/** Every separator splits, so a part never holds one. */
export function splitConfigKey(key: string, separator: string): ConfigKey {
  return key.includes(separator) ? key.split(separator) : key;
}

export function joinConfigKey(key: ConfigKey, separator: string): string {
  return typeof key === "string" ? key : key.join(separator);
}

import type { Fields } from "./table-schema.js";

/** Fields of a row with their order kept. A field may repeat; the later value wins when it is written. */
export type FieldValues = readonly (readonly [field: string, value: string])[];

/** Both forms in which callers may give fields. */
export type FieldsInput = FieldValues | Fields;

/** One change of one row. A DEL carries no fields. */
export interface KeyOpFieldsValues {
  readonly key: string;
  readonly op: "SET" | "DEL";
  readonly fieldValues: FieldValues;
}

/** A change as callers may give it; the fields of a DEL are ignored. */
export interface ChangeInput {
  readonly key: string;
  readonly op: "SET" | "DEL";
  readonly fieldValues?: FieldsInput;
}

/** Fields in the form that readers give, whichever form they have; those of an object in its order. */
export function fieldValuesOf(fields: FieldsInput): FieldValues {
  return isFieldValues(fields) ? fields : Object.entries(fields);
}

/** The same fields as an object; of a repeated field the last value stays. */
export function recordOf(fieldValues: FieldValues): Record<string, string> {
  return Object.fromEntries(fieldValues);
}

/** A change that sets fields. */
export function setOf(key: string, fields: FieldsInput): KeyOpFieldsValues {
  return { key, op: "SET", fieldValues: fieldValuesOf(fields) };
}

/** A change that deletes a row. */
export function delOf(key: string): KeyOpFieldsValues {
  return { key, op: "DEL", fieldValues: [] };
}

/** `f v f v …` from `from` on, as Redis replies with hashes. A last field without value is left out. */
export function pairsOf(flat: readonly string[], from = 0): FieldValues {
  const pairs: (readonly [string, string])[] = [];
  for (let i = from; i + 1 < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

/** Appends `f v f v …` to `into`. */
export function pushFlat(into: string[], fields: FieldsInput): void {
  if (isFieldValues(fields)) {
    for (const pair of fields) into.push(pair[0], pair[1]);
  } else {
    for (const field in fields) if (Object.hasOwn(fields, field)) into.push(field, fields[field] as string);
  }
}

export function fieldCount(fields: FieldsInput): number {
  return isFieldValues(fields) ? fields.length : Object.keys(fields).length;
}

/** The name without its list mark: CONFIG_DB writes the list `ports` as the field `ports@`. */
export function stripListMark(field: string): string {
  const at = field.indexOf("@");
  return at < 0 ? field : field.slice(0, at);
}

/** The same fields under names without list marks, as swss-common's readers hand them out. */
export function stripListMarks(fieldValues: FieldValues): FieldValues {
  return fieldValues.some(([field]) => field.includes("@"))
    ? fieldValues.map(([field, value]) => [stripListMark(field), value] as const)
    : fieldValues;
}

function isFieldValues(fields: FieldsInput): fields is FieldValues {
  return Array.isArray(fields);
}

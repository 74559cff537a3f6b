import { mapOk, ok, type Result } from "@tandem/base";
import { type KeyOpFieldsValues, recordOf } from "./field-values.js";
import type { AnyTable, Key, Row, RowError } from "./table-schema.js";

/** One change of a table with a declared schema. */
export type TypedChange<T> =
  | { readonly op: "SET"; readonly key: Key<T>; readonly row: Row<T> }
  | { readonly op: "DEL"; readonly key: Key<T> };

/**
 * A change as typed values. For readers of whole rows (`SubscriberStateTable`, ZMQ tables); a `ConsumerStateTable` hands
 * out the fields of one write, which lacks those that were written before.
 */
export function decodeChange<T extends AnyTable>(
  table: T,
  change: KeyOpFieldsValues,
): Result<TypedChange<T>, RowError> {
  const key = table.parseKey(change.key) as Result<Key<T>, RowError>;
  if (!key.ok) return key;
  if (change.op === "DEL") return ok({ op: "DEL", key: key.value });
  const row = table.decode(recordOf(change.fieldValues)) as Result<Row<T>, RowError>;
  return mapOk(row, (value) => ({ op: "SET", key: key.value, row: value }));
}

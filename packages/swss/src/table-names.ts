import { invariant } from "@tandem/base";
import type { Database } from "./store.js";

/** What every wake-up message says. */
export const WAKE_UP = "G";

/** Field and value of a row that has no fields: Redis cannot hold an empty hash. */
export const EMPTY_ROW = "NULL";

/** Rows that one `pops` takes unless told otherwise. */
export const POP_BATCH_DEFAULT = 128;

/** The Redis names of one table, as sonic-swss-common builds them (`common/table.h`). */
export interface TableNames {
  /** `T:` or `T|`. */
  readonly prefix: string;
  /** `_T:` or `_T|`: rows of a state table before they are popped. */
  readonly tempPrefix: string;
  readonly keySet: string;
  readonly delSet: string;
  /** List of a ProducerTable. */
  readonly queue: string;
  /** Pub/sub is shared by all databases of an instance, hence the id. */
  readonly channel: string;
}

export function tableNames(db: Database, table: string): TableNames {
  // swss-common sends channel names unquoted and as a format: with such a table it would listen elsewhere.
  invariant(/^[^\s%]+$/.test(table), `a table name without spaces and % was expected, found ${JSON.stringify(table)}`);
  return {
    prefix: `${table}${db.separator}`,
    tempPrefix: `_${table}${db.separator}`,
    keySet: `${table}_KEY_SET`,
    delSet: `${table}_DEL_SET`,
    queue: `${table}_KEY_VALUE_OP_QUEUE`,
    channel: `${table}_CHANNEL@${db.id}`,
  };
}

/** The Redis key of a row; the empty key names the table itself. */
export function rowKey(db: Database, table: string, key: string): string {
  return key === "" ? table : `${table}${db.separator}${key}`;
}

/** `text` as a pattern that matches only itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, "\\$&");
}

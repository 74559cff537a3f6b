import { type AnyTable, DATABASES_DEFAULT, type DatabaseName } from "@tandem/swss";

/** Names one row of one database: `<DB>|<TABLE>|<key>`. */
export interface RowRef {
  /** The whole text; a field of ledgers. */
  readonly text: string;
  /** `<DB>|<TABLE>`. */
  readonly tableId: string;
  readonly db: DatabaseName;
  readonly tableName: string;
  readonly key: string;
}

export function rowRef(table: AnyTable, key: string): RowRef {
  return { text: `${table.id}|${key}`, tableId: table.id, db: table.db, tableName: table.name, key };
}

/** The text of `rowRef`, without the object. */
export function rowRefText(table: AnyTable, key: string): string {
  return `${table.id}|${key}`;
}

/** `undefined` for text that no `rowRef` has. */
export function parseRowRef(text: string): RowRef | undefined {
  const first = text.indexOf("|");
  const second = text.indexOf("|", first + 1);
  if (first < 0 || second < 0) return undefined;
  const db = text.slice(0, first);
  if (!Object.hasOwn(DATABASES_DEFAULT, db)) return undefined;
  return {
    text,
    tableId: text.slice(0, second),
    db: db as DatabaseName,
    tableName: text.slice(first + 1, second),
    key: text.slice(second + 1),
  };
}

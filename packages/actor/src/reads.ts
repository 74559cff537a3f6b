import type { AnyTable } from "@tandem/swss";
import type { CachedRow, RowReader, TableFeed } from "./bridge/table-feed.js";
import type { Read } from "./define-actor.js";

/** A row that an actor has begun to look at. */
export interface SeenRow {
  readonly table: AnyTable;
  readonly key: string;
  readonly row: unknown;
}

interface Wide {
  readonly feed: TableFeed;
  readonly where: (key: string) => boolean;
  /** What `rows` made of the feed's rows last: they are asked for in every step, and rarely new. */
  made: { readonly of: ReadonlyMap<string, CachedRow>; readonly rows: ReadonlyMap<string, unknown> } | undefined;
}

const EVERY = (): boolean => true;

/** What one actor looks at beside its own row, kept in step with what its definition says. */
export class Reads {
  readonly #reader: RowReader;
  readonly #feedOf: (table: AnyTable) => TableFeed;
  readonly #keys = new Map<string, { readonly feed: TableFeed; readonly key: string }>();
  readonly #wide = new Map<string, Wide>();

  constructor(reader: RowReader, feedOf: (table: AnyTable) => TableFeed) {
    this.#reader = reader;
    this.#feedOf = feedOf;
  }

  /** Takes over a new list. Returns the rows that are seen for the first time. */
  update(reads: readonly Read[]): readonly SeenRow[] {
    const seen: SeenRow[] = [];
    const keys = new Set<string>();
    const tables = new Set<string>();
    for (const { table, key, where } of reads) {
      if (key === undefined) {
        tables.add(table.id);
        this.#readAll(table, where ?? EVERY, seen);
      } else {
        const name = `${table.id}|${key}`;
        keys.add(name);
        if (!this.#keys.has(name)) this.#readKey(table, key, name, seen);
      }
    }
    if (keys.size < this.#keys.size) {
      for (const [name, { feed, key }] of this.#keys) {
        if (keys.has(name)) continue;
        this.#keys.delete(name);
        feed.unwatchKey(key, this.#reader);
      }
    }
    for (const [id, { feed }] of this.#wide) {
      if (tables.has(id)) continue;
      this.#wide.delete(id);
      feed.unwatchAll(this.#reader);
    }
    return seen;
  }

  /** The row, if the list names it. */
  row(table: AnyTable, key: string): unknown {
    const exact = this.#keys.get(`${table.id}|${key}`);
    if (exact !== undefined) return exact.feed.get(key)?.row;
    const wide = this.#wide.get(table.id);
    return wide?.where(key) ? wide.feed.get(key)?.row : undefined;
  }

  /** All rows of a table that the list names, in key order. */
  rows(table: AnyTable): ReadonlyMap<string, unknown> {
    const wide = this.#wide.get(table.id);
    const found = wide === undefined ? NO_ROWS : wideRows(wide);
    const exact = [...this.#keys.values()].filter(({ feed, key }) => feed.table.id === table.id && !found.has(key));
    if (exact.length === 0) return found;
    const rows = new Map(found);
    for (const { feed, key } of exact) {
      const cached = feed.get(key);
      if (cached !== undefined) rows.set(key, cached.row);
    }
    return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }

  /** Whether a row of the table, as far as the list names it, is refused and never was good. */
  hidesRow(table: AnyTable): boolean {
    const wide = this.#wide.get(table.id);
    if (wide?.feed.hidesRow(wide.where)) return true;
    for (const { feed, key } of this.#keys.values()) {
      if (feed.table.id === table.id && feed.hidesRow((other) => other === key)) return true;
    }
    return false;
  }

  /** Whether the snapshot of every table on the list has been read. */
  get loaded(): boolean {
    for (const { feed } of this.#keys.values()) if (!feed.loaded) return false;
    for (const { feed } of this.#wide.values()) if (!feed.loaded) return false;
    return true;
  }

  /** Tables and keys on the list that have rows; for dumps. */
  *present(): Iterable<{ readonly feed: TableFeed; readonly key: string; readonly wide: boolean }> {
    for (const { feed, key } of this.#keys.values()) if (feed.get(key) !== undefined) yield { feed, key, wide: false };
    for (const { feed, where } of this.#wide.values()) {
      for (const key of feed.rows().keys()) if (where(key)) yield { feed, key, wide: true };
    }
  }

  clear(): void {
    this.update([]);
  }

  #readKey(table: AnyTable, key: string, name: string, seen: SeenRow[]): void {
    const feed = this.#feedOf(table);
    feed.watchKey(key, this.#reader);
    feed.watchLoad(this.#reader);
    this.#keys.set(name, { feed, key });
    const cached = feed.get(key);
    if (cached !== undefined) seen.push({ table, key, row: cached.row });
  }

  #readAll(table: AnyTable, where: (key: string) => boolean, seen: SeenRow[]): void {
    const known = this.#wide.get(table.id);
    const feed = known?.feed ?? this.#feedOf(table);
    feed.watchAll(this.#reader, (key) => takes(where, key));
    const made = known?.where === where ? known.made : undefined;
    this.#wide.set(table.id, { feed, where, made });
    if (known !== undefined) return;
    feed.watchLoad(this.#reader);
    for (const [key, { row }] of feed.rows()) if (where(key)) seen.push({ table, key, row });
  }
}

const NO_ROWS: ReadonlyMap<string, unknown> = new Map();

function wideRows(wide: Wide): ReadonlyMap<string, unknown> {
  const all = wide.feed.rows();
  if (wide.made?.of !== all) {
    const rows = new Map<string, unknown>();
    for (const [key, { row }] of all) if (wide.where(key)) rows.set(key, row);
    wide.made = { of: all, rows };
  }
  return wide.made.rows;
}

/** A function that throws does so again within the step, where it ends its actor and nobody else. */
function takes(where: (key: string) => boolean, key: string): boolean {
  try {
    return where(key);
  } catch {
    return true;
  }
}

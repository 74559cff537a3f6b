import type { Fields } from "@tandem/swss";
import type { TableFeed } from "./bridge/table-feed.js";

/** Rows kept for tables that nobody reads yet. */
const STRAYS_MAX = 1024;

/** Rows that arrived as messages before anything read their table: they are handed over when something does. */
export class StrayRows {
  readonly #rows = new Map<string, { readonly tableId: string; readonly key: string; readonly fields: Fields }>();

  /** Beyond the limit the oldest is forgotten. */
  keep(tableId: string, key: string, fields: Fields | undefined): void {
    const name = `${tableId}|${key}`;
    this.#rows.delete(name);
    if (fields === undefined) return;
    this.#rows.set(name, { tableId, key, fields });
    const oldest = this.#rows.size > STRAYS_MAX ? this.#rows.keys().next().value : undefined;
    if (oldest !== undefined) this.#rows.delete(oldest);
  }

  handOver(feed: TableFeed): void {
    for (const [name, { tableId, key, fields }] of this.#rows) {
      if (tableId !== feed.table.id) continue;
      this.#rows.delete(name);
      feed.set(key, fields);
    }
  }
}

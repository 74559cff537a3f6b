import type { Clock, Millis } from "@tandem/base";
import { type AnyTable, describeRowError, type Fields, type RowError } from "@tandem/swss";
import { sameFields } from "../difference.js";
import type { RuntimeEvent } from "../runtime-event.js";
import type { Trace } from "../trace.js";

/** Hears about rows. Called in the order of the changes; only queues and returns. */
export interface RowReader {
  /** `row` and `before` are decoded; `undefined` stands for no row. `trace` names the change. */
  onRow(table: AnyTable, key: string, row: unknown, before: unknown, trace: Trace): void;
  /** The table's first snapshot has been read; its rows came before. */
  onLoaded(table: AnyTable): void;
}

/** The last good form of one row. */
export interface CachedRow {
  readonly row: unknown;
  readonly fields: Fields;
  /** 1 for the first good form, one more for each change. */
  readonly version: number;
  /** Wall-clock times. */
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
}

/** What a reader looks at: one key, or all keys that `where` takes. */
export type Interest = { readonly key: string } | { readonly where: (key: string) => boolean };

/**
 * The rows of one input table as actors see them: decoded once, last good form, whole rows (a field that is gone is
 * gone). A row that is not new stops here. A bad row is one event; the last good form stays until it is mended or gone.
 */
export class TableFeed {
  readonly table: AnyTable;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #onEvent: (event: RuntimeEvent) => void;
  readonly #rows = new Map<string, CachedRow>();
  readonly #bad = new Map<string, RowError>();
  /** Names of unknown fields by row key, to report each set once. */
  readonly #unknown = new Map<string, string>();
  readonly #byKey = new Map<string, Set<RowReader>>();
  readonly #wide = new Map<RowReader, (key: string) => boolean>();
  readonly #awaitingLoad = new Set<RowReader>();
  #sorted: ReadonlyMap<string, CachedRow> | undefined;
  #loaded = false;

  /** `newId` names the trace of each change. */
  constructor(table: AnyTable, clock: Clock, onEvent: (event: RuntimeEvent) => void, newId: () => string) {
    this.table = table;
    this.#newId = newId;
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** Rows that were refused, by key; what `doctor` lists. */
  get bad(): ReadonlyMap<string, RowError> {
    return this.#bad;
  }

  get(key: string): CachedRow | undefined {
    return this.#rows.get(key);
  }

  /** Whether one of these keys has a row that is refused and never was good: nothing is known of it but its key. */
  hidesRow(where: (key: string) => boolean): boolean {
    for (const key of this.#bad.keys()) if (!this.#rows.has(key) && where(key)) return true;
    return false;
  }

  /** All good rows in key order. */
  rows(): ReadonlyMap<string, CachedRow> {
    this.#sorted ??= new Map([...this.#rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    return this.#sorted;
  }

  watchKey(key: string, reader: RowReader): void {
    const readers = this.#byKey.get(key);
    if (readers === undefined) this.#byKey.set(key, new Set([reader]));
    else readers.add(reader);
  }

  /** One wide interest per reader; a later one replaces it. */
  watchAll(reader: RowReader, where: (key: string) => boolean): void {
    this.#wide.set(reader, where);
  }

  unwatchKey(key: string, reader: RowReader): void {
    const readers = this.#byKey.get(key);
    if (readers?.delete(reader) && readers.size === 0) this.#byKey.delete(key);
  }

  unwatchAll(reader: RowReader): void {
    this.#wide.delete(reader);
  }

  /** The reader hears when the first snapshot has been read, unless it has been. */
  watchLoad(reader: RowReader): void {
    if (!this.#loaded) this.#awaitingLoad.add(reader);
  }

  unwatchLoad(reader: RowReader): void {
    this.#awaitingLoad.delete(reader);
  }

  /**
   * The row is now `fields`, read at the monotonic time `received`; fails with one line when it is bad, and nothing
   * changes.
   */
  set(key: string, fields: Fields, received: Millis = this.#clock.monotonic()): string | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined && sameFields(known.fields, fields)) {
      this.#mended(key);
      return undefined;
    }
    const keyParts = this.table.parseKey(key);
    const decoded = keyParts.ok ? this.table.decode(fields) : keyParts;
    if (!decoded.ok) {
      const error: RowError = decoded.error;
      const before = this.#bad.get(key);
      this.#bad.set(key, error);
      if (before?.field !== error.field || before.found !== error.found) this.#onEvent({ kind: "badRow", key, error });
      return describeRowError(error, key);
    }
    this.#mended(key);
    this.#reportUnknown(key, fields);
    const row: unknown = decoded.value;
    const now = this.#clock.now();
    const version = (known?.version ?? 0) + 1;
    this.#rows.set(key, { row, fields, version, createdAt: known?.createdAt ?? now, updatedAt: now });
    this.#sorted = undefined;
    const same =
      known !== undefined &&
      sameFields(this.table.encodePlain(row as never), this.table.encodePlain(known.row as never));
    if (!same) this.#deliver(key, row, known?.row, received);
    return undefined;
  }

  delete(key: string, received: Millis = this.#clock.monotonic()): void {
    const hidden = this.#bad.has(key);
    this.#mended(key);
    this.#unknown.delete(key);
    const known = this.#rows.get(key);
    // A row that never was good is told as gone too: readers may have kept something for its sake.
    if (known === undefined && !hidden) return;
    this.#rows.delete(key);
    this.#sorted = undefined;
    this.#deliver(key, undefined, known?.row, received);
  }

  /** The first snapshot has been read. */
  markLoaded(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    const readers = [...this.#awaitingLoad];
    this.#awaitingLoad.clear();
    for (const reader of readers) reader.onLoaded(this.table);
  }

  #deliver(key: string, row: unknown, before: unknown, received: Millis): void {
    const trace: Trace = {
      id: this.#newId(),
      cause: `${this.table.id}|${key}`,
      at: this.#clock.now(),
      received,
      decoded: this.#clock.monotonic(),
    };
    const exact = this.#byKey.get(key);
    if (exact !== undefined) for (const reader of [...exact]) reader.onRow(this.table, key, row, before, trace);
    for (const [reader, where] of [...this.#wide]) {
      if (!exact?.has(reader) && where(key)) reader.onRow(this.table, key, row, before, trace);
    }
  }

  #mended(key: string): void {
    if (this.#bad.delete(key)) this.#onEvent({ kind: "goodRow", table: this.table.id, key });
  }

  #reportUnknown(key: string, fields: Fields): void {
    const unknown = this.table.unknownFields(fields);
    const names = unknown.join(",");
    if ((this.#unknown.get(key) ?? "") === names) return;
    if (names === "") this.#unknown.delete(key);
    else {
      this.#unknown.set(key, names);
      this.#onEvent({ kind: "unknownFields", table: this.table.id, key, fields: unknown });
    }
  }
}

import { type Clock, mapOk, ok, type Result, systemClock, type Timer } from "@tandem/base";
import type { ReaderOptions } from "./change-source.js";
import {
  type ConfigEntry,
  type ConfigEntryInput,
  type ConfigKey,
  decodeConfigEntry,
  encodeConfigEntry,
  joinConfigKey,
  splitConfigKey,
} from "./config-entry.js";
import { type KeyOpFieldsValues, pairsOf } from "./field-values.js";
import { KeyspaceWatcher } from "./keyspace-watcher.js";
import { dumpRows, type RowWrite, writeRows } from "./scripts.js";
import { RETRY_DELAY, SteadySubscription } from "./steady-subscription.js";
import type { Store, StoreError } from "./store.js";
import type { ReadError } from "./table-error.js";
import { rowKey } from "./table-names.js";
import { WakeUp } from "./wake-up.js";

/** A plain key: CONFIG_DB is complete once it holds a text. */
const INITIALIZED = "CONFIG_DB_INITIALIZED";

/** A table's entries by key; parts of a key are joined by the separator. */
export type ConfigTable = Readonly<Record<string, ConfigEntry>>;

/** A change of one entry; `null` when it was deleted. */
export interface ConfigChange {
  readonly table: string;
  readonly key: ConfigKey;
  readonly entry: ConfigEntry | null;
}

/**
 * CONFIG_DB by its conventions (sonic-swss-common `common/configdb.h` and its Python binding): upper-case table names,
 * keys of several parts, lists as `name@`, rows without fields as `NULL`. Works for any database that keeps to them.
 */
export class ConfigDBConnector {
  readonly store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock = systemClock) {
    this.store = store;
    this.#clock = clock;
  }

  /** Resolves when CONFIG_DB is complete: true, or false when `signal` aborts first. Waits through reconnects. */
  async untilInitialized(signal?: AbortSignal): Promise<boolean> {
    const look = new WakeUp();
    const stop = (): void => look.close();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    const channel = `__keyspace@${this.store.db.id}__:${INITIALIZED}`;
    const raise = (): void => look.raise();
    let retry: Timer | undefined;
    await using _subscription = new SteadySubscription(
      this.store,
      this.#clock,
      () => this.store.psubscribe(channel, raise),
      // Looked at only once the subscription stands, so a value set between the two is not missed.
      { standing: raise, failed: () => {} },
    );
    let found = false;
    while (!found && (await look.wait())) {
      const value = await this.store.command(["GET", INITIALIZED]);
      found = value.ok && typeof value.value === "string" && value.value !== "";
      retry?.cancel();
      // Where key events are off, nothing else would say that it was set.
      retry = this.#clock.setTimer(RETRY_DELAY, raise);
    }
    retry?.cancel();
    signal?.removeEventListener("abort", stop);
    return found;
  }

  /** Makes the entry exactly this, in one atomic step; `null` deletes it, `{}` leaves a row without fields. */
  setEntry(table: string, key: ConfigKey, entry: ConfigEntryInput | null): Promise<Result<void, StoreError>> {
    return writeRows(this.store, [this.#write(table, key, entry, "exact")]);
  }

  /** Merges fields into the entry; `null` deletes it, `{}` makes sure that the row exists. */
  modEntry(table: string, key: ConfigKey, entry: ConfigEntryInput | null): Promise<Result<void, StoreError>> {
    return writeRows(this.store, [this.#write(table, key, entry, entry === null ? "replace" : "merge")]);
  }

  /** The entry; `undefined` when there is none. */
  async getEntry(table: string, key: ConfigKey): Promise<Result<ConfigEntry | undefined, StoreError>> {
    return mapOk(await this.store.command(["HGETALL", this.#row(table, key)]), (reply) => {
      const flat = reply as readonly string[];
      return flat.length === 0 ? undefined : decodeConfigEntry(pairsOf(flat));
    });
  }

  /** All entries at one moment. */
  async getTable(table: string): Promise<Result<ConfigTable, StoreError>> {
    const prefix = `${table.toUpperCase()}${this.store.db.separator}`;
    const rows = await dumpRows(this.store, prefix, (key, fields) => [key, decodeConfigEntry(fields)] as const);
    return mapOk(rows, (entries) => Object.fromEntries(entries));
  }

  async getKeys(table: string): Promise<Result<readonly ConfigKey[], StoreError>> {
    const rows = await this.getTable(table);
    return mapOk(rows, (entries) => Object.keys(entries).map((key) => splitConfigKey(key, this.store.db.separator)));
  }

  /** Deletes all entries of a table. */
  async deleteTable(table: string): Promise<Result<void, StoreError>> {
    return this.modConfig({ [table]: null });
  }

  /** All tables at one moment. Keys without a separator and those of another type than hash are left out. */
  async getConfig(): Promise<Result<Readonly<Record<string, ConfigTable>>, StoreError>> {
    const { separator } = this.store.db;
    const tables = new Map<string, [string, ConfigEntry][]>();
    const rows = await dumpRows(this.store, "", (row, fields) => {
      const at = row.indexOf(separator);
      if (at < 0) return;
      const table = row.slice(0, at);
      const entries = tables.get(table) ?? [];
      entries.push([row.slice(at + 1), decodeConfigEntry(fields)]);
      tables.set(table, entries);
    });
    return mapOk(rows, () =>
      Object.fromEntries(Array.from(tables, ([table, entries]) => [table, Object.fromEntries(entries)])),
    );
  }

  /** Merges entries of several tables; a `null` entry is deleted, a `null` table loses all its entries. */
  async modConfig(
    config: Readonly<Record<string, Readonly<Record<string, ConfigEntryInput | null>> | null>>,
  ): Promise<Result<void, StoreError>> {
    const writes: RowWrite[] = [];
    for (const [table, entries] of Object.entries(config)) {
      if (entries === null) {
        const old = await this.getTable(table);
        if (!old.ok) return old;
        for (const key of Object.keys(old.value)) writes.push(this.#write(table, key, null, "replace"));
      } else {
        for (const [key, entry] of Object.entries(entries)) {
          writes.push(this.#write(table, key, entry, entry === null ? "replace" : "merge"));
        }
      }
    }
    return writes.length === 0 ? ok() : writeRows(this.store, writes);
  }

  /** Follows `tables`, or all: first every entry, then each change. Redis must have key events on. */
  listen(tables?: readonly string[], options: ReaderOptions<ReadError> = {}): ConfigListener {
    return new ConfigListener(this.store, tables, { clock: this.#clock, ...options });
  }

  #row(table: string, key: ConfigKey): string {
    const { db } = this.store;
    return rowKey(db, table.toUpperCase(), joinConfigKey(key, db.separator));
  }

  #write(table: string, key: ConfigKey, entry: ConfigEntryInput | null, mode: RowWrite["mode"]): RowWrite {
    return { row: this.#row(table, key), mode, fields: entry === null ? [] : encodeConfigEntry(entry) };
  }
}

/** A subscription to configuration: batches of changes, until closed. */
export class ConfigListener implements AsyncDisposable, AsyncIterable<readonly ConfigChange[]> {
  readonly #watcher: KeyspaceWatcher;
  readonly #separator: string;

  constructor(store: Store, tables: readonly string[] | undefined, options: ReaderOptions<ReadError>) {
    const { separator } = store.db;
    const wanted = tables && new Set(tables.map((table) => table.toUpperCase()));
    this.#separator = separator;
    this.#watcher = new KeyspaceWatcher(store, "", {
      ...options,
      accepts: (key) => {
        const at = key.indexOf(separator);
        return at >= 0 && (wanted === undefined || wanted.has(key.slice(0, at)));
      },
    });
  }

  async pops(batch?: number): Promise<Result<readonly ConfigChange[], ReadError>> {
    return mapOk(await this.#watcher.pops(batch), (changes) => changes.map((change) => this.#change(change)));
  }

  /** Resolves when there may be something to pop: true, or false once closed. Rejects only when `signal` aborts. */
  ready(signal?: AbortSignal): Promise<boolean> {
    return this.#watcher.ready(signal);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ConfigChange[], void> {
    for await (const changes of this.#watcher) yield changes.map((change) => this.#change(change));
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change({ key, op, fieldValues }: KeyOpFieldsValues): ConfigChange {
    const at = key.indexOf(this.#separator);
    return {
      table: key.slice(0, at),
      key: splitConfigKey(key.slice(at + 1), this.#separator),
      entry: op === "DEL" ? null : decodeConfigEntry(fieldValues),
    };
  }
}

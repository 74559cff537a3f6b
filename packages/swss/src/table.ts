import { allOk, mapOk, ok, type Result } from "@tandem/base";
import {
  type FieldsInput,
  type FieldValues,
  fieldCount,
  type KeyOpFieldsValues,
  pairsOf,
  pushFlat,
  recordOf,
  setOf,
  stripListMarks,
} from "./field-values.js";
import { dumpRows } from "./scripts.js";
import type { Command, Reply, Store, StoreError } from "./store.js";
import { EMPTY_ROW, escapeGlob, rowKey } from "./table-names.js";

/** How names of fields are read. */
export interface TableReadOptions {
  /** What becomes of the mark of list fields (`ports@`) in names read: swss-common strips it, and so does the default. */
  readonly listMarks?: "strip" | "keep";
}

/** Keys of one DEL command. */
const DEL_CHUNK = 128;

/**
 * Direct access to the rows of a table: nobody is woken, subscribers see the key events.
 *
 * Calls that are not awaited one by one share round trips. Unlike swss-common, values are never cut at `@` or NUL.
 */
export class Table {
  readonly store: Store;
  readonly name: string;
  readonly #keepMarks: boolean;

  constructor(store: Store, name: string, options: TableReadOptions = {}) {
    this.store = store;
    this.name = name;
    this.#keepMarks = options.listMarks === "keep";
  }

  /** The Redis key of a row. */
  rowKey(key: string): string {
    return rowKey(this.store.db, this.name, key);
  }

  /** Merges fields into a row; its other fields stay. Without fields nothing happens. */
  async set(key: string, fields: FieldsInput, ttlSeconds?: number): Promise<Result<void, StoreError>> {
    if (fieldCount(fields) === 0) return ok();
    const row = this.rowKey(key);
    const hset: [string, ...string[]] = ["HSET", row];
    pushFlat(hset, fields);
    if (ttlSeconds === undefined) return this.#run(hset);
    const replies = await this.store.multi([hset, ["EXPIRE", row, String(ttlSeconds)]]);
    return mapOk(replies, () => undefined);
  }

  hset(key: string, field: string, value: string): Promise<Result<void, StoreError>> {
    return this.#run(["HSET", this.rowKey(key), field, value]);
  }

  /** Removes rows; absent ones are no failure. */
  async del(...keys: readonly string[]): Promise<Result<void, StoreError>> {
    const commands: Command[] = [];
    for (let i = 0; i < keys.length; i += DEL_CHUNK) {
      commands.push(["DEL", ...keys.slice(i, i + DEL_CHUNK).map((key) => this.rowKey(key))]);
    }
    if (commands.length === 1) return this.#run(commands[0] as Command);
    return mapOk(await this.#pipeline(commands), () => undefined);
  }

  hdel(key: string, ...fields: readonly [string, ...string[]]): Promise<Result<void, StoreError>> {
    return this.#run(["HDEL", this.rowKey(key), ...fields]);
  }

  /** The row, or `undefined` when there is none. */
  async get(key: string): Promise<Result<FieldValues | undefined, StoreError>> {
    return mapOk(await this.store.command(["HGETALL", this.rowKey(key)]), (reply) => this.#row(reply));
  }

  async hget(key: string, field: string): Promise<Result<string | undefined, StoreError>> {
    const reply = await this.store.command(["HGET", this.rowKey(key), field]);
    return mapOk(reply, (value) => (typeof value === "string" ? value : undefined));
  }

  /** Keys in no order. */
  async getKeys(): Promise<Result<readonly string[], StoreError>> {
    const prefix = `${this.name}${this.store.db.separator}`;
    const reply = await this.store.command(["KEYS", `${escapeGlob(prefix)}*`]);
    return mapOk(reply, (keys) => (keys as readonly string[]).map((key) => key.slice(prefix.length)));
  }

  /** All rows, read one after the other: a row may be newer than its neighbour. `dump` reads them at one moment. */
  async getContent(): Promise<Result<readonly KeyOpFieldsValues[], StoreError>> {
    const keys = await this.getKeys();
    if (!keys.ok) return keys;
    const rows = await this.#pipeline(keys.value.map((key) => ["HGETALL", this.rowKey(key)]));
    return mapOk(rows, (replies) =>
      keys.value.flatMap((key, i) => {
        const row = this.#row(replies[i] as Reply);
        return row === undefined ? [] : [setOf(key, row)];
      }),
    );
  }

  /** All rows at one moment by Redis key, without list marks stripped and without the placeholder of empty rows. */
  async dump(): Promise<Result<Readonly<Record<string, Readonly<Record<string, string>>>>, StoreError>> {
    const prefix = `${this.name}${this.store.db.separator}`;
    const rows = await dumpRows(this.store, prefix, (key, fieldValues) => {
      const fields = fieldValues.filter(([field]) => field !== EMPTY_ROW);
      return [prefix + key, recordOf(fields)] as const;
    });
    return mapOk(rows, (entries) => Object.fromEntries(entries));
  }

  #row(reply: Reply): FieldValues | undefined {
    const flat = reply as readonly string[];
    if (flat.length === 0) return undefined;
    return this.#keepMarks ? pairsOf(flat) : stripListMarks(pairsOf(flat));
  }

  async #run(command: Command): Promise<Result<void, StoreError>> {
    return mapOk(await this.store.command(command), () => undefined);
  }

  async #pipeline(commands: readonly Command[]): Promise<Result<readonly Reply[], StoreError>> {
    if (commands.length === 0) return ok([]);
    const replies = await this.store.pipeline(commands);
    return replies.ok ? allOk(replies.value) : replies;
  }
}

import { type Clock, seconds, systemClock, type Timer, within } from "@tandem/base";
import type { ZmqEntry } from "./binary-serializer.js";
import { fieldValuesOf } from "./field-values.js";
import { type RowWrite, writeRows } from "./scripts.js";
import { RETRY_DELAY } from "./steady-subscription.js";
import { describeStoreError, type Store, type StoreError } from "./store.js";
import { rowKey } from "./table-names.js";

/** Why rows were not copied to Redis; after a `StoreError` they are tried again. */
export type UpdaterError =
  | StoreError
  /** This row cannot be written at all, e.g. its key holds a list; it is dropped. */
  | { readonly kind: "rowDropped"; readonly db: string; readonly row: string; readonly detail: string }
  /** Closed while Redis was not reachable: these rows were sent, but their copies were not written. */
  | { readonly kind: "rowsUnwritten"; readonly db: string; readonly rows: number };

/** How many rows may wait for an `AsyncDbUpdater`, and who hears of those that it drops. */
export interface AsyncDbUpdaterOptions {
  /** Rows that may wait; beyond it `put` waits. Default 65,536. */
  readonly limit?: number;
  /** Hears of a failure that is tried again once, until a write has succeeded or the failure is another one. */
  readonly onError?: (error: UpdaterError) => void;
  readonly clock?: Clock;
}

const LIMIT_DEFAULT = 65_536;
/** Rows of one script call. */
const ROWS_PER_CALL = 128;
/** How long closing waits for what is left. */
const DRAIN_LIMIT = seconds(5);
/** A refusal that no second try mends. */
const HOPELESS = /\bWRONGTYPE\b/;

/**
 * Copies rows of a table to Redis behind its user's back: the final hash only, no wake-up. The newest state of a row
 * replaces one that still waits, so memory is bounded by the number of rows, and a slow Redis sees fewer writes.
 */
export class AsyncDbUpdater implements AsyncDisposable {
  readonly #store: Store;
  readonly #table: string;
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #onError: ((error: UpdaterError) => void) | undefined;
  readonly #stopListening: () => void;
  /** Waiting rows by key, in the order of their first write. */
  #waiting = new Map<string, RowWrite>();
  #inFlight = 0;
  #writing = false;
  #single = false;
  #closed = false;
  #retry: Timer | undefined;
  /** The failure that was told last, while it lasts. */
  #told = "";
  #roomWaiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];

  constructor(store: Store, table: string, options: AsyncDbUpdaterOptions = {}) {
    this.#store = store;
    this.#table = table;
    this.#limit = options.limit ?? LIMIT_DEFAULT;
    this.#clock = options.clock ?? systemClock;
    this.#onError = options.onError;
    this.#stopListening = store.onConnect(() => this.#start());
  }

  /** Rows that are not written yet. */
  get size(): number {
    return this.#waiting.size + this.#inFlight;
  }

  /** Takes rows over. Returns a promise only when they are too many already: it resolves when there is room again. */
  put(entries: readonly ZmqEntry[]): void | Promise<void> {
    for (const entry of entries) this.#add(entry);
    this.#start();
    if (this.#waiting.size > this.#limit) return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Resolves when everything is written. */
  flush(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Writes what is left, for at most 5 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await within(this.#clock, DRAIN_LIMIT, this.flush());
    this.#closed = true;
    this.#stopListening();
    this.#retry?.cancel();
    if (this.size > 0) this.#onError?.({ kind: "rowsUnwritten", db: this.#store.db.name, rows: this.size });
    this.#settle(true);
  }

  #add({ key, op, fieldValues }: ZmqEntry): void {
    const row = rowKey(this.#store.db, this.#table, key);
    if (op === "DEL") {
      this.#waiting.set(key, { row, mode: "replace", fields: [] });
      return;
    }
    const before = this.#waiting.get(key);
    if (op === "SET" || before === undefined) {
      this.#waiting.set(key, { row, mode: op === "SET" ? "replace" : "merge", fields: fieldValues });
      return;
    }
    const fields = new Map([...fieldValuesOf(before.fields), ...fieldValuesOf(fieldValues)]);
    this.#waiting.set(key, { row, mode: before.mode, fields: [...fields] });
  }

  #start(): void {
    if (!this.#writing && !this.#closed && this.#waiting.size > 0 && this.#store.connected) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    this.#retry?.cancel();
    while (this.#waiting.size > 0 && !this.#closed) {
      const batch = this.#take(this.#single ? 1 : ROWS_PER_CALL);
      this.#inFlight = batch.size;
      const written = await writeRows(this.#store, [...batch.values()]);
      this.#inFlight = 0;
      if (written.ok) {
        this.#single = false;
        this.#told = "";
        this.#settle(false);
      } else if (!this.#failed(batch, written.error)) break;
    }
    this.#writing = false;
  }

  /** Says whether to go on at once. */
  #failed(batch: ReadonlyMap<string, RowWrite>, error: StoreError): boolean {
    const [first] = batch.values();
    if (error.kind === "refused" && HOPELESS.test(error.detail)) {
      if (batch.size === 1 && first !== undefined) {
        this.#onError?.({ kind: "rowDropped", db: error.db, row: first.row, detail: error.detail });
        this.#single = false;
        this.#settle(false);
        return true;
      }
      this.#putBack(batch);
      this.#single = true;
      return true;
    }
    this.#putBack(batch);
    const text = describeStoreError(error);
    if (text !== this.#told) this.#onError?.(error);
    this.#told = text;
    // After `disconnected` the next connection starts it again.
    if (error.kind !== "disconnected") this.#retry = this.#clock.setTimer(RETRY_DELAY, () => this.#start());
    return false;
  }

  #take(most: number): Map<string, RowWrite> {
    const taken = new Map<string, RowWrite>();
    for (const [key, write] of this.#waiting) {
      if (taken.size >= most) break;
      taken.set(key, write);
      this.#waiting.delete(key);
    }
    return taken;
  }

  /** Rows that were not written, or perhaps were: writing them twice is the same. Newer states of them win. */
  #putBack(batch: ReadonlyMap<string, RowWrite>): void {
    const newer = this.#waiting;
    this.#waiting = new Map(batch);
    for (const [key, write] of newer) {
      const before = this.#waiting.get(key);
      if (write.mode === "merge" && before !== undefined) {
        const fields = new Map([...fieldValuesOf(before.fields), ...fieldValuesOf(write.fields)]);
        this.#waiting.set(key, { ...before, fields: [...fields] });
      } else {
        this.#waiting.set(key, write);
      }
    }
  }

  #settle(all: boolean): void {
    if (all || this.#waiting.size < this.#limit) for (const resolve of this.#roomWaiters.splice(0)) resolve();
    if (all || this.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}

/** One line for an operator. */
export function describeUpdaterError(error: UpdaterError): string {
  switch (error.kind) {
    case "rowDropped":
      return `${error.db}: ${error.row} cannot be written: ${error.detail}; the row is dropped`;
    case "rowsUnwritten":
      return `${error.db}: closed with ${error.rows} rows unwritten`;
    default:
      return describeStoreError(error);
  }
}

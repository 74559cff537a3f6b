import { type Clock, type Millis, type Result, seconds, sleep, within } from "@tandem/base";
import {
  type AnyTable,
  describeRowError,
  describeTableError,
  type Fields,
  type ReadError,
  type RowError,
  recordOf,
  type Store,
  SubscriberStateTable,
} from "@tandem/swss";

/** Pause after a failure that no reconnect mends. */
const RETRY_AFTER = seconds(1);

/** A table whose rows are `R`. */
export type TableOf<R> = AnyTable & { decode(fields: Fields): Result<R, RowError> };

export interface TableWatchOptions<R> {
  readonly clock: Clock;
  /** Called after each change, once the table has been read; `undefined` is no row. */
  readonly onChange: (key: string, before: R | undefined, after: R | undefined) => void;
  /** Hears of rows that cannot be read, and of failures of the reader; one line. */
  readonly warn: (text: string) => void;
}

/** The rows of one table as they are now: the last good one of each key, and which are bad. */
export class TableWatch<R> implements AsyncDisposable {
  /** Resolves when the table has been read for the first time. */
  readonly loaded: Promise<void>;
  readonly rows = new Map<string, R>();
  /** Why a row cannot be read, by key. */
  readonly bad = new Map<string, string>();
  readonly #table: TableOf<R>;
  readonly #options: TableWatchOptions<R>;
  readonly #reader: SubscriberStateTable;
  readonly #work: Promise<void>;
  readonly #closing = new AbortController();
  /** Called after each change of a row. */
  readonly #looks = new Set<() => void>();
  #isLoaded = false;
  #setLoaded: () => void = () => {};

  constructor(store: Store, table: TableOf<R>, options: TableWatchOptions<R>) {
    this.#table = table;
    this.#options = options;
    this.loaded = new Promise((resolve) => {
      this.#setLoaded = resolve;
    });
    this.#reader = new SubscriberStateTable(store, table.name, {
      clock: options.clock,
      onError: (error) => {
        if (error.kind !== "disconnected") options.warn(describeTableError(error));
      },
    });
    this.#work = this.#follow();
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Everything is read again: a FLUSHDB makes no key events. */
  refresh(): void {
    this.#reader.refresh();
  }

  /** Resolves once `holds`, or after `limit`: rows follow the database by its key events, so a little behind. */
  async until(holds: () => boolean, limit: Millis): Promise<void> {
    if (holds()) return;
    let look = (): void => {};
    const there = new Promise<void>((resolve) => {
      look = () => holds() && resolve();
    });
    this.#looks.add(look);
    await within(this.#options.clock, limit, there);
    this.#looks.delete(look);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#reader.close();
    await this.#work;
  }

  async #follow(): Promise<void> {
    while (await this.#reader.ready()) {
      for (;;) {
        const popped = await this.#reader.pops();
        if (!popped.ok) {
          if (popped.error.kind !== "disconnected") await this.#retryLater(popped.error);
          break;
        }
        for (const { key, op, fieldValues } of popped.value) {
          this.#take(key, op === "SET" ? recordOf(fieldValues) : undefined);
        }
        for (const look of [...this.#looks]) look();
        if (!this.#isLoaded) {
          this.#isLoaded = true;
          this.#setLoaded();
        }
        if (popped.value.length === 0) break;
      }
    }
  }

  /** A reader whose connection is lost is woken by the next one; after any other failure it is tried again. */
  async #retryLater(error: ReadError): Promise<void> {
    this.#options.warn(describeTableError(error));
    await sleep(this.#options.clock, RETRY_AFTER, this.#closing.signal).catch(() => undefined);
    this.#reader.refresh();
  }

  #take(key: string, fields: Fields | undefined): void {
    const before = this.rows.get(key);
    if (fields === undefined) {
      this.bad.delete(key);
      if (this.rows.delete(key)) this.#tell(key, before, undefined);
      return;
    }
    const row = this.#table.decode(fields);
    if (!row.ok) {
      const text = describeRowError(row.error, key);
      if (this.bad.get(key) !== text) this.#options.warn(text);
      this.bad.set(key, text);
      return;
    }
    this.bad.delete(key);
    const after = row.value as R;
    this.rows.set(key, after);
    this.#tell(key, before, after);
  }

  /** What was there when the table was first read is no change. */
  #tell(key: string, before: R | undefined, after: R | undefined): void {
    if (this.#isLoaded) this.#options.onChange(key, before, after);
  }
}

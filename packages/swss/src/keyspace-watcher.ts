import { ok, type Result } from "@tandem/base";
import { ChangeSource, type ReaderOptions } from "./change-source.js";
import { delOf, type FieldValues, type KeyOpFieldsValues, pairsOf, setOf } from "./field-values.js";
import { checkKeyspaceEvents } from "./keyspace-events.js";
import { dumpRows } from "./scripts.js";
import { SteadySubscription } from "./steady-subscription.js";
import type { Store } from "./store.js";
import type { ReadError } from "./table-error.js";
import { escapeGlob } from "./table-names.js";

export interface KeyspaceWatcherOptions extends ReaderOptions<ReadError> {
  /** Whether a row that expired, was evicted or renamed away is reported as deleted. swss-common reports nothing. */
  readonly deletesOnExpiry?: boolean;
  /** Which keys are rows; others are not looked at. */
  readonly accepts?: (key: string) => boolean;
}

/** Events after which a key is gone although Redis does not call it `del`. */
const GONE_EVENTS: ReadonlySet<string> = new Set(["expired", "evicted", "rename_from", "move_from"]);

/**
 * All hashes whose keys begin with a prefix: first those that exist, then each that changes, whole and as it is when it
 * is popped. Memory is bounded by the number of keys: events of one key that wait merge, but a delete in between is
 * told before the row that followed it.
 *
 * After a reconnect everything is read again, with a DEL for each row that vanished meanwhile.
 */
export class KeyspaceWatcher extends ChangeSource<KeyOpFieldsValues, ReadError> {
  readonly store: Store;
  readonly #prefix: string;
  readonly #accepts: (key: string) => boolean;
  readonly #gone: ReadonlySet<string>;
  readonly #subscription: SteadySubscription;
  /** Keys whose last delivered change was a SET. */
  readonly #known = new Set<string>();
  /** Keys with events since they were last read; true when a delete was among them. */
  #touched = new Map<string, boolean>();
  /** Everything must be read. */
  #stale = true;
  #checked = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, prefix: string, options: KeyspaceWatcherOptions = {}) {
    super(options);
    this.store = store;
    this.#prefix = prefix;
    this.#accepts = options.accepts ?? (() => true);
    this.#gone = options.deletesOnExpiry ? new Set([...GONE_EVENTS, "del"]) : new Set(["del"]);
    const channel = `__keyspace@${store.db.id}__:`;
    const start = channel.length + prefix.length;
    this.#subscription = new SteadySubscription(
      store,
      this.clock,
      () =>
        store.psubscribe(`${channel}${escapeGlob(prefix)}*`, (event, name) => this.#onEvent(name.slice(start), event)),
      { standing: () => this.#onStanding(), failed: (error) => this.report(error) },
    );
  }

  /** True once changes wake the reader; false when closed before. Rejects only when `signal` aborts. */
  untilSubscribed(signal?: AbortSignal): Promise<boolean> {
    return this.#subscription.untilStanding(signal);
  }

  /** Everything is read again at the next pop: rows that exist as SET, known ones that do not as DEL. */
  refresh(): void {
    this.#stale = true;
    this.wake.raise();
  }

  /** When everything has to be read, all of it comes at once, whatever `batch` says. */
  override pops(batch = Number.POSITIVE_INFINITY): Promise<Result<readonly KeyOpFieldsValues[], ReadError>> {
    const turn = this.#turn.then(() => (this.#stale ? this.#readAll() : this.#readTouched(batch)));
    this.#turn = turn;
    return turn;
  }

  protected override release(): Promise<void> {
    return this.#subscription[Symbol.asyncDispose]();
  }

  #onStanding(): void {
    this.#checked = false;
    this.refresh();
  }

  #onEvent(key: string, event: string): void {
    if (!this.#accepts(key)) return;
    const deleted = this.#gone.has(event) || this.#touched.get(key) === true;
    this.#touched.set(key, deleted);
    this.wake.raise();
  }

  async #readAll(): Promise<Result<readonly KeyOpFieldsValues[], ReadError>> {
    if (!this.#checked) {
      const events = await checkKeyspaceEvents(this.store);
      if (!events.ok) return events;
      this.#checked = true;
    }
    const touched = this.#touched;
    this.#touched = new Map();
    this.#stale = false;
    const vanished = new Set(this.#known);
    const changes: KeyOpFieldsValues[] = [];
    const rows = await dumpRows(this.store, this.#prefix, (key, fieldValues) => {
      if (!this.#accepts(key)) return;
      if (vanished.delete(key) && touched.get(key) === true) changes.push(delOf(key));
      changes.push(setOf(key, fieldValues));
    });
    if (!rows.ok) {
      this.#stale = true;
      this.#putBack(touched);
      return rows;
    }
    for (const key of vanished) changes.push(delOf(key));
    this.#remember(changes);
    return ok(changes);
  }

  async #readTouched(batch: number): Promise<Result<readonly KeyOpFieldsValues[], ReadError>> {
    const taken = this.#take(batch);
    if (taken.size === 0) return ok([]);
    const keys = [...taken.keys()];
    const replies = await this.store.pipeline(keys.map((key) => ["HGETALL", this.#prefix + key]));
    if (!replies.ok) {
      this.#putBack(taken);
      return replies;
    }
    const changes: KeyOpFieldsValues[] = [];
    for (const [i, key] of keys.entries()) {
      const reply = replies.value[i];
      if (reply === undefined) continue;
      if (!reply.ok && reply.error.kind !== "refused") {
        this.#putBack(taken);
        return reply;
      }
      if (!reply.ok && reply.error.kind === "refused") {
        this.report({ ...reply.error, command: `HGETALL ${this.#prefix}${key}` });
      }
      const fieldValues: FieldValues = reply.ok ? pairsOf(reply.value as readonly string[]) : [];
      // A row that is empty without a delete will have one, or never gets one: it expired.
      const gone = taken.get(key) === true || (!reply.ok && this.#known.has(key));
      if (gone) changes.push(delOf(key));
      if (fieldValues.length > 0) changes.push(setOf(key, fieldValues));
    }
    if (this.#touched.size > 0) this.wake.raise();
    this.#remember(changes);
    return ok(changes);
  }

  #take(batch: number): Map<string, boolean> {
    if (this.#touched.size <= batch) {
      const all = this.#touched;
      this.#touched = new Map();
      return all;
    }
    const taken = new Map<string, boolean>();
    for (const [key, deleted] of this.#touched) {
      if (taken.size >= batch) break;
      taken.set(key, deleted);
      this.#touched.delete(key);
    }
    return taken;
  }

  #putBack(taken: ReadonlyMap<string, boolean>): void {
    for (const [key, deleted] of taken) this.#touched.set(key, deleted || this.#touched.get(key) === true);
  }

  #remember(changes: readonly KeyOpFieldsValues[]): void {
    for (const { key, op } of changes) {
      if (op === "SET") this.#known.add(key);
      else this.#known.delete(key);
    }
  }
}

import { err, mapOk, ok, type Result } from "@tandem/base";
import { type ChangeInput, type FieldsInput, fieldCount, fieldValuesOf } from "./field-values.js";
import { type AppliedView, applyStateView, clearState, type StateChange, stateChange, writeState } from "./scripts.js";
import type { Store, StoreError } from "./store.js";
import type { InvalidChange, WriteError } from "./table-error.js";
import { type TableNames, tableNames } from "./table-names.js";
import { TurnBatch } from "./turn-batch.js";

/** What becomes of sets without fields. */
export interface ProducerStateTableOptions {
  /**
   * A set without fields reaches readers as a delete, while the row itself stays. It is refused, unless it is to be
   * sent as swss-common sends it. A row that exists without fields is written as `NULL` = `NULL`.
   */
  readonly emptySets?: "refuse" | "send";
}

/** Changes of one script call; a call blocks Redis for about a millisecond. */
const CHANGES_PER_CALL = 256;

/**
 * Writes a state table: changes of one key merge until a consumer takes them, so it sees the latest state and never
 * more changes than keys. Order holds within a key, not between keys.
 *
 * Single sets and deletes of one turn of the event loop go out together, in order and at its end: they share a call,
 * and its failure. What `write`, `setMany` or `delMany` is given in one call is queued as a whole as long as it has at
 * most 256 keys.
 */
export class ProducerStateTable {
  readonly store: Store;
  readonly name: string;
  readonly #names: TableNames;
  readonly #sendEmpty: boolean;
  readonly #turn: TurnBatch<StateChange, Result<number, StoreError>>;
  /** The view being built; `undefined` while writes go to Redis. */
  #view: Map<string, Map<string, string>> | undefined;

  constructor(store: Store, name: string, options: ProducerStateTableOptions = {}) {
    this.store = store;
    this.name = name;
    this.#names = tableNames(store.db, name);
    this.#sendEmpty = options.emptySets === "send";
    this.#turn = new TurnBatch(CHANGES_PER_CALL, (changes) => writeState(store, this.#names, changes));
  }

  /** Merges fields into what is pending of `key`; the consumer merges them into the row. */
  set(key: string, fields: FieldsInput): Promise<Result<void, WriteError>> {
    return this.write([{ key, op: "SET", fieldValues: fields }]);
  }

  /** Deletes the row. A later set starts from nothing, also when both are taken at once. */
  del(key: string): Promise<Result<void, WriteError>> {
    return this.write([{ key, op: "DEL" }]);
  }

  setMany(rows: Iterable<readonly [key: string, fields: FieldsInput]>): Promise<Result<void, WriteError>> {
    return this.write(Array.from(rows, ([key, fieldValues]) => ({ key, op: "SET", fieldValues })));
  }

  delMany(keys: Iterable<string>): Promise<Result<void, WriteError>> {
    return this.write(Array.from(keys, (key) => ({ key, op: "DEL" })));
  }

  /** Sets and deletes in order. Publishes once per 256, and only if a key became pending. An invalid one stops all. */
  async write(changes: readonly ChangeInput[]): Promise<Result<void, WriteError>> {
    for (const change of changes) {
      const invalid = this.#invalid(change);
      if (invalid !== undefined) return err(invalid);
    }
    if (this.#view !== undefined) {
      for (const change of changes) addToView(this.#view, change);
      return ok();
    }
    const [first] = changes;
    if (first === undefined) return ok();
    if (changes.length === 1) return mapOk(await this.#turn.add(stateChange(first)), () => undefined);
    this.#turn.flush();
    const words = changes.map(stateChange);
    const calls: Promise<Result<number, StoreError>>[] = [];
    for (let i = 0; i < words.length; i += CHANGES_PER_CALL) {
      calls.push(writeState(this.store, this.#names, words.slice(i, i + CHANGES_PER_CALL)));
    }
    const written = await Promise.all(calls);
    return written.find((result) => !result.ok) ?? ok();
  }

  /** Drops everything that no consumer has taken. Rows stay. Tables whose names begin alike are left alone. */
  clear(): Promise<Result<void, StoreError>> {
    this.#turn.flush();
    return clearState(this.store, this.#names);
  }

  /** Keys that no consumer has taken yet. */
  async count(): Promise<Result<number, StoreError>> {
    this.#turn.flush();
    return mapOk(await this.store.command(["SCARD", this.#names.keySet]), Number);
  }

  /** From now on writes build a view in memory, until `applyTempView`. A view being built is discarded. */
  createTempView(): void {
    this.#view = new Map();
  }

  /**
   * Makes the table equal to the view: rows that are not in it are deleted, differing ones written, equal ones left
   * alone, in one atomic step. On failure the view stays and can be applied again.
   */
  async applyTempView(): Promise<Result<AppliedView, WriteError>> {
    const view = this.#view;
    if (view === undefined) return err(this.#invalidChange("", "a view was expected, none is being built"));
    this.#turn.flush();
    const applied = await applyStateView(this.store, this.#names, view);
    if (applied.ok && this.#view === view) this.#view = undefined;
    return applied;
  }

  #invalid({ key, op, fieldValues }: ChangeInput): InvalidChange | undefined {
    if (key === "")
      return this.#invalidChange(key, "a key was expected, it is empty: consumers would not find its fields");
    if (op !== "SET" || this.#sendEmpty || this.#view !== undefined || fieldCount(fieldValues ?? []) > 0)
      return undefined;
    return this.#invalidChange(
      key,
      "fields were expected, none given: consumers would read a delete while the row stays",
    );
  }

  #invalidChange(key: string, detail: string): InvalidChange {
    return { kind: "invalidChange", db: this.store.db.name, table: this.name, key, detail };
  }
}

function addToView(view: Map<string, Map<string, string>>, { key, op, fieldValues = [] }: ChangeInput): void {
  if (op === "DEL") {
    view.delete(key);
    return;
  }
  if (fieldCount(fieldValues) === 0) return;
  const row = view.get(key) ?? new Map<string, string>();
  for (const [field, value] of fieldValuesOf(fieldValues)) row.set(field, value);
  view.set(key, row);
}

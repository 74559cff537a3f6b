import { ok, type Result } from "@tandem/base";
import { ChangeSource, type ReaderOptions } from "./change-source.js";
import { delOf, type FieldValues, type KeyOpFieldsValues } from "./field-values.js";
import { dumpRows, popState } from "./scripts.js";
import { SteadySubscription } from "./steady-subscription.js";
import type { Store, StoreError } from "./store.js";
import { POP_BATCH_DEFAULT, type TableNames, tableNames } from "./table-names.js";

/**
 * Takes the changes of a state table and applies them to its rows as it does so. A SET holds the fields written since
 * the last one, not the whole row; a delete followed by a set is one SET of exactly those fields. No order between keys.
 *
 * Changes queued before it was opened come first, also those queued while nobody listened. When the connection is lost
 * while a pop is under way, Redis may have handed out changes that never arrived: the next pop then gives every row
 * whole, and a DEL for each known key that has no row. For that it remembers the keys that it has seen.
 */
export class ConsumerStateTable extends ChangeSource<KeyOpFieldsValues, StoreError> {
  readonly store: Store;
  readonly name: string;
  readonly #names: TableNames;
  readonly #subscription: SteadySubscription;
  readonly #known = new Set<string>();
  #inDoubt = false;

  constructor(store: Store, name: string, options: ReaderOptions<StoreError> = {}) {
    super(options);
    this.store = store;
    this.name = name;
    this.#names = tableNames(store.db, name);
    this.#subscription = new SteadySubscription(
      store,
      this.clock,
      () => store.subscribe(this.#names.channel, () => this.wake.raise()),
      { standing: () => this.wake.raise(), failed: (error) => this.report(error) },
    );
  }

  /** True once changes wake the reader; false when closed before. Rejects only when `signal` aborts. */
  untilSubscribed(signal?: AbortSignal): Promise<boolean> {
    return this.#subscription.untilStanding(signal);
  }

  override async pops(batch = POP_BATCH_DEFAULT): Promise<Result<readonly KeyOpFieldsValues[], StoreError>> {
    if (this.#inDoubt) return this.#reread();
    const popped = await popState(this.store, this.#names, batch, (key, fieldValues) => this.#change(key, fieldValues));
    if (!popped.ok && popped.error.kind === "disconnected") this.#inDoubt = true;
    return popped;
  }

  protected override release(): Promise<void> {
    return this.#subscription[Symbol.asyncDispose]();
  }

  #change(key: string, fieldValues: FieldValues): KeyOpFieldsValues {
    if (fieldValues.length === 0) {
      this.#known.delete(key);
      return { key, op: "DEL", fieldValues };
    }
    this.#known.add(key);
    return { key, op: "SET", fieldValues };
  }

  async #reread(): Promise<Result<readonly KeyOpFieldsValues[], StoreError>> {
    const vanished = new Set(this.#known);
    const rows = await dumpRows(this.store, this.#names.prefix, (key, fieldValues) => {
      vanished.delete(key);
      return this.#change(key, fieldValues);
    });
    if (!rows.ok) return rows;
    this.#inDoubt = false;
    this.wake.raise();
    for (const key of vanished) this.#known.delete(key);
    return ok([...rows.value, ...Array.from(vanished, delOf)]);
  }
}

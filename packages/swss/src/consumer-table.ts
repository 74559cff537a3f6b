import { type Millis, ok, type Result, type Timer } from "@tandem/base";
import { ChangeSource, type ReaderOptions } from "./change-source.js";
import type { FieldValues } from "./field-values.js";
import { popQueue } from "./scripts.js";
import { SteadySubscription } from "./steady-subscription.js";
import type { Store, StoreError } from "./store.js";
import type { ReaderError } from "./table-error.js";
import { POP_BATCH_DEFAULT, type TableNames, tableNames } from "./table-names.js";

/** An entry as its producer queued it; the op is the producer's word (`SET`, `DEL`, `create`, `get`, …). */
export interface QueuedChange {
  readonly key: string;
  readonly op: string;
  readonly fieldValues: FieldValues;
}

/** Whether a `ConsumerTable` writes rows as it takes entries, and under which names. */
export interface ConsumerTableOptions extends ReaderOptions<ReaderError> {
  /** Whether rows are written as entries are taken; a function is asked at each pop. Without it any op passes. */
  readonly modifyRows?: boolean | (() => boolean);
  /** Before the table's name in the keys of written rows, e.g. `TEMP_`; a function is asked at each pop. */
  readonly rowPrefix?: string | (() => string);
  /** Looks for entries this often without being told: a wake-up that got lost is repaired by then. Default: never. */
  readonly lookEvery?: Millis;
}

/**
 * Takes the entries of a ProducerTable in order. An entry is gone from Redis when it is popped: when the connection is
 * lost while a pop is under way, the entries of that pop are lost, as with swss-common.
 */
export class ConsumerTable extends ChangeSource<QueuedChange, StoreError, ReaderError> {
  readonly store: Store;
  readonly name: string;
  readonly #names: TableNames;
  readonly #subscription: SteadySubscription;
  readonly #rowPrefix: () => string;
  readonly #modify: () => boolean;
  #look: Timer | undefined;

  constructor(store: Store, name: string, options: ConsumerTableOptions = {}) {
    super(options);
    this.store = store;
    this.name = name;
    this.#names = tableNames(store.db, name);
    const { rowPrefix = "", modifyRows = true, lookEvery } = options;
    this.#rowPrefix = typeof rowPrefix === "string" ? () => rowPrefix : rowPrefix;
    this.#modify = typeof modifyRows === "boolean" ? () => modifyRows : modifyRows;
    this.#subscription = new SteadySubscription(
      store,
      this.clock,
      () => store.subscribe(this.#names.channel, () => this.wake.raise()),
      { standing: () => this.wake.raise(), failed: (error) => this.report(error) },
    );
    if (lookEvery !== undefined) this.#lookAgain(lookEvery);
  }

  /** True once entries wake the reader; false when closed before. Rejects only when `signal` aborts. */
  untilSubscribed(signal?: AbortSignal): Promise<boolean> {
    return this.#subscription.untilStanding(signal);
  }

  override async pops(batch = POP_BATCH_DEFAULT): Promise<Result<readonly QueuedChange[], StoreError>> {
    const rows = `${this.#rowPrefix()}${this.name}`;
    const from = { queue: this.#names.queue, rows, batch, modify: this.#modify() };
    const popped = await popQueue(this.store, from, (key, op, fieldValues) => ({ key, op, fieldValues }));
    if (!popped.ok) return popped;
    const { entries, bad } = popped.value;
    for (const { detail, key, opstring, value } of bad) {
      const entry = `${opstring} ${value}`.slice(0, 200);
      this.report({ kind: "badEntry", db: this.store.db.name, table: this.name, key, detail, entry });
    }
    if (bad.length > 0) this.wake.raise();
    return ok(entries);
  }

  #lookAgain(every: Millis): void {
    this.#look = this.clock.setTimer(every, () => {
      this.wake.raise();
      this.#lookAgain(every);
    });
  }

  protected override release(): Promise<void> {
    this.#look?.cancel();
    return this.#subscription[Symbol.asyncDispose]();
  }
}

import { invariant, ok, type Result } from "@tandem/base";
import { AsyncDbUpdater, type AsyncDbUpdaterOptions } from "./async-db-updater.js";
import type { ZmqReceived } from "./binary-serializer.js";
import { ChangeSource, type ReaderOptions } from "./change-source.js";
import type { KeyOpFieldsValues } from "./field-values.js";
import type { Store } from "./store.js";
import { POP_BATCH_DEFAULT } from "./table-names.js";
import type { ZmqServer } from "./zmq-server.js";

/** How many changes a `ZmqConsumerStateTable` holds, and whether it copies them to Redis. */
export interface ZmqConsumerStateTableOptions extends ReaderOptions<never> {
  /** Whether received rows are also copied to Redis. Default false: usually the producer does. */
  readonly dbPersistence?: boolean;
  readonly updater?: AsyncDbUpdaterOptions;
  /** Changes that may wait; beyond it the server stops reading, and at last senders find their queues full. */
  readonly limit?: number;
}

const WAITING_MAX_DEFAULT = 10_000;

/**
 * Changes that arrive by ZMQ, in order, as they were sent. It begins with nothing: what Redis holds is not read, and
 * what was sent while nobody listened waits at the senders.
 *
 * Register it before the server binds. Two consumers of one table are a bug.
 */
export class ZmqConsumerStateTable extends ChangeSource<KeyOpFieldsValues, never> {
  readonly name: string;
  readonly db: string;
  readonly #unregister: () => void;
  readonly #updater: AsyncDbUpdater | undefined;
  readonly #limit: number;
  #waiting: KeyOpFieldsValues[] = [];
  #head = 0;
  #roomWaiters: (() => void)[] = [];

  constructor(store: Store, name: string, server: ZmqServer, options: ZmqConsumerStateTableOptions = {}) {
    super(options);
    this.db = store.db.name;
    this.name = name;
    this.#limit = options.limit ?? WAITING_MAX_DEFAULT;
    this.#updater = options.dbPersistence ? new AsyncDbUpdater(store, name, options.updater) : undefined;
    const registered = server.register(this.db, name, (entries) => this.#receive(entries));
    invariant(registered.ok, `${this.db} ${name} has a consumer already`);
    this.#unregister = registered.value;
  }

  /** Changes that wait. */
  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** Resolves when Redis has the copies of what was received. */
  flush(): Promise<void> {
    return this.#updater?.flush() ?? Promise.resolve();
  }

  override pops(batch = POP_BATCH_DEFAULT): Promise<Result<readonly KeyOpFieldsValues[], never>> {
    const from = this.#head;
    const to = Math.min(this.#waiting.length, from + batch);
    const taken = this.#waiting.slice(from, to);
    this.#head = to;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > this.#limit) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    if (this.size < this.#limit) this.#makeRoom();
    return Promise.resolve(ok(taken));
  }

  protected override async release(): Promise<void> {
    this.#unregister();
    this.#makeRoom();
    await this.#updater?.[Symbol.asyncDispose]();
  }

  #makeRoom(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  #receive(entries: readonly ZmqReceived[]): void | Promise<void> {
    for (const entry of entries) this.#waiting.push(entry);
    const copied = this.#updater?.put(entries);
    this.wake.raise();
    if (this.size < this.#limit) return copied;
    return this.#untilRoom(copied);
  }

  async #untilRoom(copied: void | Promise<void>): Promise<void> {
    await copied;
    while (this.size >= this.#limit && !this.wake.closed) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
  }
}

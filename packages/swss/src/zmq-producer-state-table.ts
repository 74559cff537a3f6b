import { err, ok, type Result } from "@tandem/base";
import { AsyncDbUpdater, type AsyncDbUpdaterOptions } from "./async-db-updater.js";
import type { ZmqEntry } from "./binary-serializer.js";
import { type FieldsInput, fieldCount } from "./field-values.js";
import type { Store } from "./store.js";
import type { InvalidChange } from "./table-error.js";
import type { SendError, ZmqClient } from "./zmq-client.js";

/** Whether rows are copied to Redis too, and what becomes of sets without fields. */
export interface ZmqProducerStateTableOptions {
  /** Whether rows are also copied to Redis, behind the send. Default true. */
  readonly dbPersistence?: boolean;
  /** A set without fields arrives as a delete; it is refused, unless it is to be sent as swss-common sends it. */
  readonly emptySets?: "refuse" | "send";
  readonly updater?: AsyncDbUpdaterOptions;
}

/**
 * A state table whose changes go to the consumer by ZMQ, at once and unmerged. Redis, if at all, gets a copy of each
 * row's newest state. Resolves when the message is queued: the consumer may still be away, and what is on its way when
 * it dies is lost. `onConnect` of the client says when everything should be sent again.
 */
export class ZmqProducerStateTable implements AsyncDisposable {
  readonly name: string;
  readonly db: string;
  readonly #client: ZmqClient;
  readonly #updater: AsyncDbUpdater | undefined;
  readonly #sendEmpty: boolean;

  constructor(store: Store, name: string, client: ZmqClient, options: ZmqProducerStateTableOptions = {}) {
    this.db = store.db.name;
    this.name = name;
    this.#client = client;
    this.#updater = (options.dbPersistence ?? true) ? new AsyncDbUpdater(store, name, options.updater) : undefined;
    this.#sendEmpty = options.emptySets === "send";
  }

  set(key: string, fields: FieldsInput): Promise<Result<void, SendError | InvalidChange>> {
    return this.send([{ key, op: "SET", fieldValues: fields }]);
  }

  del(key: string): Promise<Result<void, SendError | InvalidChange>> {
    return this.send([{ key, op: "DEL", fieldValues: [] }]);
  }

  setMany(
    rows: Iterable<readonly [key: string, fields: FieldsInput]>,
  ): Promise<Result<void, SendError | InvalidChange>> {
    return this.send(Array.from(rows, ([key, fieldValues]) => ({ key, op: "SET", fieldValues })));
  }

  delMany(keys: Iterable<string>): Promise<Result<void, SendError | InvalidChange>> {
    return this.send(Array.from(keys, (key) => ({ key, op: "DEL", fieldValues: [] })));
  }

  /** Sets and deletes in one message, whose order is kept. HSET arrives as SET and is merged into the copy. */
  async send(entries: readonly ZmqEntry[]): Promise<Result<void, SendError | InvalidChange>> {
    if (!this.#sendEmpty) {
      const empty = entries.find(({ op, fieldValues }) => op !== "DEL" && fieldCount(fieldValues) === 0);
      if (empty !== undefined) return err(this.#invalid(empty.key));
    }
    const sent = await this.#client.send(this.db, this.name, entries);
    if (!sent.ok) return sent;
    const room = this.#updater?.put(entries);
    if (room !== undefined) await room;
    return ok();
  }

  /** Rows whose copy is not in Redis yet. */
  get unwritten(): number {
    return this.#updater?.size ?? 0;
  }

  /** Resolves when Redis has the copies. */
  flush(): Promise<void> {
    return this.#updater?.flush() ?? Promise.resolve();
  }

  /** Writes the copies that are left, for at most 5 s. The client stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#updater?.[Symbol.asyncDispose]();
  }

  #invalid(key: string): InvalidChange {
    const detail = "fields were expected, none given: consumers would read a delete";
    return { kind: "invalidChange", db: this.db, table: this.name, key, detail };
  }
}

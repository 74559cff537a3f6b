import { err, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store, type Stores, untilConnected } from "@tandem/swss";
import type { EndError } from "../asic-error.js";
import { DB_DEFAULT } from "../redis/channel-options.js";
import { orAborted } from "../redis/or-aborted.js";
import type { AsicObserver, Observed } from "../transport.js";
import { StreamReader } from "./stream-reader.js";
import type { Position } from "./wire.js";

const BLOCK_MS = 1000;

export interface StreamsObserverOptions {
  readonly stores: Stores;
  readonly db?: string;
  /** Default: what happens from now on. */
  readonly from?: Position;
}

/** Reads both streams along. It pulls, so it can slow nobody; it lags at most by what the streams keep. */
export class StreamsObserver implements AsicObserver {
  readonly #store: Store;
  readonly #reader: StreamReader;
  readonly #closing = new AbortController();

  private constructor(store: Store, from: Position) {
    this.#store = store;
    this.#reader = new StreamReader(store, from);
  }

  /** Waits for Redis. Rejects only when `signal` aborts. */
  static async open(
    { stores, db = DB_DEFAULT, from }: StreamsObserverOptions,
    signal?: AbortSignal,
  ): Promise<Result<StreamsObserver, EndError>> {
    const opened = stores.open({ db, own: true });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${db}` });
    await untilConnected(opened.value, signal);
    const start = from === undefined ? await StreamReader.end(opened.value) : ok(from);
    if (start.ok) return ok(new StreamsObserver(opened.value, start.value));
    await opened.value[Symbol.asyncDispose]();
    return err({ kind: "unusable", reason: describeStoreError(start.error) });
  }

  async *events(signal: AbortSignal): AsyncGenerator<Observed> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    while (!ended.aborted) {
      await untilConnected(this.#store, ended).catch(() => undefined);
      const read = await orAborted(this.#reader.next(BLOCK_MS), ended);
      if (read === undefined) return;
      for (const { event } of read.ok ? read.value : []) yield event;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#store[Symbol.asyncDispose]();
  }
}

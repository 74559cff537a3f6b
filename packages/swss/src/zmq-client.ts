import { type Clock, err, millis, ok, type Result, sleep, systemClock } from "@tandem/base";
import { type EncodeError, encodeMessage, joinMessages, type ZmqEntry } from "./binary-serializer.js";
import type { Push, PushError, Sockets } from "./push-pull.js";

/** Why changes were not sent. What was sent may still be lost on its way. */
export type SendError = PushError | EncodeError;

/** How long a `ZmqClient` tries while its queue is full. */
export interface ZmqClientOptions {
  /** Tries after the first while the queue is full, after 20 ms and then doubling. Default 10, which take 20 s. */
  readonly retries?: number;
  /** Messages that may wait behind one that is tried again; beyond it a send fails as `full` at once. */
  readonly waitingMax?: number;
  readonly clock?: Clock;
}

const RETRIES_DEFAULT = 10;
const WAITING_MAX_DEFAULT = 10_000;
const FIRST_RETRY_MS = 20;
/** Sends that wait are joined up to this size. */
const JOINED_BYTES_MAX = 64 * 1024;

interface Waiting {
  readonly db: string;
  readonly table: string;
  readonly message: Uint8Array;
  readonly done: (result: Result<void, SendError>) => void;
}

/**
 * Sends rows to a `ZmqServer`. They keep their order, also across retries. Sends of one turn of the event loop go out at
 * its end; those for one table that follow each other share a message, and its failure.
 */
export class ZmqClient implements AsyncDisposable {
  readonly endpoint: string;
  readonly #push: Push;
  readonly #retries: number;
  readonly #waitingMax: number;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #sending = false;

  constructor(sockets: Sockets, endpoint: string, options: ZmqClientOptions = {}) {
    this.endpoint = endpoint;
    this.#push = sockets.push(endpoint);
    this.#retries = options.retries ?? RETRIES_DEFAULT;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX_DEFAULT;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves when the message is queued for the server, which says nothing about its arrival. */
  send(db: string, table: string, entries: readonly ZmqEntry[]): Promise<Result<void, SendError>> {
    const encoded = encodeMessage(db, table, entries);
    if (!encoded.ok) return Promise.resolve(encoded);
    if (this.#waiting.length >= this.#waitingMax) {
      return Promise.resolve(err({ kind: "full", endpoint: this.endpoint, limit: this.#waitingMax }));
    }
    return new Promise((done) => {
      this.#waiting.push({ db, table, message: encoded.value, done });
      if (this.#sending) return;
      this.#sending = true;
      queueMicrotask(() => void this.#sendAll());
    });
  }

  /** Called when the server is reached (again): what was on its way before may be lost. */
  onConnect(listener: () => void): () => void {
    return this.#push.onConnect(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#push[Symbol.asyncDispose]();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (let from = 0; from < batch.length; ) {
        const to = endOfJoined(batch, from);
        const joined = batch.slice(from, to);
        const { db, table } = batch[from] as Waiting;
        const sent = await this.#sendOne(
          joinMessages(
            db,
            table,
            joined.map(({ message }) => message),
          ),
        );
        for (const { done } of joined) done(sent);
        from = to;
      }
    }
    this.#sending = false;
  }

  async #sendOne(message: Uint8Array): Promise<Result<void, SendError>> {
    for (let retry = 0; ; retry++) {
      const pushed = await this.#push.push(message);
      if (pushed.ok || pushed.error.kind !== "full" || retry >= this.#retries) return pushed;
      const delay = millis(FIRST_RETRY_MS * 2 ** retry);
      const slept = await sleep(this.#clock, delay, this.#closing.signal).then(ok, () => undefined);
      if (slept === undefined) return err({ kind: "closed", endpoint: this.endpoint });
    }
  }
}

/** Where the sends end that go out in one message with the one at `from`. */
function endOfJoined(batch: readonly Waiting[], from: number): number {
  const { db, table, message } = batch[from] as Waiting;
  let bytes = message.length;
  let to = from + 1;
  for (; to < batch.length; to++) {
    const next = batch[to] as Waiting;
    bytes += next.message.length;
    if (bytes > JOINED_BYTES_MAX || next.db !== db || next.table !== table) break;
  }
  return to;
}

import { err, type Millis, ok, type Result } from "@tandem/base";
import {
  type DecodeError,
  decodeMessage,
  describeDecodeError,
  type EncodeError,
  encodeMessage,
  type ZmqEntry,
  type ZmqReceived,
} from "./binary-serializer.js";
import type { BindError } from "./push-pull.js";
import type { Replier, RequestError, Requester, RequestSockets } from "./request-reply.js";
import type { TableTaken } from "./zmq-server.js";

/** Why rows were not answered. */
export type SyncError =
  | RequestError
  | EncodeError
  | { readonly kind: "badReply"; readonly endpoint: string; readonly detail: string };

/** The asking end of the one-to-one mode: rows go out, and the same table's answer comes back. One server each. */
export class ZmqSyncClient implements AsyncDisposable {
  readonly endpoint: string;
  readonly #requester: Requester;

  constructor(sockets: RequestSockets, endpoint: string) {
    this.endpoint = endpoint;
    this.#requester = sockets.requester(endpoint);
  }

  /** One at a time. After `timeout` the rows may have been taken; asking again is allowed. */
  async request(
    db: string,
    table: string,
    entries: readonly ZmqEntry[],
    limit: Millis,
  ): Promise<Result<readonly ZmqReceived[], SyncError>> {
    const encoded = encodeMessage(db, table, entries);
    if (!encoded.ok) return encoded;
    const reply = await this.#requester.request(encoded.value, limit);
    if (!reply.ok) return reply;
    const message = decodeMessage(reply.value);
    if (!message.ok) return err(this.#badReply(describeDecodeError(message.error)));
    if (message.value.db === db && message.value.table === table) return ok(message.value.entries);
    return err(this.#badReply(`an answer for ${db} ${table} was expected, found one for ${tableOf(message.value)}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requester[Symbol.asyncDispose]();
  }

  #badReply(detail: string): SyncError {
    return { kind: "badReply", endpoint: this.endpoint, detail };
  }
}

function tableOf({ db, table }: { readonly db: string; readonly table: string }): string {
  return db === "" && table === "" ? "no table: the server does not handle it" : `${db} ${table}`;
}

/** Answers the rows of one request. What it answers must fit into 16 MiB. */
export type ZmqSyncHandler = (entries: readonly ZmqReceived[]) => Promise<readonly ZmqEntry[]>;

/** Who hears of requests that a `ZmqSyncServer` could not read. */
export interface ZmqSyncServerOptions {
  /** Hears of requests that could not be decoded; they are answered with an empty message of no table. */
  readonly onError?: (error: DecodeError) => void;
}

/** The answering end. Every request gets exactly one answer, also a malformed one: its client waits for it. */
export class ZmqSyncServer implements AsyncDisposable {
  readonly #sockets: RequestSockets;
  readonly #endpoint: string;
  readonly #onError: ((error: DecodeError) => void) | undefined;
  readonly #handlers = new Map<string, ZmqSyncHandler>();
  #replier: Replier | undefined;

  constructor(sockets: RequestSockets, endpoint: string, options: ZmqSyncServerOptions = {}) {
    this.#sockets = sockets;
    this.#endpoint = endpoint;
    this.#onError = options.onError;
  }

  get endpoint(): string {
    return this.#replier?.endpoint ?? this.#endpoint;
  }

  async bind(): Promise<Result<void, BindError>> {
    const bound = await this.#sockets.replier(this.#endpoint, (message) => this.#answer(message));
    if (!bound.ok) return bound;
    this.#replier = bound.value;
    return ok();
  }

  register(db: string, table: string, handler: ZmqSyncHandler): Result<() => void, TableTaken> {
    const key = JSON.stringify([db, table]);
    if (this.#handlers.has(key)) return err({ kind: "tableTaken", db, table });
    this.#handlers.set(key, handler);
    return ok(() => {
      this.#handlers.delete(key);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#replier?.[Symbol.asyncDispose]();
  }

  async #answer(bytes: Uint8Array): Promise<Uint8Array> {
    const message = decodeMessage(bytes);
    if (!message.ok) this.#onError?.(message.error);
    else {
      const { db, table, entries } = message.value;
      const handler = this.#handlers.get(JSON.stringify([db, table]));
      if (handler !== undefined) {
        const answer = encodeMessage(db, table, await handler(entries));
        if (answer.ok) return answer.value;
      }
    }
    return NO_TABLE;
  }
}

/** A message of no table and no rows: its only pair holds two empty texts. */
const NO_TABLE = Buffer.from("01".padEnd(48, "0"), "hex");

import { err, ok, type Result } from "@tandem/base";
import { type DecodeError, decodeMessage, describeDecodeError, type ZmqReceived } from "./binary-serializer.js";
import type { BindError, Pull, Sockets } from "./push-pull.js";

/** Where orchagent listens. */
export const ORCH_ZMQ_PORT = 8100;

/** Takes the rows of one message, in order. A promise holds back all later messages of the server. */
export type ZmqHandler = (entries: readonly ZmqReceived[]) => void | Promise<void>;

/** Why a message was dropped. */
export type ServerError =
  | { readonly kind: "malformed"; readonly endpoint: string; readonly error: DecodeError }
  | { readonly kind: "unknownTable"; readonly endpoint: string; readonly db: string; readonly table: string };

/** Who hears of messages that a `ZmqServer` drops. */
export interface ZmqServerOptions {
  readonly onError?: (error: ServerError) => void;
}

/** A table is handled already. */
export interface TableTaken {
  readonly kind: "tableTaken";
  readonly db: string;
  readonly table: string;
}

/**
 * Receives rows of several tables at one endpoint. Register the tables, then `bind`: a message for a table that nobody
 * handles is dropped. Names are compared exactly, so both ends must use the same database name.
 */
export class ZmqServer implements AsyncDisposable {
  readonly #sockets: Sockets;
  readonly #endpoint: string;
  readonly #onError: ((error: ServerError) => void) | undefined;
  readonly #handlers = new Map<string, Map<string, ZmqHandler>>();
  #pull: Pull | undefined;

  constructor(sockets: Sockets, endpoint: string, options: ZmqServerOptions = {}) {
    this.#sockets = sockets;
    this.#endpoint = endpoint;
    this.#onError = options.onError;
  }

  /** Where it listens; after `bind` a wildcard port has become a number. */
  get endpoint(): string {
    return this.#pull?.endpoint ?? this.#endpoint;
  }

  async bind(): Promise<Result<void, BindError>> {
    const bound = await this.#sockets.pull(this.#endpoint, (message) => this.#receive(message));
    if (!bound.ok) return bound;
    this.#pull = bound.value;
    return ok();
  }

  /** The first registration of a table stands; the function that it gives takes it back. */
  register(db: string, table: string, handler: ZmqHandler): Result<() => void, TableTaken> {
    const tables = this.#handlers.get(db) ?? new Map<string, ZmqHandler>();
    if (tables.has(table)) return err({ kind: "tableTaken", db, table });
    tables.set(table, handler);
    this.#handlers.set(db, tables);
    return ok(() => {
      tables.delete(table);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pull?.[Symbol.asyncDispose]();
  }

  #receive(bytes: Uint8Array): void | Promise<void> {
    const message = decodeMessage(bytes);
    if (!message.ok) {
      this.#onError?.({ kind: "malformed", endpoint: this.endpoint, error: message.error });
      return;
    }
    const { db, table, entries } = message.value;
    const handler = this.#handlers.get(db)?.get(table);
    if (handler !== undefined) return handler(entries);
    this.#onError?.({ kind: "unknownTable", endpoint: this.endpoint, db, table });
  }
}

/** One line for an operator. */
export function describeServerError(error: ServerError): string {
  return error.kind === "malformed"
    ? `${error.endpoint}: ${describeDecodeError(error.error)}`
    : `${error.endpoint}: nobody here handles ${error.db} ${error.table}; the message is dropped`;
}

import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import type { Reply } from "./store.js";
import { decodeText, encodeText } from "./text.js";

/** Where one Redis instance listens, and which of its databases is meant. */
export interface RedisEndpoint {
  /** Path of the unix socket; absent means TCP to `host`:`port`. */
  readonly socket?: string;
  readonly host: string;
  readonly port: number;
  readonly password?: string;
  readonly database: number;
}

/** How long one attempt to connect may take. */
const CONNECT_TIMEOUT_MS = 5_000;

/** What Redis answers to AUTH when it was configured without a password. */
const NEEDS_NO_PASSWORD = /without any password configured/;

const REPLY_TYPES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** A reply as the client library gives it; an `ErrorReply` may stand wherever a reply can. */
export type RawReply = null | number | string | Buffer | ErrorReply | readonly RawReply[];

/** A refusal by Redis, as opposed to a lost connection. */
export { ErrorReply };

/**
 * One connection to one database, from `connect` to its end: the only file that knows the client library. It never
 * reconnects and never queues: commands given while it is not open reject, and so do all in flight when it ends.
 */
export class RedisClient {
  readonly #client: ReturnType<typeof newClient>;

  private constructor(client: ReturnType<typeof newClient>) {
    this.#client = client;
  }

  /** Resolves when Redis answers commands (so not while it is loading); rejects with the reason otherwise. */
  static async connect(endpoint: RedisEndpoint, onEnd: (detail: string) => void): Promise<RedisClient> {
    try {
      return await RedisClient.#connect(endpoint, onEnd);
    } catch (error) {
      const { password, ...open } = endpoint;
      if (password !== undefined && NEEDS_NO_PASSWORD.test(describeError(error)))
        return RedisClient.#connect(open, onEnd);
      throw error;
    }
  }

  static async #connect(endpoint: RedisEndpoint, onEnd: (detail: string) => void): Promise<RedisClient> {
    const client = newClient(endpoint);
    let open = false;
    let last = "closed";
    client.on("error", (error: unknown) => {
      last = describeError(error);
    });
    client.on("terminated", (error: unknown) => {
      if (open) onEnd(describeError(error));
    });
    try {
      await client.connect();
      await client.sendCommand(["PING"]);
    } catch (error) {
      if (client.isOpen) client.destroy();
      throw error;
    }
    if (!client.isReady) throw new Error(last);
    open = true;
    return new RedisClient(client);
  }

  /** Sends one command; commands of one tick share a socket write. Rejects with `ErrorReply` when Redis refuses it. */
  send(args: readonly string[]): Promise<RawReply> {
    return this.#client.sendCommand<RawReply>(encodeArguments(args));
  }

  subscribe(channel: string, listener: (message: Buffer, channel: Buffer) => void): Promise<void> {
    return this.#client.subscribe(channel, listener, true);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#client.unsubscribe(channel);
  }

  psubscribe(pattern: string, listener: (message: Buffer, channel: Buffer) => void): Promise<void> {
    return this.#client.pSubscribe(pattern, listener, true);
  }

  punsubscribe(pattern: string): Promise<void> {
    return this.#client.pUnsubscribe(pattern);
  }

  ping(): Promise<unknown> {
    return this.#client.sendCommand(["PING"]);
  }

  /** Ends the connection now; what is in flight rejects. `onEnd` is not called. */
  destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

function newClient(endpoint: RedisEndpoint) {
  const { socket, host, port, password, database } = endpoint;
  return createClient({
    RESP: 2,
    socket: {
      ...(socket === undefined ? { host, port } : { path: socket }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: false,
    },
    database,
    ...(password !== undefined && { password }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    // The library's default of 5 s arms a timer for each command, which costs several times the command itself; 0 arms none.
    commandOptions: { timeout: 0, typeMapping: REPLY_TYPES },
  });
}

function encodeArguments(args: readonly string[]): readonly (string | Buffer)[] {
  for (const arg of args) if (!arg.isWellFormed()) return args.map((a) => (a.isWellFormed() ? a : encodeText(a)));
  return args;
}

/** The reply as text, or the refusal that it is or carries. */
export function decodeReply(raw: RawReply): Reply | ErrorReply {
  if (raw instanceof Buffer) return decodeText(raw);
  if (!Array.isArray(raw)) return raw as null | number | string | ErrorReply;
  const items = new Array<Reply>(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const item = decodeReply(raw[i] as RawReply);
    if (item instanceof ErrorReply) return item;
    items[i] = item;
  }
  return items;
}

/** The innermost message that says something. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}

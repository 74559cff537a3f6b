import { createClient, ErrorReply, RESP_TYPES, SocketClosedUnexpectedlyError } from "@redis/client";
import { type Clock, seconds } from "@tandem/base";
import { type Connection, describeError, type Settle, SubscriptionRefused } from "./connection.js";
import { unpackReply } from "./packed-reply.js";
import type { Command, Reply } from "./store.js";
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
const CONNECT_TIMEOUT = seconds(5);

/** What Redis answers to AUTH when it was configured without a password. */
const NEEDS_NO_PASSWORD = /without any password configured/;

/** What the library's parser says of bytes that are no Redis reply. */
const NOT_REDIS = /^Unknown RESP type/;

const REPLY_TYPES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** What Redis answers to PING when it takes no writes because it cannot save. It can be read all the same. */
const UNSAVED = /^MISCONF/;

/** A reply as the client library gives it; an `ErrorReply` may stand wherever a reply can. */
type RawReply = null | number | string | Buffer | ErrorReply | readonly RawReply[];

type Listener = (message: string, channel: string) => void;
type BufferListener = (message: Buffer, channel: Buffer) => void;

/** The real connection: the only file that knows the client library. Commands of one tick share a socket write. */
export class RedisClient implements Connection {
  readonly #client: ReturnType<typeof newClient>;
  /** What the library calls for each pattern, and for each channel that stands as a pattern. */
  readonly #matched = new Map<string, BufferListener>();
  #ended: string | undefined;
  #onEnd: ((detail: string) => void) | undefined;

  private constructor(endpoint: RedisEndpoint) {
    this.#client = newClient(endpoint);
    this.#client.on("error", (error: unknown) => this.#end(describeEnd(error)));
    // An attempt that was given up may still open its socket.
    this.#client.on("connect", () => this.#ended !== undefined && this.#client.destroy());
  }

  /** Resolves when Redis answers commands, so not while it is loading. A password that it does not want is left out. */
  static async connect(endpoint: RedisEndpoint, clock: Clock, onEnd: (detail: string) => void): Promise<RedisClient> {
    const { password, ...open } = endpoint;
    try {
      return await RedisClient.#open(endpoint, clock, onEnd);
    } catch (error) {
      if (password === undefined || !NEEDS_NO_PASSWORD.test(describeError(error))) throw error;
      return await RedisClient.#open(open, clock, onEnd);
    }
  }

  static async #open(endpoint: RedisEndpoint, clock: Clock, onEnd: (detail: string) => void): Promise<RedisClient> {
    const connection = new RedisClient(endpoint);
    const client = connection.#client;
    const ended = new Promise<never>((_, reject) => {
      connection.#onEnd = (detail) => reject(new Error(detail));
    });
    const timer = clock.setTimer(CONNECT_TIMEOUT, () => connection.#end(`no answer within ${CONNECT_TIMEOUT} ms`));
    try {
      await Promise.race([
        ended,
        client
          .connect()
          .then(() => client.sendCommand(["PING"]))
          .catch(unlessUnsaved),
      ]);
      if (connection.#ended !== undefined) throw new Error(connection.#ended);
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      timer.cancel();
    }
    connection.#onEnd = onEnd;
    return connection;
  }

  send<T>(command: Command, settle: Settle<T>): Promise<T> {
    return this.#client.sendCommand<RawReply>(encodeArguments(command)).then(
      (raw) => {
        const reply = settle.packed === true && raw instanceof Buffer ? unpackReply(raw) : decodeReply(raw);
        return reply instanceof ErrorReply ? settle.refused(reply.message) : settle.replied(reply);
      },
      (error: unknown) =>
        error instanceof ErrorReply ? settle.refused(error.message) : settle.lost(this.#ended ?? describeError(error)),
    );
  }

  subscribe(channel: string, listener: Listener): Promise<void> {
    if (channel.isWellFormed()) return standing(this.#client.subscribe(channel, decoded(listener), true));
    const ours: Listener = (message, name) => name === channel && listener(message, name);
    return this.#match(channel, globOf(channel), ours);
  }

  psubscribe(pattern: string, listener: Listener): Promise<void> {
    return this.#match(pattern, pattern, listener);
  }

  unsubscribe(channel: string): Promise<void> {
    return channel.isWellFormed() ? this.#client.unsubscribe(channel) : this.#unmatch(channel, globOf(channel));
  }

  punsubscribe(pattern: string): Promise<void> {
    return this.#unmatch(pattern, pattern);
  }

  destroy(): void {
    this.#onEnd = undefined;
    this.#end("closed");
  }

  #match(name: string, glob: string, listener: Listener): Promise<void> {
    const matched = decoded(listener);
    this.#matched.set(name, matched);
    return standing(this.#client.pSubscribe(glob, matched, true));
  }

  #unmatch(name: string, glob: string): Promise<void> {
    const matched = this.#matched.get(name);
    this.#matched.delete(name);
    return this.#client.pUnsubscribe(glob, matched, true);
  }

  /** The library tells of every end, of the server's or of bytes that it cannot read, as an error. */
  #end(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = detail;
    this.#client.destroy();
    this.#onEnd?.(detail);
  }
}

/**
 * The library makes a class of all commands, several megabytes, for each set of options that it is given: one client
 * that never connects is the pattern of all others.
 */
const PATTERN = createClient({
  RESP: 2,
  disableOfflineQueue: true,
  disableClientInfo: true,
  maintNotifications: "disabled",
  // The library's default of 5 s arms a timer for each command, which costs several times the command itself; 0 arms none.
  commandOptions: { timeout: 0, typeMapping: REPLY_TYPES },
});

function newClient({ socket, host, port, password, database }: RedisEndpoint): typeof PATTERN {
  return PATTERN.duplicate({
    socket: {
      ...(socket === undefined ? { host, port } : { path: socket }),
      connectTimeout: CONNECT_TIMEOUT,
      reconnectStrategy: false,
    },
    database,
    ...(password !== undefined && { password }),
  });
}

function unlessUnsaved(error: unknown): void {
  if (!(error instanceof ErrorReply && UNSAVED.test(error.message))) throw error;
}

function describeEnd(error: unknown): string {
  if (error instanceof SocketClosedUnexpectedlyError) return "closed by Redis";
  const detail = describeError(error);
  return NOT_REDIS.test(detail) ? `not the Redis protocol: ${detail}` : detail;
}

function encodeArguments(args: readonly string[]): readonly (string | Buffer)[] {
  for (const arg of args) if (!arg.isWellFormed()) return args.map((a) => (a.isWellFormed() ? a : encodeText(a)));
  return args;
}

/** The reply as text, or the refusal that it is or carries. */
function decodeReply(raw: RawReply): Reply | ErrorReply {
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

/** The library would take what a listener throws for a broken reply; it is a bug of ours, and ends the process. */
function decoded(listener: Listener): BufferListener {
  return (message, channel) => {
    try {
      listener(decodeText(message), decodeText(channel));
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}

/**
 * A pattern that matches `channel`, and beside it only names that differ in the bytes that are not UTF-8. The library
 * knows channels by their UTF-8 text alone, so one that has none stands as this pattern.
 */
function globOf(channel: string): string {
  return channel.replace(/[*?[\\]/g, "\\$&").replace(/\p{Surrogate}/gu, "?");
}

async function standing(subscribed: Promise<void>): Promise<void> {
  try {
    await subscribed;
  } catch (error) {
    throw error instanceof ErrorReply ? new SubscriptionRefused(error.message) : error;
  }
}

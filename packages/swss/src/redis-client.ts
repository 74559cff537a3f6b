import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import { type Connection, describeError, type Settle, SubscriptionRefused } from "./connection.js";
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
const CONNECT_TIMEOUT_MS = 5_000;

/** What Redis answers to AUTH when it was configured without a password. */
const NEEDS_NO_PASSWORD = /without any password configured/;

const REPLY_TYPES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** A reply as the client library gives it; an `ErrorReply` may stand wherever a reply can. */
type RawReply = null | number | string | Buffer | ErrorReply | readonly RawReply[];

type Client = ReturnType<typeof newClient>;

/** The real connection: the only file that knows the client library. Commands of one tick share a socket write. */
export class RedisClient implements Connection {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Resolves when Redis answers commands, so not while it is loading. A password that it does not want is left out. */
  static async connect(endpoint: RedisEndpoint, onEnd: (detail: string) => void): Promise<RedisClient> {
    try {
      return new RedisClient(await connect(endpoint, onEnd));
    } catch (error) {
      const { password, ...open } = endpoint;
      if (password === undefined || !NEEDS_NO_PASSWORD.test(describeError(error))) throw error;
      return new RedisClient(await connect(open, onEnd));
    }
  }

  send<T>(command: Command, settle: Settle<T>): Promise<T> {
    return this.#client.sendCommand<RawReply>(encodeArguments(command)).then(
      (raw) => {
        const reply = decodeReply(raw);
        return reply instanceof ErrorReply ? settle.refused(reply.message) : settle.replied(reply);
      },
      (error: unknown) => {
        const detail = describeError(error);
        return error instanceof ErrorReply ? settle.refused(detail) : settle.lost(detail);
      },
    );
  }

  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void> {
    return standing(this.#client.subscribe(channel, decoded(listener), true));
  }

  psubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<void> {
    return standing(this.#client.pSubscribe(pattern, decoded(listener), true));
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#client.unsubscribe(channel);
  }

  punsubscribe(pattern: string): Promise<void> {
    return this.#client.pUnsubscribe(pattern);
  }

  destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

async function connect(endpoint: RedisEndpoint, onEnd: (detail: string) => void): Promise<Client> {
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
  return client;
}

function newClient({ socket, host, port, password, database }: RedisEndpoint) {
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

function decoded(listener: (message: string, channel: string) => void): (message: Buffer, channel: Buffer) => void {
  return (message, channel) => listener(decodeText(message), decodeText(channel));
}

async function standing(subscribed: Promise<void>): Promise<void> {
  try {
    await subscribed;
  } catch (error) {
    throw error instanceof ErrorReply ? new SubscriptionRefused(error.message) : error;
  }
}

import { connect as connectSocket, type Socket } from "node:net";
import { type Clock, seconds } from "@tandem/base";
import { type Connection, describeError, type Settle, SubscriptionRefused } from "./connection.js";
import { ErrorReply, RespDecoder, RespError } from "./resp-decoder.js";
import { RespEncoder } from "./resp-encoder.js";
import type { Command, Reply } from "./store.js";

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

/** A TCP peer that vanished is noticed by PING; keep-alive is for the routers in between. */
const KEEP_ALIVE_MS = 30_000;

/** What Redis answers to AUTH when it was configured without a password. */
const NEEDS_NO_PASSWORD = /without any password configured/;

/** Read at once; a larger reply comes in parts. */
const READ_BYTES = 65_536;

type Listener = (message: string, channel: string) => void;

/** A command that waits for its reply. */
interface Waiting {
  reply(reply: Reply | ErrorReply): void;
  lose(detail: string): void;
}

/** The real connection: RESP version 2 on a socket. What is sent in one tick leaves in one write. */
export class RedisConnection implements Connection {
  readonly #socket: Socket;
  readonly #encoder: RespEncoder;
  readonly #waiting = new WaitingQueue();
  readonly #channels = new Map<string, Listener>();
  readonly #patterns = new Map<string, Listener>();
  /** From the first subscription on, arrays may be messages. */
  #subscribed = false;
  #flushScheduled = false;
  #ended: string | undefined;
  #onEnd: ((detail: string) => void) | undefined;

  private constructor({ socket: path, host, port }: RedisEndpoint) {
    const decoder = new RespDecoder((reply) => this.#reply(reply));
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, buffer: Uint8Array): boolean => {
        try {
          decoder.write(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        } catch (error) {
          if (!(error instanceof RespError)) throw error;
          this.#end(`not the Redis protocol: ${error.message}`);
        }
        return true;
      },
    };
    const keepAlive = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const socket = connectSocket(path === undefined ? { host, port, ...keepAlive, onread } : { path, onread });
    this.#socket = socket;
    this.#encoder = new RespEncoder((bytes, written) => socket.write(bytes, written));
    socket.on("error", (error) => this.#end(describeError(error)));
    socket.on("close", () => this.#end("closed by Redis"));
  }

  /** Resolves when Redis answers commands, so not while it is loading. A password that it does not want is left out. */
  static async connect(
    endpoint: RedisEndpoint,
    clock: Clock,
    onEnd: (detail: string) => void,
  ): Promise<RedisConnection> {
    const { password, database } = endpoint;
    const connection = new RedisConnection(endpoint);
    const timer = clock.setTimer(CONNECT_TIMEOUT, () => connection.#end(`no answer within ${CONNECT_TIMEOUT} ms`));
    try {
      const steps: Command[] = [["PING"]];
      if (database !== 0) steps.unshift(["SELECT", String(database)]);
      if (password !== undefined) steps.unshift(["AUTH", password]);
      await Promise.all(steps.map((command) => connection.#step(command)));
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
    if (this.#ended !== undefined) return Promise.resolve(settle.lost(this.#ended));
    return new Promise((resolve) => {
      this.#waiting.push(new WaitingCommand(settle, resolve));
      this.#write(command);
    });
  }

  subscribe(channel: string, listener: Listener): Promise<void> {
    this.#subscribed = true;
    this.#channels.set(channel, listener);
    return this.#request(["SUBSCRIBE", channel]);
  }

  psubscribe(pattern: string, listener: Listener): Promise<void> {
    this.#subscribed = true;
    this.#patterns.set(pattern, listener);
    return this.#request(["PSUBSCRIBE", pattern]);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#request(["UNSUBSCRIBE", channel]);
  }

  async punsubscribe(pattern: string): Promise<void> {
    this.#patterns.delete(pattern);
    await this.#request(["PUNSUBSCRIBE", pattern]);
  }

  destroy(): void {
    this.#onEnd = undefined;
    this.#end("closed");
  }

  /** A command of the handshake. */
  #step(command: Command): Promise<void> {
    const optional = (detail: string): boolean => command[0] === "AUTH" && NEEDS_NO_PASSWORD.test(detail);
    return this.#request(command, optional);
  }

  async #request(command: Command, accepts: (refusal: string) => boolean = () => false): Promise<void> {
    const failure = await this.send<Error | undefined>(command, {
      replied: () => undefined,
      refused: (detail) => (accepts(detail) ? undefined : new SubscriptionRefused(detail)),
      lost: (detail) => new Error(detail),
    });
    if (failure !== undefined) throw failure;
  }

  #write(command: Command): void {
    this.#encoder.append(command);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      if (this.#ended === undefined) this.#encoder.flush();
    });
  }

  #reply(reply: Reply | ErrorReply): void {
    if (this.#subscribed && Array.isArray(reply) && this.#deliver(reply)) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#end("a reply without a command");
    else waiting.reply(reply);
  }

  #deliver([kind, ...rest]: readonly Reply[]): boolean {
    if (kind === "message") {
      const [channel, message] = rest as [string, string];
      this.#channels.get(channel)?.(message, channel);
    } else if (kind === "pmessage") {
      const [pattern, channel, message] = rest as [string, string, string];
      this.#patterns.get(pattern)?.(message, channel);
    } else return false;
    return true;
  }

  #end(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = detail;
    this.#socket.destroy();
    this.#onEnd?.(detail);
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift())
      waiting.lose(detail);
  }
}

class WaitingCommand<T> implements Waiting {
  readonly #settle: Settle<T>;
  readonly #resolve: (value: T | Promise<T>) => void;

  constructor(settle: Settle<T>, resolve: (value: T | Promise<T>) => void) {
    this.#settle = settle;
    this.#resolve = resolve;
  }

  reply(reply: Reply | ErrorReply): void {
    this.#resolve(reply instanceof ErrorReply ? this.#settle.refused(reply.message) : this.#settle.replied(reply));
  }

  lose(detail: string): void {
    this.#resolve(this.#settle.lost(detail));
  }
}

/** Commands in the order in which they were sent. */
class WaitingQueue {
  #items: (Waiting | undefined)[] = [];
  #head = 0;

  push(item: Waiting): void {
    this.#items.push(item);
  }

  shift(): Waiting | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head === 1024) {
      this.#items = this.#items.slice(1024);
      this.#head = 0;
    }
    return item;
  }
}

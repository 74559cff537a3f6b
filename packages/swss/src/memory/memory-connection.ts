import type { Connection, Settle } from "../connection.js";
import type { Command } from "../store.js";
import { Executor } from "./executor.js";
import type { Keyspace } from "./keyspace.js";
import type { MemoryRedis } from "./memory-redis.js";

type Listener = (message: string, channel: string) => void;

const CLOSED = "The client is closed";

/**
 * A connection to a `MemoryRedis`. Commands reach the server in call order, never before the caller has returned;
 * replies and messages come back in the order in which the server gave them.
 */
export class MemoryConnection implements Connection {
  readonly #redis: MemoryRedis;
  readonly #onEnd: (detail: string) => void;
  readonly #executor: Executor;
  readonly #keyspace: Keyspace;
  readonly #channels = new Map<string, Listener>();
  readonly #patterns = new Map<string, Listener>();
  /** Why it ended. */
  #ended: string | undefined;
  #abandoned = false;
  /** What is called when the connection ends before the reply. */
  readonly #waiting = new Set<() => void>();

  private constructor(redis: MemoryRedis, database: number, onEnd: (detail: string) => void) {
    this.#redis = redis;
    this.#onEnd = onEnd;
    const context = redis.attach(this, database);
    if (typeof context === "string") throw new Error(context);
    this.#executor = new Executor(context, redis.scripts);
    this.#keyspace = context.keyspace;
  }

  /** Rejects when the server is down. */
  static async open(redis: MemoryRedis, database: number, onEnd: (detail: string) => void): Promise<MemoryConnection> {
    await new Promise<void>((resolve) => redis.after(resolve));
    return new MemoryConnection(redis, database, onEnd);
  }

  get changes(): number {
    return this.#keyspace.changes;
  }

  get answers(): boolean {
    return this.#ended === undefined && this.#redis.answers;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  send<T>(command: Command, settle: Settle<T>): Promise<T> {
    return this.#request(
      () => this.#executor.execute(command),
      (outcome) => ("reply" in outcome ? settle.replied(outcome.reply) : settle.refused(outcome.refused)),
      (detail) => settle.lost(detail),
    );
  }

  sendAll<T>(commands: readonly Command[], settle: (index: number) => Settle<T>): Promise<readonly T[]> {
    return this.#request(
      () => commands.map((command) => this.#executor.execute(command)),
      (outcomes) =>
        settled(
          outcomes.map((outcome, i) =>
            "reply" in outcome ? settle(i).replied(outcome.reply) : settle(i).refused(outcome.refused),
          ),
        ),
      (detail) => settled(commands.map((_, i) => settle(i).lost(detail))),
    );
  }

  async subscribe(channel: string, listener: Listener): Promise<void> {
    this.#channels.set(channel, listener);
    await this.#do(() => this.#redis.subscribe(this, channel));
  }

  async psubscribe(pattern: string, listener: Listener): Promise<void> {
    this.#patterns.set(pattern, listener);
    await this.#do(() => this.#redis.psubscribe(this, pattern));
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#do(() => this.#redis.unsubscribe(this, channel));
    this.#channels.delete(channel);
  }

  async punsubscribe(pattern: string): Promise<void> {
    await this.#do(() => this.#redis.punsubscribe(this, pattern));
    this.#patterns.delete(pattern);
  }

  /** From the server: a message for the channel, or for the pattern that matched it. */
  deliver(channel: string, pattern: string | undefined, message: string): void {
    this.#redis.after(() => {
      if (this.#ended !== undefined) return;
      const listener = pattern === undefined ? this.#channels.get(channel) : this.#patterns.get(pattern);
      listener?.(message, channel);
    });
  }

  /** From the server or the network: the connection is gone; the client notices a moment later. */
  end(detail: string): void {
    if (this.#close(detail)) this.#redis.after(() => this.#abandoned || this.#onEnd(detail));
  }

  destroy(): void {
    this.#close(CLOSED);
  }

  /** The client's process is gone: nothing that it waits for will ever come, not even an end. */
  abandon(): void {
    this.#abandoned = true;
    this.#waiting.clear();
    this.#close(CLOSED);
  }

  #close(detail: string): boolean {
    if (this.#ended !== undefined) return false;
    this.#ended = detail;
    this.#redis.detach(this);
    for (const lose of [...this.#waiting]) lose();
    this.#waiting.clear();
    return true;
  }

  async #do(act: () => void): Promise<void> {
    const lost = await this.#request(
      () => {
        act();
        return undefined;
      },
      () => undefined,
      (detail) => detail,
    );
    if (lost !== undefined) throw new Error(lost);
  }

  #request<R, T>(
    act: () => R,
    done: (result: R) => T | Promise<T>,
    lose: (detail: string) => T | Promise<T>,
  ): Promise<T> {
    if (this.#abandoned) return new Promise(() => {});
    if (this.#ended !== undefined) return Promise.resolve(lose(this.#ended));
    return new Promise((resolve) => {
      const onLost = (): void => resolve(lose(this.#ended ?? CLOSED));
      this.#waiting.add(onLost);
      this.#redis.after(() => {
        if (!this.#waiting.has(onLost)) return;
        const result = act();
        this.#redis.after(() => {
          if (this.#waiting.delete(onLost)) resolve(done(result));
        });
      });
    });
  }
}

/** What `settle` gave for each command: values mostly, seldom a promise. */
function settled<T>(values: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly T[]);
}

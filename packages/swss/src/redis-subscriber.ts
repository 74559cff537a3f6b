import { RedisClient, type RedisEndpoint } from "./redis-client.js";
import type { MessageListener } from "./store.js";
import { decodeText } from "./text.js";

/** SUBSCRIBE or PSUBSCRIBE. */
export type SubscriptionKind = "channel" | "pattern";

/** Who listens to what, over all connections of a link. */
export class SubscriptionTable {
  readonly #listeners = {
    channel: new Map<string, Set<MessageListener>>(),
    pattern: new Map<string, Set<MessageListener>>(),
  };

  get empty(): boolean {
    return this.#listeners.channel.size === 0 && this.#listeners.pattern.size === 0;
  }

  add(kind: SubscriptionKind, name: string, listener: MessageListener): void {
    const listeners = this.#listeners[kind].get(name) ?? new Set();
    this.#listeners[kind].set(name, listeners.add(listener));
  }

  remove(kind: SubscriptionKind, name: string, listener: MessageListener): void {
    const listeners = this.#listeners[kind].get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners[kind].delete(name);
  }

  has(kind: SubscriptionKind, name: string): boolean {
    return this.#listeners[kind].has(name);
  }

  names(kind: SubscriptionKind): string[] {
    return [...this.#listeners[kind].keys()];
  }

  deliver(kind: SubscriptionKind, name: string, message: Buffer, channel: Buffer): void {
    const listeners = this.#listeners[kind].get(name);
    if (listeners === undefined) return;
    const text = decodeText(message);
    const from = decodeText(channel);
    for (const listener of [...listeners]) listener(text, from);
  }
}

/** The subscribing connection of one session: makes what stands on the server equal to the table. */
export class RedisSubscriber {
  readonly #client: RedisClient;
  readonly #table: SubscriptionTable;
  readonly #standing = { channel: new Set<string>(), pattern: new Set<string>() };
  #last: Promise<void> = Promise.resolve();

  private constructor(client: RedisClient, table: SubscriptionTable) {
    this.#client = client;
    this.#table = table;
  }

  static async connect(
    endpoint: RedisEndpoint,
    table: SubscriptionTable,
    onEnd: (detail: string) => void,
  ): Promise<RedisSubscriber> {
    return new RedisSubscriber(await RedisClient.connect(endpoint, onEnd), table);
  }

  /** Resolves when all that the table held at the call stands; rejects when Redis refuses or the connection ends. */
  reconcile(): Promise<void> {
    const step = (): Promise<void> => this.#reconcile();
    this.#last = this.#last.then(step, step);
    return this.#last;
  }

  ping(): Promise<unknown> {
    return this.#client.ping();
  }

  destroy(): void {
    this.#client.destroy();
  }

  async #reconcile(): Promise<void> {
    const changes: Promise<void>[] = [];
    for (const kind of ["channel", "pattern"] as const) {
      const standing = this.#standing[kind];
      for (const name of this.#table.names(kind)) if (!standing.has(name)) changes.push(this.#stand(kind, name));
      for (const name of standing) if (!this.#table.has(kind, name)) changes.push(this.#fall(kind, name));
    }
    await Promise.all(changes);
  }

  async #stand(kind: SubscriptionKind, name: string): Promise<void> {
    const deliver = (message: Buffer, channel: Buffer): void => this.#table.deliver(kind, name, message, channel);
    await (kind === "channel" ? this.#client.subscribe(name, deliver) : this.#client.psubscribe(name, deliver));
    this.#standing[kind].add(name);
  }

  async #fall(kind: SubscriptionKind, name: string): Promise<void> {
    this.#standing[kind].delete(name);
    await (kind === "channel" ? this.#client.unsubscribe(name) : this.#client.punsubscribe(name));
  }
}

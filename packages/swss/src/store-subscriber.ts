import type { Connect, Connection, Settle } from "./connection.js";
import type { MessageListener } from "./store.js";

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

  deliver(kind: SubscriptionKind, name: string, message: string, channel: string): void {
    const listeners = this.#listeners[kind].get(name);
    if (listeners !== undefined) for (const listener of [...listeners]) listener(message, channel);
  }
}

/** The subscribing connection of one session: makes what stands on the server equal to the table. */
export class StoreSubscriber {
  readonly #connection: Connection;
  readonly #table: SubscriptionTable;
  readonly #standing = { channel: new Set<string>(), pattern: new Set<string>() };
  #last: Promise<void> = Promise.resolve();

  private constructor(connection: Connection, table: SubscriptionTable) {
    this.#connection = connection;
    this.#table = table;
  }

  static async open(
    connect: Connect,
    table: SubscriptionTable,
    onEnd: (detail: string) => void,
  ): Promise<StoreSubscriber> {
    return new StoreSubscriber(await connect(onEnd), table);
  }

  /** Resolves when all that the table held at the call stands; rejects when Redis refuses or the connection ends. */
  reconcile(): Promise<void> {
    const step = (): Promise<void> => this.#reconcile();
    this.#last = this.#last.then(step, step);
    return this.#last;
  }

  get answers(): boolean | undefined {
    return this.#connection.answers;
  }

  ping<T>(settle: Settle<T>): Promise<T> {
    return this.#connection.send(["PING"], settle);
  }

  destroy(): void {
    this.#connection.destroy();
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
    const deliver = (message: string, channel: string): void => this.#table.deliver(kind, name, message, channel);
    await (kind === "channel" ? this.#connection.subscribe(name, deliver) : this.#connection.psubscribe(name, deliver));
    this.#standing[kind].add(name);
  }

  async #fall(kind: SubscriptionKind, name: string): Promise<void> {
    this.#standing[kind].delete(name);
    await (kind === "channel" ? this.#connection.unsubscribe(name) : this.#connection.punsubscribe(name));
  }
}

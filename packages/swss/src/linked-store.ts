import { ok, type Result } from "@tandem/base";
import type { Command, Database, MessageListener, Reply, Script, Store, StoreError, Subscription } from "./store.js";
import type { StoreLink } from "./store-link.js";
import type { SubscriptionKind } from "./store-subscriber.js";

/** A `Store`: one user's view of a link that others may share. */
export class LinkedStore implements Store {
  readonly db: Database;
  readonly #link: StoreLink;
  readonly #release: () => void;
  readonly #subscriptions = new Set<Subscription>();
  readonly #onConnect = new Set<() => void>();
  readonly #onDisconnect = new Set<(detail: string) => void>();
  readonly #unlisten: () => void;

  /** `release` is called once, when the store is disposed. */
  constructor(db: Database, link: StoreLink, release: () => void) {
    this.db = db;
    this.#link = link;
    this.#release = release;
    this.#unlisten = link.listen({
      onConnect: () => {
        for (const listener of [...this.#onConnect]) listener();
      },
      onDisconnect: (detail) => {
        for (const listener of [...this.#onDisconnect]) listener(detail);
      },
    });
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get changes(): number | undefined {
    return this.#link.changes;
  }

  command(command: Command): Promise<Result<Reply, StoreError>> {
    return this.#link.command(this.db.name, command);
  }

  pipeline(commands: readonly Command[]): Promise<Result<readonly Result<Reply, StoreError>[], StoreError>> {
    return this.#link.pipeline(this.db.name, commands);
  }

  multi(commands: readonly Command[]): Promise<Result<readonly Reply[], StoreError>> {
    return this.#link.multi(this.db.name, commands);
  }

  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Result<Reply, StoreError>> {
    return this.#link.run(this.db.name, script, keys, args);
  }

  subscribe(channel: string, listener: MessageListener): Promise<Result<Subscription, StoreError>> {
    return this.#subscribe("channel", channel, listener);
  }

  psubscribe(pattern: string, listener: MessageListener): Promise<Result<Subscription, StoreError>> {
    return this.#subscribe("pattern", pattern, listener);
  }

  onConnect(listener: () => void): () => void {
    this.#onConnect.add(listener);
    return () => this.#onConnect.delete(listener);
  }

  onDisconnect(listener: (detail: string) => void): () => void {
    this.#onDisconnect.add(listener);
    return () => this.#onDisconnect.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#release();
  }

  async #subscribe(
    kind: SubscriptionKind,
    name: string,
    listener: MessageListener,
  ): Promise<Result<Subscription, StoreError>> {
    // The link knows a listener by identity; each subscription gets its own.
    const own: MessageListener = (message, channel) => listener(message, channel);
    const stands = await this.#link.subscribe(this.db.name, kind, name, own);
    if (!stands.ok) return stands;
    const subscription: Subscription = {
      close: async () => {
        if (this.#subscriptions.delete(subscription)) await stands.value();
      },
    };
    this.#subscriptions.add(subscription);
    return ok(subscription);
  }
}

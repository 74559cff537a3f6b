import type { Result } from "@tandem/base";
import type { Command, Database, MessageListener, Reply, Script, Store, StoreError, Subscription } from "../store.js";

/** Whether a simulated process still lives. */
export interface Life {
  readonly abandoned: boolean;
}

/** Hands on what subscriptions of a process hear: at once, or as much later as it is behind, in order. */
export type Hearing = (hear: () => void) => void;

/** A store of a process that may be killed: from then on nothing comes back from it. */
export class MemoryStore implements Store {
  readonly #store: Store;
  readonly #life: Life;
  readonly #hearing: Hearing;

  constructor(store: Store, life: Life, hearing: Hearing) {
    this.#store = store;
    this.#life = life;
    this.#hearing = hearing;
  }

  get db(): Database {
    return this.#store.db;
  }

  get connected(): boolean {
    return this.#store.connected;
  }

  get changes(): number | undefined {
    return this.#store.changes;
  }

  command(command: Command): Promise<Result<Reply, StoreError>> {
    return this.#gone() ?? this.#store.command(command);
  }

  pipeline(commands: readonly Command[]): Promise<Result<readonly Result<Reply, StoreError>[], StoreError>> {
    return this.#gone() ?? this.#store.pipeline(commands);
  }

  multi(commands: readonly Command[]): Promise<Result<readonly Reply[], StoreError>> {
    return this.#gone() ?? this.#store.multi(commands);
  }

  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Result<Reply, StoreError>> {
    return this.#gone() ?? this.#store.run(script, keys, args);
  }

  subscribe(channel: string, listener: MessageListener): Promise<Result<Subscription, StoreError>> {
    return this.#gone() ?? this.#store.subscribe(channel, this.#later(listener));
  }

  psubscribe(pattern: string, listener: MessageListener): Promise<Result<Subscription, StoreError>> {
    return this.#gone() ?? this.#store.psubscribe(pattern, this.#later(listener));
  }

  onConnect(listener: () => void): () => void {
    return this.#store.onConnect(listener);
  }

  onDisconnect(listener: (detail: string) => void): () => void {
    return this.#store.onDisconnect(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#gone() ?? this.#store[Symbol.asyncDispose]());
  }

  #later(listener: MessageListener): MessageListener {
    return (message, channel) => this.#hearing(() => this.#life.abandoned || listener(message, channel));
  }

  /** A promise that never settles, once the process is gone. */
  #gone(): Promise<never> | undefined {
    return this.#life.abandoned ? new Promise(() => {}) : undefined;
  }
}

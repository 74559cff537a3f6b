import type { Result } from "@tandem/base";

/** One database of one Redis instance, as the config file describes it. */
export interface Database {
  /** Name in the config file, e.g. `APPL_DB`; lookups are by name, ids may be shared. */
  readonly name: string;
  /** The number given to SELECT. */
  readonly id: number;
  /** Between table name and key. */
  readonly separator: ":" | "|";
  /** Container that the instance belongs to (`dpu0`), or empty for the host. */
  readonly container: string;
  readonly namespace: string;
}

/** A Redis reply. Bulk strings are text in the sense of `decodeText`. */
export type Reply = null | number | string | readonly Reply[];

/** A command and its arguments; arguments are text in the sense of `encodeText`. */
export type Command = readonly [name: string, ...args: string[]];

/** Why a command has no reply. */
export type StoreError =
  /** Not connected, or the connection ended before the reply: the command may or may not have been applied. */
  | { readonly kind: "disconnected"; readonly db: string; readonly detail: string }
  /** Redis refused the command (wrong type, script error, out of memory, …); nothing else of it was applied. */
  | { readonly kind: "refused"; readonly db: string; readonly command: string; readonly detail: string }
  /** The command waited behind too many others. It was not sent. */
  | { readonly kind: "queueFull"; readonly db: string; readonly limit: number };

/** An atomic script. Its only callers are the typed functions of `scripts.ts`. */
export interface Script {
  /** Name of its `.lua` file, without the ending. */
  readonly name: string;
  readonly lua: string;
  /**
   * It answers with strings and arrays that `cmsgpack.pack` made one bulk string, which nobody but a connection sees.
   * Many small strings are read several times as fast that way.
   */
  readonly packed?: boolean;
}

/** A subscription. Ends with `close` or with its store. */
export interface Subscription {
  close(): Promise<void>;
}

/** Receives one published message; must not throw. */
export type MessageListener = (message: string, channel: string) => void;

/**
 * The store port: one database, commands on one connection, subscriptions on another. Real: what
 * `RedisStores` opens. Simulated: what `MemoryStores` in `./testing` opens. Both pass `storeContract`.
 *
 * A store reconnects by itself (10 ms to 1 s, with jitter). While disconnected, commands fail at once with
 * `disconnected`; what was published meanwhile is lost, so readers re-read on each `onConnect`. Subscriptions are
 * re-established before `onConnect` listeners run.
 */
export interface Store extends AsyncDisposable {
  readonly db: Database;
  readonly connected: boolean;
  /**
   * Counts changes of the database, where that is known: in memory. Whoever has read everything at a count need not read
   * it again at the same one. `undefined` on a real Redis, and while disconnected.
   */
  readonly changes?: number | undefined;
  /** One command, one reply. Commands are sent in call order. */
  command(command: Command): Promise<Result<Reply, StoreError>>;
  /** Commands sent together, replies in order. Not atomic; one refusal does not stop the others. */
  pipeline(commands: readonly Command[]): Promise<Result<readonly Result<Reply, StoreError>[], StoreError>>;
  /** Commands in one MULTI/EXEC. A command refused at run time fails the call, the others were applied. */
  multi(commands: readonly Command[]): Promise<Result<readonly Reply[], StoreError>>;
  /** One script by EVALSHA, loaded again by itself when Redis does not know it. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Result<Reply, StoreError>>;
  /** Resolves when the subscription stands. */
  subscribe(channel: string, listener: MessageListener): Promise<Result<Subscription, StoreError>>;
  /** Glob pattern as of PSUBSCRIBE; one that is not UTF-8 is refused. Resolves when the subscription stands. */
  psubscribe(pattern: string, listener: MessageListener): Promise<Result<Subscription, StoreError>>;
  /** Called after each later (re)connection, never for the one that stood when called. Returns the unsubscriber. */
  onConnect(listener: () => void): () => void;
  /** Called when the connection is lost. Returns the unsubscriber. */
  onDisconnect(listener: (detail: string) => void): () => void;
}

/** Which database to open. */
export interface StoreAddress {
  readonly db: string;
  /** Container name (`dpu0`); empty or absent for the host. */
  readonly container?: string;
  readonly namespace?: string;
  /** A connection that no other store shares, for commands that block: they hold up all behind them. */
  readonly own?: boolean;
}

/** Why a database could not be opened. Connection failures are not among them: an opened store keeps trying. */
export type OpenError =
  | { readonly kind: "unknownDatabase"; readonly address: StoreAddress; readonly known: readonly string[] }
  | { readonly kind: "badConfig"; readonly path: string; readonly detail: string };

/** The port that opens stores. Stores of one process may share connections. */
export interface Stores extends AsyncDisposable {
  /** A store that may still be connecting; await `connected` through `onConnect`. */
  open(address: StoreAddress): Result<Store, OpenError>;
}

/** Resolves when `store` is connected; rejects only when `signal` aborts. */
export function untilConnected(store: Store, signal?: AbortSignal): Promise<void> {
  if (store.connected) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = store.onConnect(() => {
      stop();
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** One line for an operator. */
export function describeStoreError(error: StoreError): string {
  switch (error.kind) {
    case "disconnected":
      return `${error.db}: not connected (${error.detail})`;
    case "refused":
      return `${error.db}: ${error.command} refused: ${error.detail}`;
    case "queueFull":
      return `${error.db}: ${error.limit} commands already wait`;
  }
}

import { type Clock, type Millis, seconds, seededRandom, systemClock, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { type FieldValues, recordOf } from "../field-values.js";
import { MemoryRedis } from "../memory/memory-redis.js";
import { MemoryWires } from "../memory/memory-sockets.js";
import { MemoryStores } from "../memory/memory-stores.js";
import type { Sockets } from "../push-pull.js";
import { type Store, type Stores, untilConnected } from "../store.js";
import { zmqSockets } from "../zmq-sockets.js";
import { freePort, startRedis } from "./redis-server.js";
import { redisStoresAt } from "./redis-stores.js";

/** What tests of tables run on: a real redis-server with ZMQ, or the simulated ones under virtual time. */
export interface TableWorld extends AsyncDisposable {
  readonly clock: Clock;
  /** A connected store; each one has its own connections. */
  store(db: string): Promise<Store>;
  readonly sockets: Sockets;
  freeEndpoint(): Promise<string>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends all connections from the server's side. */
  disconnect(): Promise<void>;
  /** Resolves `work` while time passes as far as it needs. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Lets `duration` pass; the real world lets everything that is under way finish instead. */
  pass(duration: Millis): Promise<void>;
}

async function connected(open: () => Stores, db: string, own: AsyncDisposable[]): Promise<Store> {
  const stores = open();
  own.push(stores);
  return unwrap(stores.open({ db }));
}

export async function realTableWorld(config: Readonly<Record<string, string>> = {}): Promise<TableWorld> {
  const server = await startRedis({ config });
  const sockets = zmqSockets();
  const own: AsyncDisposable[] = [sockets];
  return {
    clock: systemClock,
    async store(db) {
      const store = await connected(() => redisStoresAt(server), db, own);
      await untilConnected(store);
      return store;
    },
    sockets,
    freeEndpoint: async () => `tcp://127.0.0.1:${await freePort()}`,
    kill: () => server.kill9(),
    restart: () => server.restart(),
    disconnect: () => server.disconnectClients(),
    run: (work) => work,
    pass: () => settle(),
    async [Symbol.asyncDispose]() {
      for (const each of own) await each[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export async function memoryTableWorld(config: Readonly<Record<string, string>> = {}): Promise<TableWorld> {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock, config });
  const sockets = new MemoryWires().sockets();
  const own: AsyncDisposable[] = [sockets];
  let port = 1;
  return {
    clock,
    async store(db) {
      const open = () => new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
      const store = await connected(open, db, own);
      await clock.run(untilConnected(store), seconds(10));
      return store;
    },
    sockets,
    freeEndpoint: () => Promise.resolve(`tcp://127.0.0.1:${port++}`),
    kill: async () => redis.kill(),
    restart: async () => redis.restart(),
    disconnect: async () => redis.disconnect(),
    run: (work) => clock.run(work, seconds(60)),
    pass: (duration) => clock.advance(duration),
    async [Symbol.asyncDispose]() {
      for (const each of own) await each[Symbol.asyncDispose]();
    },
  };
}

export const TABLE_WORLDS = [
  ["Redis", realTableWorld],
  ["memory", memoryTableWorld],
] as const;

/** Messages of all channels but key events, as they are published on the server of `store`. */
export class PublishRecorder {
  readonly #store: Store;
  #seen: (readonly [channel: string, message: string])[] = [];
  #marker = 0;
  #waiting: { readonly text: string; readonly resolve: () => void } | undefined;

  private constructor(store: Store) {
    this.#store = store;
  }

  static async start(store: Store): Promise<PublishRecorder> {
    const recorder = new PublishRecorder(store);
    unwrap(await store.psubscribe("*", (message, channel) => recorder.#take(channel, message)));
    return recorder;
  }

  /** Everything published since the last call. */
  async take(): Promise<readonly (readonly [channel: string, message: string])[]> {
    const text = `marker ${this.#marker++}`;
    const arrived = new Promise<void>((resolve) => {
      this.#waiting = { text, resolve };
    });
    unwrap(await this.#store.command(["PUBLISH", "recorder", text]));
    await arrived;
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #take(channel: string, message: string): void {
    if (channel === "recorder") {
      if (message === this.#waiting?.text) this.#waiting.resolve();
    } else if (!channel.startsWith("__key")) {
      this.#seen.push([channel, message]);
    }
  }
}

export type KeyspaceDump = Readonly<Record<string, unknown>>;

/** All keys of a database: `{hash}`, `{set}` in order of members, `{list}` from its head, `{string}`. */
export async function dumpKeyspace(store: Store): Promise<KeyspaceDump> {
  const run = async (...command: [string, ...string[]]) => unwrap(await store.command(command), command.join(" "));
  const dump: [string, unknown][] = [];
  for (const key of (await run("KEYS", "*")) as readonly string[]) {
    const type = await run("TYPE", key);
    if (type === "hash") {
      const flat = (await run("HGETALL", key)) as readonly string[];
      dump.push([key, { hash: Object.fromEntries(flat.flatMap((f, i) => (i % 2 ? [] : [[f, flat[i + 1]]]))) }]);
    } else if (type === "set") {
      dump.push([key, { set: [...((await run("SMEMBERS", key)) as readonly string[])].sort() }]);
    } else if (type === "list") {
      dump.push([key, { list: await run("LRANGE", key, "0", "-1") }]);
    } else {
      dump.push([key, { string: await run("GET", key) }]);
    }
  }
  return Object.fromEntries(dump);
}

/** Writes what `dumpKeyspace` gives, in place of what the database holds. */
export async function loadKeyspace(store: Store, dump: KeyspaceDump): Promise<void> {
  unwrap(await store.command(["FLUSHDB"]));
  for (const [key, value] of Object.entries(dump)) {
    const { hash, set, list } = value as { hash?: Record<string, string>; set?: string[]; list?: string[] };
    if (hash !== undefined) unwrap(await store.command(["HSET", key, ...Object.entries(hash).flat()]));
    if (set !== undefined) unwrap(await store.command(["SADD", key, ...set]));
    if (list !== undefined) unwrap(await store.command(["RPUSH", key, ...list]));
  }
}

/** Resolves when the connection of `store` is lost. Ask before it happens. */
export function disconnection(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onDisconnect(() => {
      stop();
      resolve();
    });
  });
}

/** Repeats a write while the connection is coming back. */
export async function untilWritten(write: () => Promise<{ readonly ok: boolean }>): Promise<void> {
  while (!(await write()).ok) await settle();
}

/** `SET k {"f":"1"}`, one a change. */
export function describeChanges(changes: readonly { key: string; op: string; fieldValues: FieldValues }[]): string[] {
  return changes.map(({ key, op, fieldValues }) =>
    `${op} ${key} ${fieldValues.length > 0 ? JSON.stringify(recordOf(fieldValues)) : ""}`.trim(),
  );
}

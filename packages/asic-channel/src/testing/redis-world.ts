import { ok, type Result, systemClock, systemRandom, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { RedisStores, type Store, untilConnected } from "@tandem/swss";
import { databasesAt, type RedisServer, startRedis } from "@tandem/swss/testing";
import type { EndError } from "../asic-error.js";
import type { RedisChannelOptions, RedisClientOptions } from "../redis/channel-options.js";
import type { AsicClient, AsicObserver, AsicServer, TransportTraits } from "../transport.js";
import type { Carrier, ClientWish, ContractWorld, EndWish } from "./contract-world.js";

/** The ends of one transport through Redis. */
export interface RedisEnds {
  readonly traits: TransportTraits;
  client(options: RedisClientOptions & { readonly bytesMax?: number }): Promise<Result<AsicClient, EndError>>;
  server(options: RedisChannelOptions): Promise<Result<AsicServer, EndError>>;
  observer?(options: Pick<RedisChannelOptions, "stores">): Promise<AsicObserver>;
  garble(store: Store): Promise<void>;
}

/** Worlds of one transport on one redis-server, which each of them finds empty. */
export class RedisWorlds implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly #ends: RedisEnds;

  private constructor(redis: RedisServer, ends: RedisEnds) {
    this.redis = redis;
    this.#ends = ends;
  }

  static async start(ends: RedisEnds, config: Readonly<Record<string, string>> = {}): Promise<RedisWorlds> {
    return new RedisWorlds(await startRedis({ config }), ends);
  }

  async open(): Promise<RedisWorld> {
    const stores = storesAt(this.redis);
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    unwrap(await store.command(["FLUSHALL"]));
    return new RedisWorld(this.redis, this.#ends, stores, store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis[Symbol.asyncDispose]();
  }
}

function storesAt(redis: RedisServer): RedisStores {
  return new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });
}

/** What one end of a world has for itself. */
interface Process {
  readonly stores: RedisStores;
  /** Shares the connection of the end. */
  readonly link: Store;
}

function disconnection(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onDisconnect(() => {
      stop();
      resolve();
    });
  });
}

/** One of them: each end has connections of its own, as processes have. */
export class RedisWorld implements ContractWorld {
  readonly clock = new VirtualClock();
  readonly traits: TransportTraits;
  /** For tests: what stands in Redis. */
  readonly store: Store;
  readonly carrier: Carrier;
  readonly observer?: () => Promise<AsicObserver>;
  readonly #redis: RedisServer;
  readonly #ends: RedisEnds;
  readonly #stores: RedisStores;
  readonly #processes = new Map<AsyncDisposable, Process>();

  constructor(redis: RedisServer, ends: RedisEnds, stores: RedisStores, store: Store) {
    this.traits = ends.traits;
    this.store = store;
    this.#redis = redis;
    this.#ends = ends;
    this.#stores = stores;
    this.carrier = this.#carrier();
    const { observer } = ends;
    if (observer !== undefined)
      this.observer = async () => unwrap(await this.#process(async (own) => ok(await observer({ stores: own }))));
  }

  client({ mode, name = "client", onTrouble, ...wish }: ClientWish = {}): Promise<Result<AsicClient, EndError>> {
    return this.#process((stores) =>
      this.#ends.client({ ...this.#options(stores, { name, mode, onTrouble }), ...wish }),
    );
  }

  server({ mode, name = "server", onTrouble }: EndWish = {}): Promise<Result<AsicServer, EndError>> {
    return this.#process((stores) => this.#ends.server(this.#options(stores, { name, mode, onTrouble })));
  }

  async kill(end: AsicClient | AsicServer): Promise<void> {
    await this.#processes.get(end)?.stores[Symbol.asyncDispose]();
    this.#processes.delete(end);
  }

  garble(): Promise<void> {
    return this.#ends.garble(this.store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stores } of this.#processes.values()) await stores[Symbol.asyncDispose]();
    await this.#stores[Symbol.asyncDispose]();
  }

  #options(stores: RedisStores, wish: { [K in keyof EndWish]: EndWish[K] | undefined }): RedisChannelOptions {
    const { name = "", mode = this.traits.modes[0] ?? "sync", onTrouble } = wish;
    const owner = { name, host: "localhost", pid: process.pid, since: 0 };
    return { stores, clock: this.clock, owner, mode, ...(onTrouble !== undefined && { onTrouble }) };
  }

  async #process<T extends AsyncDisposable, E>(
    open: (stores: RedisStores) => Promise<Result<T, E>>,
  ): Promise<Result<T, E>> {
    const stores = storesAt(this.#redis);
    const end = await open(stores);
    if (end.ok) this.#processes.set(end.value, { stores, link: unwrap(stores.open({ db: "ASIC_DB" })) });
    else await stores[Symbol.asyncDispose]();
    return end;
  }

  #carrier(): Carrier {
    const config = async (...settings: [string, string][]): Promise<void> => {
      for (const [name, value] of settings) unwrap(await this.store.command(["CONFIG", "SET", name, value]));
    };
    return {
      stop: async () => {
        const links = [this.store, ...[...this.#processes.values()].map(({ link }) => link)];
        const gone = Promise.all(links.map(disconnection));
        await this.#redis.kill9();
        await gone;
        // Connections of their own ended at the same time; each is noticed in a turn of its own.
        for (let turn = 0; turn < 20; turn++) await settle();
      },
      start: () => this.#redis.restart(),
      refuse: (how) => (how === "outOfMemory" ? config(["maxmemory", "1"]) : config(["min-replicas-to-write", "1"])),
      relent: () => config(["maxmemory", "0"], ["min-replicas-to-write", "0"]),
    };
  }
}

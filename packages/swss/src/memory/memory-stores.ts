import { type Clock, type Millis, mapOk, millis, type Random, type Result } from "@tandem/base";
import { DATABASES_DEFAULT } from "../database-names.js";
import { type DatabaseLocation, Databases } from "../databases.js";
import { LinkedStores } from "../linked-stores.js";
import type { OpenError, Store, StoreAddress, Stores } from "../store.js";
import type { MemoryConnection } from "./memory-connection.js";
import type { MemoryRedis } from "./memory-redis.js";
import { MemoryStore } from "./memory-store.js";

/** A server and whose databases it holds: the host's unless container or namespace say otherwise. */
export interface MemoryServer {
  readonly redis: MemoryRedis;
  readonly container?: string;
  readonly namespace?: string;
}

/** The servers that one simulated process reaches. */
export interface MemoryStoresOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly servers: readonly MemoryServer[];
  /** Default 65,536, as for the real one. */
  readonly inFlightMax?: number;
}

/** `Stores` of one simulated process. Everything but the wire is the code of the real one. */
export class MemoryStores implements Stores {
  readonly #stores: LinkedStores;
  readonly #open = new Map<MemoryConnection, MemoryRedis>();
  readonly #severed = new Set<MemoryRedis>();
  readonly #life = { abandoned: false };
  readonly #clock: Clock;
  #behind = millis(0);
  /** When the last of what subscriptions have not heard yet is heard. */
  #lastHeard = 0;

  constructor({ servers, ...options }: MemoryStoresOptions) {
    this.#clock = options.clock;
    const databases = new Databases(servers.map(sourceOf));
    this.#stores = new LinkedStores({ databases, ...options }, ({ database }: DatabaseLocation) => {
      const { container, namespace, id } = database;
      const server = servers.find((s) => (s.container ?? "") === container && (s.namespace ?? "") === namespace);
      const redis = (server as MemoryServer).redis;
      return { key: JSON.stringify([container, namespace, id]), connect: (onEnd) => this.#connect(redis, id, onEnd) };
    });
  }

  open(address: StoreAddress): Result<Store, OpenError> {
    return mapOk(this.#stores.open(address), (store) => new MemoryStore(store, this.#life, (hear) => this.#hear(hear)));
  }

  /**
   * Subscriptions hear so much later from now on, while commands and replies take as long as ever: they have connections
   * of their own.
   */
  setBehind(behind: Millis): void {
    this.#behind = behind;
  }

  /** How long until subscriptions have heard all that they are behind with. */
  get backlog(): Millis {
    return millis(Math.max(0, this.#lastHeard - this.#clock.monotonic()));
  }

  /**
   * The process is killed: its pending and later calls never settle, its listeners are never called again. The servers
   * still perform what has reached them.
   */
  abandon(): void {
    this.#life.abandoned = true;
    for (const connection of [...this.#open.keys()]) connection.abandon();
    this.#open.clear();
    void this.#stores[Symbol.asyncDispose]();
  }

  /** Cuts the way to one server until `mend`; others still reach it. */
  sever(redis: MemoryRedis): void {
    this.#severed.add(redis);
    this.disconnect(redis);
  }

  mend(redis: MemoryRedis): void {
    this.#severed.delete(redis);
  }

  /** Ends the connections of this process to one server; they come back by themselves. */
  disconnect(redis: MemoryRedis): void {
    for (const [connection, target] of [...this.#open]) if (target === redis) connection.end("closed by Redis");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stores[Symbol.asyncDispose]();
  }

  #hear(hear: () => void): void {
    const now = this.#clock.monotonic();
    if (this.#behind === 0 && this.#lastHeard <= now) {
      hear();
      return;
    }
    this.#lastHeard = Math.max(this.#lastHeard, now + this.#behind);
    this.#clock.setTimer(millis(this.#lastHeard - now), hear);
  }

  async #connect(redis: MemoryRedis, database: number, onEnd: (detail: string) => void): Promise<MemoryConnection> {
    if (this.#severed.has(redis)) throw new Error(`connect EHOSTUNREACH ${redis.name}`);
    const connection = await redis.connect(database, onEnd);
    for (const old of [...this.#open.keys()]) if (old.ended) this.#open.delete(old);
    if (this.#life.abandoned) connection.abandon();
    else this.#open.set(connection, redis);
    return connection;
  }
}

function sourceOf({ redis, container = "", namespace = "" }: MemoryServer) {
  const instance = { name: "redis", hostname: redis.name, port: 0, unixSocketPath: "" };
  const databases = Object.entries(DATABASES_DEFAULT).map(
    ([name, { id, separator }]) => [name, { name, id, separator, instance: "redis" }] as const,
  );
  const config = { instances: new Map([["redis", instance]]), databases: new Map(databases) };
  return { path: redis.name, container, namespace, config };
}

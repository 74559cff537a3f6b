import { type Clock, ok, type Random, type Result } from "@tandem/base";
import type { Connect } from "./connection.js";
import type { DatabaseLocation, Databases } from "./databases.js";
import { LinkedStore } from "./linked-store.js";
import type { OpenError, Store, StoreAddress, Stores } from "./store.js";
import { IN_FLIGHT_MAX, StoreLink } from "./store-link.js";

export interface LinkedStoresOptions {
  readonly databases: Databases;
  readonly clock: Clock;
  readonly random: Random;
  /** Commands that may wait for replies on one connection; default 65,536. */
  readonly inFlightMax?: number;
}

/** How a database is reached. */
export interface Route {
  /** Databases with the same key share connections. */
  readonly key: string;
  readonly connect: Connect;
}

interface SharedLink {
  readonly link: StoreLink;
  users: number;
}

/** `Stores` over some kind of connection: stores of one database share its link. */
export class LinkedStores implements Stores {
  readonly #options: LinkedStoresOptions;
  readonly #route: (location: DatabaseLocation) => Route;
  readonly #links = new Map<string, SharedLink>();
  #owned = 0;

  constructor(options: LinkedStoresOptions, route: (location: DatabaseLocation) => Route) {
    this.#options = options;
    this.#route = route;
  }

  open(address: StoreAddress): Result<Store, OpenError> {
    const found = this.#options.databases.find(address);
    if (!found.ok) return found;
    const { key: route, connect } = this.#route(found.value);
    const key = address.own === true ? `${route} ${this.#owned++}` : route;
    const { clock, random, inFlightMax = IN_FLIGHT_MAX } = this.#options;
    const shared = this.#links.get(key) ?? { link: new StoreLink(connect, { clock, random, inFlightMax }), users: 0 };
    this.#links.set(key, shared);
    shared.users += 1;
    return ok(new LinkedStore(found.value.database, shared.link, () => this.#release(key, shared)));
  }

  /** Ends every connection; stores that are still open stay disconnected. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
  }

  #release(key: string, shared: SharedLink): void {
    shared.users -= 1;
    if (shared.users > 0 || this.#links.get(key) !== shared) return;
    this.#links.delete(key);
    shared.link.close();
  }
}

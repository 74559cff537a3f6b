import { type Clock, err, ok, type Result } from "@tandem/base";
import { VnetRouteTunnel, type VnetRouteTunnelRow } from "@tandem/hamgrd";
import {
  ConsumerStateTable,
  describeRowError,
  describeStoreError,
  type Fields,
  type OpenError,
  recordOf,
  type StoreError,
  type Stores,
} from "@tandem/swss";
import type { SwitchPlace } from "../topology.js";

export interface NpuOptions {
  readonly place: SwitchPlace;
  readonly clock: Clock;
  /** Databases of the switch. */
  readonly stores: Stores;
  readonly onWarning?: (text: string) => void;
}

/** One route to a pair, as orchagent of the switch holds it. */
export interface NpuRoute {
  readonly vnet: string;
  readonly prefix: string;
  readonly row: VnetRouteTunnelRow;
}

/** The orchagent of one switch, as far as HA needs it: it takes the rows of two state tables and keeps the routes. */
export interface SimulatedNpu extends AsyncDisposable {
  readonly place: SwitchPlace;
  /** The route for a VIP. */
  route(vip: string): NpuRoute | undefined;
  routes(): ReadonlyMap<string, NpuRoute>;
  /** Addresses that this switch probes: the monitors of its routes. */
  monitored(): ReadonlySet<string>;
  /** As when it loses power: it forgets every route, and takes those that are written from now on. */
  reset(): void;
  /** Called when a route changes. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/** Starts to consume. Fails when APPL_DB is not configured; a store that is not connected yet is waited for. */
export function startNpu(options: NpuOptions): Result<SimulatedNpu, OpenError> {
  const store = options.stores.open({ db: "APPL_DB" });
  if (!store.ok) return err(store.error);
  const warn = (text: string): void => options.onWarning?.(`${options.place.name}: ${text}`);
  // A lost connection is waited for, and what was missed meanwhile is read then.
  const onError = (error: StoreError): void => {
    if (error.kind !== "disconnected") warn(describeStoreError(error));
  };
  const routes = new ConsumerStateTable(store.value, VnetRouteTunnel.name, { clock: options.clock, onError });
  const neighbours = new ConsumerStateTable(store.value, "NEIGH_RESOLVE_TABLE", { clock: options.clock, onError });
  return ok(new NpuShell(options.place, routes, neighbours, warn));
}

class NpuShell implements SimulatedNpu {
  readonly place: SwitchPlace;
  readonly #tables: readonly ConsumerStateTable[];
  readonly #warn: (text: string) => void;
  /** Rows as merged from what the consumer gave, by row key. */
  readonly #rows = new Map<string, Fields>();
  readonly #routes = new Map<string, NpuRoute>();
  readonly #listeners = new Set<() => void>();
  #monitored: ReadonlySet<string> = new Set();

  constructor(
    place: SwitchPlace,
    routes: ConsumerStateTable,
    neighbours: ConsumerStateTable,
    warn: (text: string) => void,
  ) {
    this.place = place;
    this.#tables = [routes, neighbours];
    this.#warn = warn;
    void this.#follow(routes, (key, fields) => this.#onRoute(key, fields));
    // nbrmgr resolves the neighbour; nothing here depends on when.
    void this.#follow(neighbours, () => undefined);
  }

  route(vip: string): NpuRoute | undefined {
    return this.#routes.get(vip);
  }

  routes(): ReadonlyMap<string, NpuRoute> {
    return this.#routes;
  }

  monitored(): ReadonlySet<string> {
    return this.#monitored;
  }

  reset(): void {
    this.#rows.clear();
    this.#routes.clear();
    this.#changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tables.map((table) => table.close()));
  }

  async #follow(table: ConsumerStateTable, take: (key: string, fields: Fields | undefined) => void): Promise<void> {
    for await (const changes of table) {
      for (const { key, op, fieldValues } of changes) take(key, op === "SET" ? recordOf(fieldValues) : undefined);
    }
  }

  #onRoute(key: string, fields: Fields | undefined): void {
    const parts = VnetRouteTunnel.parseKey(key);
    if (!parts.ok) {
      this.#warn(describeRowError(parts.error, key));
      return;
    }
    const { vnet, prefix } = parts.value;
    if (fields === undefined) {
      this.#rows.delete(key);
      this.#routes.delete(prefix);
    } else {
      const merged = { ...this.#rows.get(key), ...fields };
      this.#rows.set(key, merged);
      const row = VnetRouteTunnel.decode(merged);
      if (!row.ok) {
        this.#warn(describeRowError(row.error, key));
        return;
      }
      this.#routes.set(prefix, { vnet, prefix, row: row.value });
    }
    this.#changed();
  }

  #changed(): void {
    this.#monitored = new Set([...this.#routes.values()].flatMap((route) => route.row.endpoint_monitor ?? []));
    for (const listener of [...this.#listeners]) listener();
  }
}

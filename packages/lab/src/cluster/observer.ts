import { type Clock, type Millis, unwrap } from "@tandem/base";
import { type DatabaseName, type Fields, SubscriberStateTable } from "@tandem/swss";
import { switchOf } from "../topology.js";
import type { ClusterHost, RedisOwner } from "./cluster-host.js";

/** Tables that hamgrd and the DPUs write, by where they live. */
export const WATCHED = {
  switch: [
    ["STATE_DB", "DASH_HA_SCOPE_STATE"],
    ["STATE_DB", "DPU_RESET_INFO"],
    ["CHASSIS_STATE_DB", "DPU_STATE"],
    ["APPL_DB", "DASH_HA_SET_CONFIG_TABLE"],
    ["APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE"],
    ["APPL_DB", "VNET_ROUTE_TUNNEL_TABLE"],
    ["APPL_DB", "NEIGH_RESOLVE_TABLE"],
  ],
  dpu: [
    ["DPU_APPL_DB", "BFD_SESSION_TABLE"],
    ["DPU_APPL_DB", "DASH_HA_SET_TABLE"],
    ["DPU_APPL_DB", "DASH_HA_SCOPE_TABLE"],
    ["DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE"],
    ["DPU_STATE_DB", "DASH_BFD_PROBE_STATE"],
  ],
} as const satisfies Record<string, readonly (readonly [DatabaseName, string])[]>;

/** Where each hamgrd keeps what it has written: watched too, but no receipt counts it. */
export const LEDGER = ["STATE_DB", "TANDEM_LEDGER"] as const;

/** One change of a watched row. `fields` is undefined when the row went. */
export interface RowChange {
  readonly at: Millis;
  readonly owner: RedisOwner;
  readonly db: DatabaseName;
  readonly table: string;
  readonly key: string;
  readonly fields: Fields | undefined;
  /** The row before. */
  readonly before: Fields | undefined;
}

/** What an observer needs of a cluster. */
export type ObservedHost = Pick<ClusterHost, "topology" | "clock" | "stores">;

/** Changes kept at least; older ones are dropped, as many at a time. */
const CHANGES_MAX = 50_000;

/** Follows the rows of every switch and DPU as an operator's tools would: by key events. */
export class Observer implements AsyncDisposable {
  readonly changes: RowChange[] = [];
  /** Row writes and deletes seen, by table. */
  readonly written = new Map<string, number>();
  readonly #clock: Clock;
  readonly #rows = new Map<string, Map<string, Fields>>();
  readonly #tables: SubscriberStateTable[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #rowListeners = new Set<(change: RowChange) => void>();

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  static start(host: ObservedHost): Observer {
    const observer = new Observer(host.clock);
    for (const sw of host.topology.switches) {
      for (const [db, table] of [...WATCHED.switch, LEDGER]) observer.#watch(host, sw, db, table);
    }
    for (const dpu of host.topology.dpus) {
      for (const [db, table] of WATCHED.dpu) observer.#watch(host, dpu, db, table);
    }
    return observer;
  }

  /** Rows of one table as last seen, by key. */
  rows(owner: RedisOwner, db: DatabaseName, table: string): ReadonlyMap<string, Fields> {
    return this.#rows.get(`${owner.name} ${db} ${table}`) ?? new Map();
  }

  /** A database was emptied by FLUSHDB, of which no key event tells: whoever did it says so. */
  flushed(owner: RedisOwner, db: string): void {
    const prefix = `${owner.name} ${db} `;
    for (const [name, rows] of this.#rows) {
      if (!name.startsWith(prefix)) continue;
      for (const key of [...rows.keys()]) {
        this.#take(owner, db as DatabaseName, name.slice(prefix.length), key, undefined);
      }
    }
    this.notify();
  }

  /** Called after each change, also of what others `notify` about. Returns the unsubscriber. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with each change of a row, before `onChange`. Returns the unsubscriber. */
  onRow(listener: (change: RowChange) => void): () => void {
    this.#rowListeners.add(listener);
    return () => this.#rowListeners.delete(listener);
  }

  /** Something else that conditions may look at has changed. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves once `condition` holds; looked at after each change. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onChange(() => {
        if (!condition()) return;
        stop();
        resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tables.map((table) => table.close()));
  }

  #watch(host: ObservedHost, owner: RedisOwner, db: DatabaseName, name: string): void {
    const sw = "slot" in owner ? switchOf(host.topology, owner) : owner;
    const container = "slot" in owner ? `dpu${owner.slot}` : "";
    const store = unwrap(host.stores(sw).open({ db, container }), `${owner.name} ${db}`);
    const rows = new Map<string, Fields>();
    this.#rows.set(`${owner.name} ${db} ${name}`, rows);
    const table = new SubscriberStateTable(store, name, { clock: host.clock });
    this.#tables.push(table);
    void (async () => {
      for await (const changes of table) {
        for (const { key, op, fieldValues } of changes) {
          this.#take(owner, db, name, key, op === "SET" ? Object.fromEntries(fieldValues) : undefined);
        }
        this.notify();
      }
    })();
  }

  #take(owner: RedisOwner, db: DatabaseName, table: string, key: string, fields: Fields | undefined): void {
    const rows = this.#rows.get(`${owner.name} ${db} ${table}`);
    const before = rows?.get(key);
    if (fields === undefined) rows?.delete(key);
    else rows?.set(key, fields);
    if (table !== LEDGER[1]) this.written.set(table, (this.written.get(table) ?? 0) + 1);
    const change = { at: this.#clock.monotonic(), owner, db, table, key, fields, before };
    this.changes.push(change);
    if (this.changes.length > 2 * CHANGES_MAX) this.changes.splice(0, this.changes.length - CHANGES_MAX);
    for (const listener of [...this.#rowListeners]) listener(change);
  }
}

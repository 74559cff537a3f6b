import { millis, sleep, unwrap } from "@tandem/base";
import type { Command, DatabaseName, Fields, Store } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { RedisOwner } from "../cluster/cluster-host.js";
import type { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { type DpuPlace, pairOf, type SwitchPlace, switchOf } from "../topology.js";

/** Between two tries, and so many: longer than any fault lasts. */
export const RETRY_AFTER = millis(250);
export const TRIES_MAX = 1000;

/**
 * Rows as somebody writes them who does not belong to the cluster. Where the database is away, nothing happens: what is
 * down cannot be written to.
 */
export class RowTools {
  readonly host: SimulatedCluster;
  readonly cluster: Cluster;
  /** Config rows that were taken away, by switch and key. */
  readonly #taken = new Map<string, Fields>();
  /** Of those, what is not done yet: read first, then deleted. */
  readonly #taking = new Map<string, Promise<void>>();
  /** Reports as they were first seen, by DPU. */
  readonly #reports = new Map<string, Fields>();

  constructor(host: SimulatedCluster, cluster: Cluster) {
    this.host = host;
    this.cluster = cluster;
  }

  async putRow(owner: RedisOwner, db: DatabaseName, table: string, key: string, fields: Fields): Promise<void> {
    const store = this.#store(owner, db);
    await this.hset(owner, db, `${table}${store.db.separator}${key}`, fields);
  }

  async hset(owner: RedisOwner, db: DatabaseName, key: string, fields: Fields): Promise<void> {
    await this.#store(owner, db).command(["HSET", key, ...Object.entries(fields).flat()]);
  }

  async hdel(owner: RedisOwner, db: DatabaseName, key: string, names: readonly string[]): Promise<void> {
    await this.#store(owner, db).command(["HDEL", key, ...names]);
  }

  async deleteKey(owner: RedisOwner, db: DatabaseName, key: string): Promise<void> {
    await this.#store(owner, db).command(["DEL", key]);
  }

  async deleteKeys(owner: RedisOwner, db: DatabaseName, prefix: string): Promise<void> {
    const keys = await this.#keys(owner, db, prefix);
    if (keys.length > 0) await this.#store(owner, db).command(["DEL", ...keys]);
  }

  /** Each row loses its first field by name. */
  async dropField(owner: RedisOwner, db: DatabaseName, prefix: string): Promise<void> {
    for (const key of await this.#keys(owner, db, prefix)) {
      const [first] = Object.keys(await this.#read(owner, db, key)).sort();
      if (first !== undefined) await this.hdel(owner, db, key, [first]);
    }
  }

  async flush(owner: RedisOwner, db: DatabaseName): Promise<void> {
    const done = await this.#store(owner, db).command(["FLUSHDB"]);
    if (done.ok) this.cluster.observer.flushed(owner, db);
  }

  /** A config row of the DPU's switch goes, until it is brought back; not where it cannot be read, or is gone already. */
  async takeConfig(dpu: DpuPlace, key: string): Promise<void> {
    const sw = switchOf(this.cluster.topology, dpu);
    const name = `${sw.name} ${key}`;
    const taking = this.#take(sw, name, key);
    this.#taking.set(name, taking);
    await taking;
    if (this.#taking.get(name) === taking) this.#taking.delete(name);
  }

  /**
   * Not before it is taken, however long a slow database takes for that. Tried until the database takes it: configuration
   * that was taken is brought back whatever else is down.
   */
  async bringConfig(dpu: DpuPlace, key: string): Promise<void> {
    const sw = switchOf(this.cluster.topology, dpu);
    const name = `${sw.name} ${key}`;
    const taking = this.#taking.get(name);
    if (taking !== undefined) await taking;
    const fields = this.#taken.get(name);
    if (fields === undefined) return;
    const store = this.#store(sw, "CONFIG_DB");
    const command: Command = ["HSET", key, ...Object.entries(fields).flat()];
    for (let tries = 0; tries < TRIES_MAX && !(await store.command(command)).ok; tries++) {
      await sleep(this.host.clock, RETRY_AFTER);
    }
  }

  /** The report that the DPU had when it was first looked at shows again. */
  async writeOldReport(dpu: DpuPlace): Promise<void> {
    const key = this.#reportKey(dpu);
    const present = await this.#read(dpu, "DPU_STATE_DB", key);
    const old = this.#reports.get(dpu.name) ?? present;
    if (Object.keys(present).length > 0) this.#reports.set(dpu.name, present);
    if (Object.keys(old).length > 0) await this.hset(dpu, "DPU_STATE_DB", key, old);
  }

  /** The DPU's report is what the DPU says, and nothing else. */
  async mendReport(dpu: DpuPlace): Promise<void> {
    await this.hdel(dpu, "DPU_STATE_DB", this.#reportKey(dpu), ["colour"]);
    this.cluster.devices.dpu(dpu).repeatReports();
  }

  async #take(sw: SwitchPlace, name: string, key: string): Promise<void> {
    const fields = await this.#read(sw, "CONFIG_DB", key);
    if (Object.keys(fields).length === 0) return;
    this.#taken.set(name, fields);
    await this.deleteKey(sw, "CONFIG_DB", key);
  }

  #reportKey(dpu: DpuPlace): string {
    return `DASH_HA_SCOPE_STATE_TABLE|${pairOf(this.cluster.topology, dpu)?.set.id}`;
  }

  async #keys(owner: RedisOwner, db: DatabaseName, prefix: string): Promise<readonly string[]> {
    const keys = await this.#store(owner, db).command(["KEYS", `${prefix}*`]);
    return keys.ok ? [...(keys.value as readonly string[])].sort() : [];
  }

  async #read(owner: RedisOwner, db: DatabaseName, key: string): Promise<Fields> {
    const row = await this.#store(owner, db).command(["HGETALL", key]);
    const flat = row.ok ? (row.value as readonly string[]) : [];
    return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ""]] : [])));
  }

  #store(owner: RedisOwner, db: DatabaseName): Store {
    const isDpu = "slot" in owner;
    const sw = isDpu ? switchOf(this.cluster.topology, owner) : owner;
    return unwrap(this.host.stores(sw).open({ db, container: isDpu ? `dpu${owner.slot}` : "" }), db);
  }
}

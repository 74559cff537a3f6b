import { CleanUp, type Clock, type Millis, millis, seconds, unwrap } from "@tandem/base";
import { Metrics } from "@tandem/daemon";
import {
  countEvents,
  describeHamgrdEvent,
  type Hamgrd,
  type HamgrdEvent,
  severityOf,
  startHamgrd,
} from "@tandem/hamgrd";
import { dbConfig, describeEvent, publishStats, type Swbusd, type SwbusdEvent, startSwbusd } from "@tandem/swbus";
import { type Command, type DatabaseName, type Fields, type Store, Table } from "@tandem/swss";
import { Cluster } from "../cluster/cluster.js";
import type { DaemonPlace, Isolation, RedisOwner } from "../cluster/cluster-host.js";
import { type ProcessPorts, SimulatedCluster, type StartDaemon } from "../cluster/simulated-cluster.js";
import { type DpuPlace, pairOf, type SwitchPlace, switchOf } from "../topology.js";

/** One line that a daemon said, at warning or above. */
export interface Said {
  readonly at: Millis;
  /** Name of the daemon, e.g. `sw0_dpu0.hamgrd`. */
  readonly by: string;
  readonly level: "error" | "warning";
  readonly text: string;
}

export interface WatchedClusterOptions {
  readonly switches?: number;
  readonly dpusPerSwitch?: number;
  /** Default `process`. */
  readonly isolation?: Isolation;
  /** Whether every pair is brought up first. Default true. */
  readonly launch?: boolean;
}

/** Rows that hamgrd writes, by where they live. */
const OUTPUTS = {
  switch: [
    ["APPL_DB", "VNET_ROUTE_TUNNEL_TABLE"],
    ["APPL_DB", "NEIGH_RESOLVE_TABLE"],
    ["STATE_DB", "DASH_HA_SCOPE_STATE"],
    ["STATE_DB", "DPU_RESET_INFO"],
  ],
  dpu: [
    ["DPU_APPL_DB", "BFD_SESSION_TABLE"],
    ["DPU_APPL_DB", "DASH_HA_SET_TABLE"],
    ["DPU_APPL_DB", "DASH_HA_SCOPE_TABLE"],
  ],
} as const satisfies Record<string, readonly (readonly [DatabaseName, string])[]>;

/** Fields that say when, not what. */
const TIMES = /^last_heartbeat_time_in_ms$/;

/** A simulated cluster that hears everything that its daemons would log and count. */
export class WatchedCluster implements AsyncDisposable {
  readonly said: Said[] = [];
  readonly hamgrdEvents: HamgrdEvent[] = [];
  readonly swbusdEvents: SwbusdEvent[] = [];
  readonly hamgrds = new Map<string, Hamgrd>();
  readonly swbusds = new Map<string, Swbusd>();
  readonly #metrics = new Map<string, Metrics>();
  readonly host: SimulatedCluster;
  #cluster: Cluster | undefined;

  private constructor(options: WatchedClusterOptions) {
    this.host = new SimulatedCluster({
      switches: options.switches ?? 2,
      dpusPerSwitch: options.dpusPerSwitch ?? 1,
      seed: 1,
      isolation: options.isolation ?? "process",
      daemons: { swbusd: this.#startSwbusd, hamgrd: this.#startHamgrd },
    });
  }

  static async start(options: WatchedClusterOptions = {}): Promise<WatchedCluster> {
    const world = new WatchedCluster(options);
    world.#cluster = await Cluster.start(world.host);
    if (options.launch ?? true) await world.#launch();
    await world.pass(seconds(10));
    world.said.length = 0;
    return world;
  }

  get cluster(): Cluster {
    return this.#cluster as Cluster;
  }

  get clock(): Clock {
    return this.host.clock;
  }

  get sw0(): SwitchPlace {
    return this.cluster.topology.switches[0] as SwitchPlace;
  }

  get dpu0(): DpuPlace {
    return this.cluster.topology.dpus[0] as DpuPlace;
  }

  daemon(name: string): DaemonPlace {
    const daemon = this.host.daemons.find((place) => place.name === name);
    if (daemon === undefined) throw new Error(`no daemon ${name}`);
    return daemon;
  }

  metrics(daemon: string): Metrics {
    return this.#metrics.get(daemon) as Metrics;
  }

  pass(duration: Millis): Promise<void> {
    return this.host.clock.advance(duration);
  }

  async run<T>(work: Promise<T>): Promise<T> {
    return this.host.run("a step of the test", work, seconds(30));
  }

  /** Lines of one daemon since the last call, oldest first. */
  lines(daemon: string): readonly string[] {
    const mine = this.said.filter(({ by }) => by === daemon).map(({ level, text }) => `${level}: ${text}`);
    this.said.splice(0, this.said.length, ...this.said.filter(({ by }) => by !== daemon));
    return mine;
  }

  /** The row becomes exactly `fields`, without having been away in between; without fields it is deleted. */
  async put(
    owner: RedisOwner,
    db: DatabaseName,
    table: string,
    key: string,
    fields: Fields | undefined,
  ): Promise<void> {
    const rows = this.#table(owner, db, table);
    const redisKey = rows.rowKey(key);
    const before = await this.get(owner, db, table, key);
    const commands: Command[] = [];
    if (fields === undefined) commands.push(["DEL", redisKey]);
    else {
      commands.push(["HSET", redisKey, ...Object.entries(fields).flat()]);
      const gone = Object.keys(before ?? {}).filter((name) => !Object.hasOwn(fields, name));
      if (gone.length > 0) commands.push(["HDEL", redisKey, ...gone]);
    }
    unwrap(await this.run(rows.store.multi(commands)), redisKey);
  }

  async get(owner: RedisOwner, db: DatabaseName, table: string, key: string): Promise<Fields | undefined> {
    const row = unwrap(await this.run(this.#table(owner, db, table).get(key)), key);
    return row === undefined ? undefined : Object.fromEntries(row);
  }

  store(owner: RedisOwner, db: DatabaseName): Store {
    return this.#table(owner, db, "").store;
  }

  /** Every row that hamgrds have written anywhere, without the fields that say when. */
  outputs(): Readonly<Record<string, Fields>> {
    const rows: Record<string, Fields> = {};
    const { switches, dpus } = this.cluster.topology;
    const take = (owner: RedisOwner, db: DatabaseName, table: string): void => {
      for (const [key, fields] of this.cluster.rows(owner, db, table)) {
        const lasting = Object.entries(fields).filter(([name]) => !TIMES.test(name));
        rows[`${owner.name} ${table} ${key}`] = Object.fromEntries(lasting.sort(([a], [b]) => (a < b ? -1 : 1)));
      }
    };
    for (const sw of switches) for (const [db, table] of OUTPUTS.switch) take(sw, db, table);
    for (const dpu of dpus) for (const [db, table] of OUTPUTS.dpu) take(dpu, db, table);
    return rows;
  }

  /** What differs from an earlier `outputs`: rows gone, rows come, fields changed. */
  changes(before: Readonly<Record<string, Fields>>): readonly string[] {
    const now = this.outputs();
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
      const [was, is] = [before[name], now[name]];
      if (was === undefined || is === undefined) return [`${name}: ${was === undefined ? "new" : "gone"}`];
      const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
        (field) => was[field] !== is[field],
      );
      return fields.map((field) => `${name} ${field}: ${was[field]} -> ${is[field]}`);
    });
  }

  /** As kill -9 and start; does not wait until it is ready. */
  async restart(daemon: DaemonPlace): Promise<void> {
    await this.host.killDaemon(daemon);
    void this.host.startDaemon(daemon);
    await this.pass(millis(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster?.[Symbol.asyncDispose]();
  }

  async #launch(): Promise<void> {
    const { cluster } = this;
    const { controller, topology } = cluster;
    const sets = topology.haSets;
    await this.run(
      (async () => {
        for (const set of sets) await controller.createSet(set);
        for (const set of sets) for (const dpu of set.dpus) await controller.enable(dpu.vdpuId);
      })(),
    );
    const serving = (dpu: DpuPlace): boolean => ["active", "standby"].includes(cluster.haState(dpu) ?? "");
    const paired = topology.dpus.filter((dpu) => pairOf(topology, dpu) !== undefined);
    await cluster.until("pairs", () => paired.every(serving), seconds(60));
  }

  #table(owner: RedisOwner, db: DatabaseName, table: string): Table {
    const isDpu = "slot" in owner;
    const sw = isDpu ? switchOf(this.host.topology, owner) : owner;
    const store = this.host.stores(sw).open({ db, container: isDpu ? `dpu${owner.slot}` : "" });
    return new Table(unwrap(store, db), table);
  }

  readonly #startSwbusd: StartDaemon = async (daemon, { clock, random, stores, bus }) => {
    const metrics = this.#newMetrics(daemon);
    const configDb = unwrap(stores.open({ db: "CONFIG_DB" }), "CONFIG_DB");
    const observer = (event: SwbusdEvent): void => {
      this.swbusdEvents.push(event);
      const [level, message, fields] = describeEvent(event);
      const text = [message, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(" ");
      this.#say(daemon, level === "warn" ? "warning" : level, text);
    };
    const started = await Promise.all(
      daemon.dpus.map(({ slot }) =>
        startSwbusd({ config: dbConfig(configDb, slot, clock), clock, random, bus, observer }),
      ),
    );
    const [first] = started;
    if (first !== undefined) this.swbusds.set(daemon.name, first);
    publishStats(started, metrics, clock);
    await Promise.all(started.map(({ listening }) => listening));
    const cleanUp = new CleanUp();
    for (const swbusd of started) cleanUp.use(swbusd);
    return cleanUp;
  };

  readonly #startHamgrd: StartDaemon = async (daemon, ports: ProcessPorts) => {
    const count = countEvents(this.#newMetrics(daemon));
    const observer = (event: HamgrdEvent): void => {
      this.hamgrdEvents.push(event);
      count(event);
      this.#say(daemon, severityOf(event), describeHamgrdEvent(event));
    };
    const hamgrd = startHamgrd({ slots: daemon.dpus.map(({ slot }) => slot), observer, ...ports });
    this.hamgrds.set(daemon.name, hamgrd);
    await hamgrd.ready;
    return hamgrd;
  };

  #newMetrics({ name }: DaemonPlace): Metrics {
    const metrics = new Metrics();
    this.#metrics.set(name, metrics);
    return metrics;
  }

  #say({ name }: DaemonPlace, level: string, text: string): void {
    if (level === "error" || level === "warning") this.said.push({ at: this.clock.monotonic(), by: name, level, text });
  }
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Millis, type Random, systemClock, systemFiles, systemRandom, within } from "@tandem/base";
import { loadDatabases, RedisStores, type Sockets, type Stores, zmqSockets } from "@tandem/swss";
import { type LabProcess, systemProcesses } from "../process-host.js";
import { type DpuPlace, planTopology, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import type { ClusterHost, DaemonName, RedisOwner } from "./cluster-host.js";
import { describeDaemon } from "./cluster-host.js";
import { databaseFiles, type RedisPlace, redisPlaces } from "./database-files.js";
import { LinkProxy } from "./link-proxy.js";

/** Links listen here on the remote switch's address: this plus 64 per dialing switch plus the slot. */
const LINK_PORT_FIRST = 40_000;
const START_LIMIT_MS = 15_000;

/** What a daemon logs once it serves. */
const READY_LINE = { swbusd: /info: listening/, hamgrd: /info: dpu\d+: ready as/ } as const;

export interface ProcessClusterOptions {
  readonly switches: number;
  readonly dpusPerSwitch: number;
  /** Command line that runs `tandem`, to which a daemon's name and flags are added. */
  readonly tandem: readonly [command: string, ...args: string[]];
  /** The redis-server binary. */
  readonly redisServer: string;
  /** Flags for each hamgrd, e.g. `--bfd-mode ha-set`. */
  readonly hamgrdFlags?: readonly string[];
}

/** A cluster of real processes, in a temporary folder that goes with it. */
export class ProcessCluster implements ClusterHost {
  readonly kind = "processes";
  readonly clock: Clock = systemClock;
  readonly random: Random = systemRandom;
  readonly topology: Topology;
  /** Holds sockets, config files and logs. */
  readonly folder: string;
  readonly sockets: Sockets = zmqSockets();
  readonly #options: ProcessClusterOptions;
  readonly #processes = systemProcesses();
  readonly #redis = new Map<string, LabProcess>();
  readonly #daemons = new Map<string, LabProcess>();
  readonly #links = new Map<string, LinkProxy[]>();
  readonly #stores = new Map<string, Stores>();

  private constructor(options: ProcessClusterOptions, topology: Topology, folder: string) {
    this.#options = options;
    this.topology = topology;
    this.folder = folder;
  }

  /** Finds free addresses, lays out the folder, and opens the links; nothing runs yet. */
  static async create(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const network = await freeNetwork();
    const topology = planTopology({ ...options, network });
    const folder = await mkdtemp(join(tmpdir(), "tandem-lab-"));
    const cluster = new ProcessCluster(options, topology, folder);
    try {
      await cluster.#layOut();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  stores(sw: SwitchPlace): Stores {
    const stores = this.#stores.get(sw.name);
    if (stores === undefined) throw new Error(`no databases of ${sw.name}`);
    return stores;
  }

  swbusPort(from: SwitchPlace, dpu: DpuPlace): number {
    return LINK_PORT_FIRST + 64 * from.index + dpu.slot;
  }

  /** Config file of a switch's databases, for `--db-config` of any tool. */
  databaseConfig(sw: SwitchPlace): string {
    return join(this.folder, sw.name, "database_global.json");
  }

  logFile(name: string): string {
    return join(this.folder, "log", `${name}.log`);
  }

  async startRedis(owner: RedisOwner): Promise<void> {
    const place = this.#place(owner);
    const process = this.#processes.start({
      name: `${place.name}.redis`,
      command: this.#options.redisServer,
      args: redisArgs(place),
      log: this.logFile(`${place.name}.redis`),
    });
    this.#redis.set(place.name, process);
    await process.untilLine(/[Rr]eady to accept connections/, AbortSignal.timeout(START_LIMIT_MS));
  }

  async killRedis(owner: RedisOwner): Promise<void> {
    await kill(this.#redis.get(owner.name));
  }

  async startDaemon(name: DaemonName): Promise<void> {
    const label = describeDaemon(name);
    const [command, ...args] = this.#options.tandem;
    const sw = switchOf(this.topology, name.dpu);
    const daemon = this.#processes.start({
      name: label,
      command,
      args: [
        ...args,
        name.kind,
        "-s",
        String(name.dpu.slot),
        "--db-config",
        this.databaseConfig(sw),
        ...(name.kind === "hamgrd" ? (this.#options.hamgrdFlags ?? []) : []),
      ],
      env: { TANDEM_LOG: "stderr" },
      log: this.logFile(label),
    });
    this.#daemons.set(label, daemon);
    await daemon.untilLine(READY_LINE[name.kind], AbortSignal.timeout(START_LIMIT_MS));
  }

  async killDaemon(name: DaemonName): Promise<void> {
    await kill(this.#daemons.get(describeDaemon(name)));
  }

  async memory(name: DaemonName): Promise<number> {
    return (await this.#daemons.get(describeDaemon(name))?.memory()) ?? 0;
  }

  /** Every process of the cluster, by name. */
  get processes(): readonly LabProcess[] {
    return this.#processes.processes;
  }

  cutLink(a: SwitchPlace, b: SwitchPlace): void {
    for (const link of this.#between(a, b)) link.cut();
  }

  healLink(a: SwitchPlace, b: SwitchPlace): void {
    for (const link of this.#between(a, b)) link.heal();
  }

  async run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T> {
    const done = await within(
      this.clock,
      limit,
      work.then((value) => ({ value })),
    );
    if (done === undefined) throw new Error(`${what}: not within ${limit / 1000} s`);
    return done.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stores of this.#stores.values()) await stores[Symbol.asyncDispose]();
    await this.sockets[Symbol.asyncDispose]();
    await this.#processes[Symbol.asyncDispose]();
    for (const links of this.#links.values()) for (const link of links) await link[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #layOut(): Promise<void> {
    await mkdir(join(this.folder, "log"));
    for (const sw of this.topology.switches) {
      await mkdir(join(this.folder, sw.name));
      for (const place of redisPlaces(sw, this.folder)) await mkdir(place.data);
      for (const [name, text] of databaseFiles(sw, this.folder)) {
        await writeFile(join(this.folder, sw.name, name), text);
      }
      const databases = await loadDatabases(systemFiles, { config: this.databaseConfig(sw) });
      if (!databases.ok) throw new Error(`${databases.error.path}: ${databases.error.detail}`);
      const { clock, random } = this;
      this.#stores.set(sw.name, new RedisStores({ databases: databases.value, clock, random }));
    }
    for (const from of this.topology.switches) {
      for (const dpu of this.topology.dpus) {
        if (dpu.switchIndex === from.index) continue;
        const host = switchOf(this.topology, dpu).npu;
        const link = await LinkProxy.listen({ host, port: this.swbusPort(from, dpu) }, { host, port: dpu.swbusPort });
        const key = linkKey(from, switchOf(this.topology, dpu));
        this.#links.set(key, [...(this.#links.get(key) ?? []), link]);
      }
    }
  }

  #between(a: SwitchPlace, b: SwitchPlace): readonly LinkProxy[] {
    return this.#links.get(linkKey(a, b)) ?? [];
  }

  #place(owner: RedisOwner): RedisPlace {
    for (const sw of this.topology.switches) {
      const place = redisPlaces(sw, this.folder).find((candidate) => candidate.name === owner.name);
      if (place !== undefined) return place;
    }
    throw new Error(`no Redis of ${owner.name}`);
  }
}

function redisArgs(place: RedisPlace): string[] {
  return [
    ...["--port", String(place.port), "--bind", place.host, "--unixsocket", place.socket],
    ...["--databases", "32", "--notify-keyspace-events", "AKE", "--protected-mode", "no"],
    ...["--save", "", "--appendonly", "yes", "--appendfsync", "no", "--daemonize", "no", "--dir", place.data],
  ];
}

function linkKey(a: SwitchPlace, b: SwitchPlace): string {
  return [a.name, b.name].sort().join(" ");
}

async function kill(process: LabProcess | undefined): Promise<void> {
  process?.kill("SIGKILL");
  await process?.ended;
}

/** The first of 127.10 … 127.249 on which no other lab runs: its switches would hold the Redis port there. */
async function freeNetwork(): Promise<string> {
  for (let octet = 10; octet < 250; octet++) {
    const network = `127.${octet}`;
    if (await isFree(`${network}.0.1`, 6379)) return network;
  }
  throw new Error("no free loopback network 127.10 to 127.249: too many labs run on this machine");
}

function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Clock,
  type Millis,
  type Random,
  seconds,
  systemClock,
  systemFiles,
  systemRandom,
  unwrap,
  within,
} from "@tandem/base";
import { type HostedProcess, type ProcessSpec, systemProcesses } from "@tandem/daemon";
import { loadDatabases, RedisStores, type Sockets, type Store, type Stores, zmqSockets } from "@tandem/swss";
import { type DpuPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import { busConfigText } from "./bus-config-text.js";
import { claimNetwork, freePort, linkPort, type NetworkClaim } from "./claim-network.js";
import {
  type ClusterHost,
  type DaemonPlace,
  type Isolation,
  type MessageCounts,
  type PartListener,
  type ProcessUsage,
  planDaemons,
  type RedisOwner,
  type RedisTrouble,
  TooLateError,
} from "./cluster-host.js";
import { countMessages } from "./count-messages.js";
import { databaseFiles, type RedisPlace, redisPlaces } from "./database-files.js";
import { findProgram } from "./find-program.js";
import { LinkProxies } from "./link-proxies.js";
import { orAborted } from "./or-aborted.js";
import { ProcessFailure } from "./process-failure.js";
import { beginTrouble, redisArgs } from "./real-redis.js";
import { SaidLines } from "./said-lines.js";

/**
 * Up to this many DPUs every connection between switches passes a relay of the lab, so that it can be cut. Larger meshes
 * (4,032 of them at 64 DPUs) would wait for that one process.
 */
export const RELAYED_DPUS_MAX = 16;

/** How long one process may take to become ready, on a machine that starts many at once. */
const START_LIMIT = seconds(60);

/** What tells that one slot of a daemon serves. */
const READY_LINE = {
  swbusd: ({ npu }: SwitchPlace, { swbusPort }: DpuPlace) => new RegExp(`info: listening\\b.*${npu}:${swbusPort}\\b`),
  hamgrd: (_sw: SwitchPlace, { slot }: DpuPlace) => new RegExp(`info: dpu${slot}: ready as`),
} as const;

export interface ProcessClusterOptions {
  readonly switches: number;
  readonly dpusPerSwitch: number;
  /** Command line that runs `tandem`, to which a daemon's name and flags are added. */
  readonly tandem: readonly [command: string, ...args: string[]];
  /** The redis-server binary: a path, or a name that is looked for on `path`. */
  readonly redisServer: string;
  readonly path: string;
  /** Default `process`. */
  readonly isolation?: Isolation;
  /** Flags for each hamgrd, e.g. `--bfd-mode ha-set`. */
  readonly hamgrdFlags?: readonly string[];
  /** Ends every wait with its reason. */
  readonly signal?: AbortSignal;
  /** Hears of a process that ended by itself. */
  readonly onFailure?: (failure: ProcessFailure) => void;
}

/** A cluster of real processes, in a temporary folder that goes with it. */
export class ProcessCluster implements ClusterHost {
  readonly kind = "processes";
  readonly clock: Clock = systemClock;
  readonly random: Random = systemRandom;
  readonly topology: Topology;
  readonly daemons: readonly DaemonPlace[];
  /** Holds sockets, config files and logs. */
  readonly folder: string;
  readonly sockets: Sockets = zmqSockets();
  /** Leave the logs when the cluster goes: somebody was told where they are. */
  keepLogs = false;
  readonly #options: ProcessClusterOptions;
  readonly #claim: NetworkClaim;
  readonly #processes = systemProcesses();
  readonly #redis = new Map<string, HostedProcess>();
  readonly #daemons = new Map<string, HostedProcess>();
  /** What ends the trouble of a Redis, by owner. */
  readonly #troubles = new Map<string, () => Promise<void>>();
  readonly #said = new Map<string, SaidLines>();
  readonly #metricsPorts = new Map<string, number>();
  readonly #links = new LinkProxies();
  readonly #stores = new Map<string, Stores>();
  readonly #partListeners = new Set<PartListener>();
  /** Processes that end because the lab wants it. */
  readonly #ending = new WeakSet<HostedProcess>();
  #disposing = false;
  /** The process ends at once, its children with it (see `systemProcesses`): the folder must not stay behind either. */
  readonly #onExit = (): void => rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });

  private constructor(options: ProcessClusterOptions, claim: NetworkClaim, folder: string) {
    this.#options = options;
    this.#claim = claim;
    this.topology = claim.topology;
    this.daemons = planDaemons(claim.topology, options.isolation ?? "process");
    this.folder = folder;
    process.once("exit", this.#onExit);
  }

  /** Finds programs and free addresses, lays out the folder, and opens the links; nothing runs yet. */
  static async create(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const redisServer = await findProgram(options.redisServer, options.path);
    if (!redisServer.ok) {
      throw new Error(`${redisServer.error}; install redis-server, or set TANDEM_REDIS_SERVER to where it is`);
    }
    const claim = await claimNetwork(options);
    if (!claim.ok) throw new Error(claim.error);
    const folder = await mkdtemp(join(tmpdir(), "tandem-lab-"));
    const cluster = new ProcessCluster({ ...options, redisServer: redisServer.value }, claim.value, folder);
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
    if (this.topology.dpus.length > RELAYED_DPUS_MAX) return dpu.swbusPort;
    return linkPort(from.index, dpu.slot, this.#claim.portShift);
  }

  /** Config file of a switch's databases, for `--db-config` of any tool. */
  databaseConfig(sw: SwitchPlace): string {
    return join(this.folder, sw.name, "database_global.json");
  }

  /** A YAML file with which swbus-cli, also upstream's, finds the swbusd of a slot. */
  busConfig(sw: SwitchPlace, dpu: DpuPlace): string {
    return join(this.folder, sw.name, `swbusd-dpu${dpu.slot}.yaml`);
  }

  /** Port of 127.0.0.1 at which a daemon that has been started serves /metrics, /health and /ready. */
  metricsPort({ name }: DaemonPlace): number | undefined {
    return this.#metricsPorts.get(name);
  }

  get logFolder(): string {
    return join(this.folder, "log");
  }

  async startRedis(owner: RedisOwner, { empty = false }: { readonly empty?: boolean } = {}): Promise<void> {
    const place = this.#place(owner);
    if (empty) await rm(place.data, { recursive: true, force: true });
    if (empty) await mkdir(place.data);
    const redis = this.#start({
      name: `${place.name}.redis`,
      command: this.#options.redisServer,
      args: redisArgs(place),
      log: join(this.logFolder, `${place.name}.redis.log`),
    });
    this.#redis.set(place.name, redis);
    await this.#untilReady(redis, [/[Rr]eady to accept connections/]);
    this.#tellPart(`redis ${owner.name}`, true);
  }

  async killRedis(owner: RedisOwner): Promise<void> {
    this.#tellPart(`redis ${owner.name}`, false);
    this.#troubles.delete(owner.name);
    await this.#kill(this.#redis.get(owner.name));
  }

  async troubleRedis(owner: RedisOwner, trouble: RedisTrouble | undefined): Promise<void> {
    const process = this.#redis.get(owner.name);
    if (process === undefined) return;
    const redis = { place: this.#place(owner), process, store: this.#storeOf(owner), clock: this.clock };
    await this.#troubles.get(owner.name)?.();
    this.#troubles.delete(owner.name);
    this.#tellPart(`redis ${owner.name}`, trouble === undefined);
    if (trouble !== undefined) this.#troubles.set(owner.name, await beginTrouble(redis, trouble));
  }

  async startDaemon({ name, kind, sw, dpus }: DaemonPlace): Promise<void> {
    const [command, ...args] = this.#options.tandem;
    const slots = dpus.map(({ slot }) => slot).join(",");
    const metricsPort = this.#metricsPorts.get(name) ?? (await freePort());
    this.#metricsPorts.set(name, metricsPort);
    const said = this.#said.get(name) ?? new SaidLines();
    this.#said.set(name, said);
    const daemon = this.#start({
      name,
      command,
      onLine: (line) => said.take(line),
      args: [
        ...args,
        ...[kind, "-s", slots, "--db-config", this.databaseConfig(sw), "--metrics-port", String(metricsPort)],
        ...(kind === "hamgrd"
          ? ["--record-dir", join(this.logFolder, sw.name), ...(this.#options.hamgrdFlags ?? [])]
          : []),
      ],
      env: { TANDEM_LOG: "stderr" },
      log: join(this.logFolder, `${name}.log`),
    });
    this.#daemons.set(name, daemon);
    await this.#untilReady(
      daemon,
      dpus.map((dpu) => READY_LINE[kind](sw, dpu)),
    );
    this.#tellPart(name, true);
  }

  async killDaemon({ name }: DaemonPlace): Promise<void> {
    this.#tellPart(name, false);
    await this.#kill(this.#daemons.get(name));
  }

  async stopDaemon({ name }: DaemonPlace): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) return;
    this.#tellPart(name, false);
    this.#ending.add(daemon);
    await daemon.stop();
  }

  said({ name }: DaemonPlace): readonly string[] {
    return this.#said.get(name)?.lines ?? [];
  }

  async memory({ name }: DaemonPlace): Promise<number> {
    return (await this.#daemons.get(name)?.memory()) ?? 0;
  }

  usage(): Promise<readonly ProcessUsage[]> {
    const usageOf = async (process: HostedProcess): Promise<ProcessUsage> => {
      const [memory, cpu] = await Promise.all([process.memory(), process.cpu()]);
      return { name: process.name, memory, cpu };
    };
    return Promise.all(this.processes.map(usageOf));
  }

  messages(): Promise<MessageCounts> {
    const ports = this.daemons.map((daemon) => this.metricsPort(daemon)).filter((port) => port !== undefined);
    return countMessages(ports, this.clock);
  }

  /** Every process of the cluster that runs. */
  get processes(): readonly HostedProcess[] {
    return this.#processes.processes;
  }

  onPart(listener: PartListener): () => void {
    this.#partListeners.add(listener);
    return () => this.#partListeners.delete(listener);
  }

  cutLink(a: SwitchPlace, b: SwitchPlace): void {
    for (const link of this.#links.between(a, b)) link.cut();
  }

  healLink(a: SwitchPlace, b: SwitchPlace): void {
    for (const link of this.#links.between(a, b)) link.heal();
  }

  async run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T> {
    const done = await within(
      this.clock,
      limit,
      orAborted(
        this.#options.signal,
        work.then((value) => ({ value })),
      ),
    );
    if (done === undefined) throw new TooLateError(what, limit);
    return done.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing = true;
    for (const stores of this.#stores.values()) await stores[Symbol.asyncDispose]();
    await this.sockets[Symbol.asyncDispose]();
    // One that is stalled goes on: daemons take their leave of it.
    for (const redis of this.#redis.values()) redis.kill("SIGCONT");
    // Daemons first: one that cannot reach its Redis waits a while for it before it ends.
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()));
    await this.#processes[Symbol.asyncDispose]();
    await this.#links[Symbol.asyncDispose]();
    await this.#claim[Symbol.asyncDispose]();
    await this.#removeFolder();
    process.removeListener("exit", this.#onExit);
  }

  #tellPart(part: string, up: boolean): void {
    for (const listener of [...this.#partListeners]) listener(part, up);
  }

  async #removeFolder(): Promise<void> {
    const keep = this.keepLogs ? "log" : undefined;
    for (const name of await readdir(this.folder)) {
      if (name !== keep) await rm(join(this.folder, name), { recursive: true, force: true });
    }
    if (keep === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  async #layOut(): Promise<void> {
    await mkdir(this.logFolder);
    for (const sw of this.topology.switches) {
      await mkdir(join(this.folder, sw.name));
      for (const place of redisPlaces(sw, this.folder)) await mkdir(place.data);
      for (const [name, text] of databaseFiles(sw, this.folder)) {
        await writeFile(join(this.folder, sw.name, name), text);
      }
      for (const dpu of sw.dpus) await writeFile(this.busConfig(sw, dpu), busConfigText(this.topology, sw, dpu));
      const databases = await loadDatabases(systemFiles, { config: this.databaseConfig(sw) });
      const { clock, random } = this;
      this.#stores.set(sw.name, new RedisStores({ databases: unwrap(databases, "databases"), clock, random }));
    }
    if (this.topology.dpus.length > RELAYED_DPUS_MAX) return;
    await this.#links.listen(this.topology, (from, dpu) => this.swbusPort(from, dpu));
  }

  #start(spec: ProcessSpec): HostedProcess {
    if (this.#disposing) throw new Error(`${spec.name}: not started, the lab is ending`);
    const child = this.#processes.start(spec);
    void child.ended.then((end) => {
      if (this.#disposing || this.#ending.has(child)) return;
      this.#ending.add(child);
      this.keepLogs = true;
      const how = end.signal === null ? `ended by itself with exit code ${end.code}` : `was ended by ${end.signal}`;
      this.#options.onFailure?.(new ProcessFailure(child, how, spec.log));
    });
    return child;
  }

  async #untilReady(process: HostedProcess, lines: readonly RegExp[]): Promise<void> {
    const log = join(this.logFolder, `${process.name}.log`);
    const giveUp = new AbortController();
    const ready = Promise.all(lines.map((line) => process.untilLine(line, giveUp.signal))).then(
      () => "ready" as const,
      (error: Error) => error,
    );
    const outcome = await within(this.clock, START_LIMIT, orAborted(this.#options.signal, ready));
    giveUp.abort(new Error("not waited for any more"));
    if (outcome === "ready") return;
    this.#ending.add(process); // told here
    this.keepLogs = true;
    throw new ProcessFailure(process, outcome?.message ?? `was not ready within ${START_LIMIT / 1000} s`, log);
  }

  async #kill(process: HostedProcess | undefined): Promise<void> {
    if (process === undefined) return;
    this.#ending.add(process);
    process.kill("SIGKILL");
    await process.ended;
  }

  /** Any database of that Redis. */
  #storeOf(owner: RedisOwner): Store {
    if (!("slot" in owner)) return unwrap(this.stores(owner).open({ db: "APPL_DB" }), `${owner.name} APPL_DB`);
    const stores = this.stores(switchOf(this.topology, owner));
    return unwrap(stores.open({ db: "DPU_APPL_DB", container: `dpu${owner.slot}` }), `${owner.name} DPU_APPL_DB`);
  }

  #place(owner: RedisOwner): RedisPlace {
    for (const sw of this.topology.switches) {
      const place = redisPlaces(sw, this.folder).find((candidate) => candidate.name === owner.name);
      if (place !== undefined) return place;
    }
    throw new Error(`no Redis of ${owner.name}`);
  }
}

import {
  type Clock,
  type CrashPoint,
  type CrashPointName,
  type Millis,
  millis,
  type Random,
  seededRandom,
  sleep,
} from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import type { Sockets, Stores } from "@tandem/swss";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import type { Bus } from "@tandem/wire";
import { type MemoryBus, MemoryNetwork } from "@tandem/wire/testing";
import { type DpuPlace, planTopology, type SwitchPlace, type Topology } from "../topology.js";
import { AbandonableClock } from "./abandonable-clock.js";
import {
  type ClusterHost,
  type DaemonKind,
  type DaemonPlace,
  type Isolation,
  type PartListener,
  type ProcessUsage,
  planDaemons,
  type RedisOwner,
  type RedisTrouble,
  TooLateError,
} from "./cluster-host.js";
import { type Loudness, SaidLines } from "./said-lines.js";
import { WallClock } from "./wall-clock.js";

/** Timers of a simulated cluster in one turn of the event loop: between them nothing but promises goes on. */
export const TIMERS_PER_TURN = 256;

/** What one simulated process gets of the world. */
export interface ProcessPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly stores: Stores;
  readonly sockets: Sockets;
  readonly bus: Bus;
  readonly crashPoint: CrashPoint;
  /** Its log, as far as it holds errors and warnings. */
  readonly say: (level: Loudness, text: string) => void;
}

/**
 * Starts a daemon's own code on the ports of one process; the promise ends when each of its slots is ready. What it gives
 * ends the daemon in order.
 */
export type StartDaemon = (daemon: DaemonPlace, ports: ProcessPorts) => Promise<AsyncDisposable>;

export interface SimulatedClusterOptions {
  readonly switches: number;
  readonly dpusPerSwitch: number;
  readonly seed: number;
  /** Default `process`. */
  readonly isolation?: Isolation;
  readonly daemons: Readonly<Record<DaemonKind, StartDaemon>>;
}

interface SimulatedProcess {
  kill(): void;
  readonly stores: MemoryStores;
  /** Once it is ready. */
  daemon?: AsyncDisposable;
}

/** A crash that waits for its process to come by. */
interface ArmedCrash {
  readonly point: CrashPointName;
  /** Passes of the point that are still survived. */
  left: number;
  readonly crashed: () => void;
}

/** A cluster in this process, under virtual time, from a seed. */
export class SimulatedCluster implements ClusterHost {
  readonly kind = "simulated";
  readonly clock = new VirtualClock({ timersPerTurn: TIMERS_PER_TURN });
  readonly random: Random;
  readonly topology: Topology;
  readonly daemons: readonly DaemonPlace[];
  readonly sockets: Sockets;
  readonly network: MemoryNetwork;
  readonly #options: SimulatedClusterOptions;
  readonly wires = new MemoryWires();
  readonly #redis = new Map<string, MemoryRedis>();
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #stores = new Map<string, MemoryStores>();
  readonly #partListeners = new Set<PartListener>();
  readonly #walls = new Map<string, WallClock>();
  readonly #armed = new Map<string, ArmedCrash>();
  readonly #said = new Map<string, SaidLines>();
  /** Processes that live beside their successors. */
  readonly #old = new Map<string, readonly SimulatedProcess[]>();

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.topology = planTopology({ ...options, network: "10.0" });
    this.daemons = planDaemons(this.topology, options.isolation ?? "process");
    this.network = new MemoryNetwork({ clock: this.clock });
    this.sockets = this.wires.sockets();
    for (const sw of this.topology.switches) {
      for (const owner of [sw, ...sw.dpus]) {
        const redis = new MemoryRedis({ clock: this.clock, random: this.random, name: owner.name });
        redis.kill();
        this.#redis.set(owner.name, redis);
      }
      this.#stores.set(sw.name, this.#openStores(sw, this.clock));
      this.#walls.set(sw.name, new WallClock(this.clock));
    }
  }

  /** The wall clock that the daemons of a switch read. */
  wall(sw: SwitchPlace): WallClock {
    return this.#walls.get(sw.name) as WallClock;
  }

  /** Every wall clock is right again. */
  mendClocks(): void {
    for (const wall of this.#walls.values()) wall.mend();
  }

  redis(owner: RedisOwner): MemoryRedis {
    return this.#redis.get(owner.name) as MemoryRedis;
  }

  /** Whether the process of that daemon is there. */
  runs(daemon: DaemonPlace): boolean {
    return this.#processes.has(daemon.name);
  }

  /** The daemon dies, as by kill -9, when it passes `point` once more after `survives` passes; `crashed` hears of it. */
  armCrash(daemon: DaemonPlace, point: CrashPointName, survives: number, crashed: () => void): void {
    this.#armed.set(daemon.name, { point, left: survives, crashed });
  }

  /** Key events reach the process that runs now so much later than replies. */
  setBehind(daemon: DaemonPlace, behind: Millis): void {
    this.#processes.get(daemon.name)?.stores.setBehind(behind);
  }

  /** Key events are no longer late; resolves when the process that runs now has heard those that are. */
  async catchUp(daemon: DaemonPlace): Promise<void> {
    const stores = this.#processes.get(daemon.name)?.stores;
    stores?.setBehind(millis(0));
    await sleep(this.clock, stores?.backlog ?? millis(0));
  }

  disarmCrash(daemon: DaemonPlace): void {
    this.#armed.delete(daemon.name);
  }

  stores(sw: SwitchPlace): Stores {
    return this.#stores.get(sw.name) as MemoryStores;
  }

  swbusPort(_from: SwitchPlace, dpu: DpuPlace): number {
    return dpu.swbusPort;
  }

  startRedis(owner: RedisOwner, { empty = false }: { readonly empty?: boolean } = {}): Promise<void> {
    this.redis(owner).restart({ keep: !empty });
    this.#tellPart(`redis ${owner.name}`, true);
    return Promise.resolve();
  }

  killRedis(owner: RedisOwner): Promise<void> {
    this.redis(owner).kill();
    this.#tellPart(`redis ${owner.name}`, false);
    return Promise.resolve();
  }

  troubleRedis(owner: RedisOwner, trouble: RedisTrouble | undefined): Promise<void> {
    this.redis(owner).suffer(trouble);
    this.#tellPart(`redis ${owner.name}`, trouble === undefined);
    return Promise.resolve();
  }

  /** Every connection to it ends; key events that were under way are lost. */
  disconnectRedis(owner: RedisOwner): void {
    this.#tellPart(`redis ${owner.name}`, false);
    this.redis(owner).disconnect();
    this.#tellPart(`redis ${owner.name}`, this.redis(owner).up);
  }

  async startDaemon(daemon: DaemonPlace): Promise<void> {
    const clock = new AbandonableClock(this.clock, this.wall(daemon.sw));
    const stores = this.#openStores(daemon.sw, clock);
    const sockets = this.wires.sockets();
    const bus: MemoryBus = this.network.bus(daemon.sw.npu);
    const process: SimulatedProcess = {
      stores,
      kill: () => {
        clock.abandon();
        stores.abandon();
        bus.abandon();
        void sockets[Symbol.asyncDispose]();
      },
    };
    this.#processes.set(daemon.name, process);
    const random = seededRandom(Math.floor(this.random.next() * 2 ** 32));
    const crashPoint: CrashPoint = { reach: (point) => this.#pass(daemon, point) };
    const said = this.#said.get(daemon.name) ?? new SaidLines();
    this.#said.set(daemon.name, said);
    const say = (level: Loudness, text: string): void => said.add(level, text);
    const ports = { clock, random, stores, sockets, bus, crashPoint, say };
    process.daemon = await this.#options.daemons[daemon.kind](daemon, ports);
    if (this.#processes.get(daemon.name) === process) this.#tellPart(daemon.name, true);
  }

  /**
   * A second process of a daemon beside the first, which lives until `killOld`, or until the daemon is killed. The second is
   * the daemon from now on: it is there again once that one is ready.
   */
  startBeside(daemon: DaemonPlace): Promise<void> {
    const old = this.#processes.get(daemon.name);
    if (old !== undefined) this.#old.set(daemon.name, [...(this.#old.get(daemon.name) ?? []), old]);
    this.#tellPart(daemon.name, false);
    return this.startDaemon(daemon);
  }

  killOld(daemon: DaemonPlace): void {
    for (const old of this.#old.get(daemon.name) ?? []) old.kill();
    this.#old.delete(daemon.name);
  }

  killDaemon(daemon: DaemonPlace): Promise<void> {
    this.killOld(daemon);
    this.#processes.get(daemon.name)?.kill();
    this.#processes.delete(daemon.name);
    this.#tellPart(daemon.name, false);
    return Promise.resolve();
  }

  async stopDaemon(daemon: DaemonPlace): Promise<void> {
    this.#tellPart(daemon.name, false);
    await this.#processes.get(daemon.name)?.daemon?.[Symbol.asyncDispose]();
    await this.killDaemon(daemon);
  }

  said({ name }: DaemonPlace): readonly string[] {
    return this.#said.get(name)?.lines ?? [];
  }

  onPart(listener: PartListener): () => void {
    this.#partListeners.add(listener);
    return () => this.#partListeners.delete(listener);
  }

  #tellPart(part: string, up: boolean): void {
    for (const listener of [...this.#partListeners]) listener(part, up);
  }

  #pass(daemon: DaemonPlace, point: CrashPointName): void {
    const armed = this.#armed.get(daemon.name);
    if (armed === undefined || armed.point !== point) return;
    armed.left -= 1;
    if (armed.left >= 0) return;
    this.#armed.delete(daemon.name);
    void this.killDaemon(daemon);
    armed.crashed();
  }

  memory(): Promise<number> {
    return Promise.resolve(0);
  }

  usage(): Promise<readonly ProcessUsage[]> {
    return Promise.resolve([]);
  }

  messages(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  cutLink(a: SwitchPlace, b: SwitchPlace): void {
    this.network.cut(a.npu, b.npu);
  }

  healLink(a: SwitchPlace, b: SwitchPlace): void {
    this.network.heal(a.npu, b.npu);
  }

  async run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T> {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    work.then(mark, mark);
    if (!(await this.clock.advanceUntil(() => done, limit))) throw new TooLateError(what, limit);
    return work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [...this.#processes.values(), ...[...this.#old.values()].flat()]) process.kill();
    for (const stores of this.#stores.values()) stores.abandon();
    await this.sockets[Symbol.asyncDispose]();
    await settle();
  }

  #openStores(sw: SwitchPlace, clock: Clock): MemoryStores {
    return new MemoryStores({
      clock,
      random: this.random,
      servers: [
        { redis: this.redis(sw) },
        ...sw.dpus.map((dpu) => ({ redis: this.redis(dpu), container: `dpu${dpu.slot}` })),
      ],
    });
  }
}

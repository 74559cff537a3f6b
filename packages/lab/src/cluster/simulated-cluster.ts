import { type Clock, type Millis, type Random, seededRandom } from "@tandem/base";
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
  planDaemons,
  type RedisOwner,
  TooLateError,
} from "./cluster-host.js";

/** What one simulated process gets of the world. */
export interface ProcessPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly stores: Stores;
  readonly sockets: Sockets;
  readonly bus: Bus;
}

/** Starts a daemon's own code on the ports of one process; the promise ends when each of its slots is ready. */
export type StartDaemon = (daemon: DaemonPlace, ports: ProcessPorts) => Promise<unknown>;

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
}

/** A cluster in this process, under virtual time, from a seed. */
export class SimulatedCluster implements ClusterHost {
  readonly kind = "simulated";
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly topology: Topology;
  readonly daemons: readonly DaemonPlace[];
  readonly sockets: Sockets;
  readonly network: MemoryNetwork;
  readonly #options: SimulatedClusterOptions;
  readonly #wires = new MemoryWires();
  readonly #redis = new Map<string, MemoryRedis>();
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #stores = new Map<string, MemoryStores>();
  readonly #partListeners = new Set<PartListener>();

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.topology = planTopology({ ...options, network: "10.0" });
    this.daemons = planDaemons(this.topology, options.isolation ?? "process");
    this.network = new MemoryNetwork({ clock: this.clock });
    this.sockets = this.#wires.sockets();
    for (const sw of this.topology.switches) {
      for (const owner of [sw, ...sw.dpus]) {
        const redis = new MemoryRedis({ clock: this.clock, random: this.random, name: owner.name });
        redis.kill();
        this.#redis.set(owner.name, redis);
      }
      this.#stores.set(sw.name, this.#openStores(sw, this.clock));
    }
  }

  stores(sw: SwitchPlace): Stores {
    return this.#stores.get(sw.name) as MemoryStores;
  }

  swbusPort(_from: SwitchPlace, dpu: DpuPlace): number {
    return dpu.swbusPort;
  }

  startRedis(owner: RedisOwner): Promise<void> {
    this.#redisOf(owner).restart({ keep: true });
    this.#tellPart(`redis ${owner.name}`, true);
    return Promise.resolve();
  }

  killRedis(owner: RedisOwner): Promise<void> {
    this.#redisOf(owner).kill();
    this.#tellPart(`redis ${owner.name}`, false);
    return Promise.resolve();
  }

  async startDaemon(daemon: DaemonPlace): Promise<void> {
    const clock = new AbandonableClock(this.clock);
    const stores = this.#openStores(daemon.sw, clock);
    const sockets = this.#wires.sockets();
    const bus: MemoryBus = this.network.bus(daemon.sw.npu);
    this.#processes.set(daemon.name, {
      kill: () => {
        clock.abandon();
        stores.abandon();
        bus.abandon();
        void sockets[Symbol.asyncDispose]();
      },
    });
    const random = seededRandom(Math.floor(this.random.next() * 2 ** 32));
    const started = this.#processes.get(daemon.name);
    await this.#options.daemons[daemon.kind](daemon, { clock, random, stores, sockets, bus });
    if (this.#processes.get(daemon.name) === started) this.#tellPart(daemon.name, true);
  }

  killDaemon(daemon: DaemonPlace): Promise<void> {
    this.#processes.get(daemon.name)?.kill();
    this.#processes.delete(daemon.name);
    this.#tellPart(daemon.name, false);
    return Promise.resolve();
  }

  onPart(listener: PartListener): () => void {
    this.#partListeners.add(listener);
    return () => this.#partListeners.delete(listener);
  }

  #tellPart(part: string, up: boolean): void {
    for (const listener of [...this.#partListeners]) listener(part, up);
  }

  memory(): Promise<number> {
    return Promise.resolve(0);
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
    for (const process of this.#processes.values()) process.kill();
    for (const stores of this.#stores.values()) stores.abandon();
    await this.sockets[Symbol.asyncDispose]();
    await settle();
  }

  #openStores(sw: SwitchPlace, clock: Clock): MemoryStores {
    return new MemoryStores({
      clock,
      random: this.random,
      servers: [
        { redis: this.#redisOf(sw) },
        ...sw.dpus.map((dpu) => ({ redis: this.#redisOf(dpu), container: `dpu${dpu.slot}` })),
      ],
    });
  }

  #redisOf(owner: RedisOwner): MemoryRedis {
    return this.#redis.get(owner.name) as MemoryRedis;
  }
}

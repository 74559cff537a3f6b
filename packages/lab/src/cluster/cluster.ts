import { CleanUp, type Millis, millis, seconds, unwrap } from "@tandem/base";
import { Table, untilConnected } from "@tandem/swss";
import type { ClusterView } from "../check/invariant.js";
import type { Observation } from "../check/observation.js";
import { type Trouble, Troubles } from "../check/trouble.js";
import { Controller } from "../controller/controller.js";
import type { ApprovalMode } from "../controller/plan.js";
import { LabDevices } from "../devices.js";
import type { DpuTimings } from "../dpu/ha-state.js";
import type { SimulatedDpu } from "../dpu/simulated-dpu.js";
import type { PmonTimings, SimulatedPmon } from "../pmon/simulated-pmon.js";
import { type DpuPlace, type HaSetPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import { lossAt } from "../traffic.js";
import { type ClusterHost, DAEMON_KINDS, daemonOf, TooLateError } from "./cluster-host.js";
import { type ConfigRow, configRows } from "./config-rows.js";
import { DpuLog } from "./dpu-log.js";
import { Observer } from "./observer.js";
import { Parts } from "./parts.js";

/** Timings of the lab's devices: short, so that a story is over in seconds. docs/simulated-dpu.md. */
export const LAB_DPU_TIMINGS: Partial<DpuTimings> = {
  connectTimeout: seconds(20),
  bulkSync: millis(300),
  convergence: millis(1500),
};
export const LAB_PMON_TIMINGS: Partial<PmonTimings> = { downAfter: millis(1000) };

/** For the start of everything: this, and for each DPU as much again as its processes may need of two busy cores. */
const START_LIMIT = seconds(60);
const START_LIMIT_PER_DPU = seconds(3);

export interface ClusterOptions {
  readonly approvals?: ApprovalMode;
  /** Whether the controller helps a DPU back into service after its restart. Default true. */
  readonly helpsRestart?: boolean;
  /** Hears of what the simulated devices would log. */
  readonly onWarning?: (text: string) => void;
}

/** Something that is waited for. */
export interface ClusterWait {
  readonly what: string;
  readonly since: Millis;
  /** What is there instead, where somebody knows. */
  readonly missing: (() => string) | undefined;
}

/** One line for an operator. */
export function describeWait({ what, missing }: ClusterWait): string {
  return missing === undefined ? what : `${what}: ${missing()}`;
}

/**
 * A whole cluster: Redis and daemons from its host; DPUs, pmon, probes, forwarding and controller simulated, on the
 * host's databases and sockets. Everything above a host is the same code on real processes and under virtual time.
 */
export class Cluster implements ClusterView, AsyncDisposable {
  readonly host: ClusterHost;
  readonly logs = new Map<string, DpuLog>();
  readonly #options: ClusterOptions;
  readonly #cleanUp = new CleanUp();
  #observer: Observer | undefined;
  #controller: Controller | undefined;
  #devices: LabDevices | undefined;
  readonly #parts: Parts;
  readonly #seeing = new Set<(seen: Observation) => void>();
  /** Undefined until somebody says what is broken. */
  #troubles: Troubles | undefined;
  #haSets: Topology["haSets"];
  #wait: ClusterWait | undefined;
  #disposed = false;

  private constructor(host: ClusterHost, options: ClusterOptions) {
    this.host = host;
    this.#options = options;
    this.#parts = new Parts(host.clock);
    host.onPart((part, up) => {
      this.#parts.note(part, up);
      this.#see({ kind: "part", at: this.now(), part, up });
    });
    this.#haSets = host.topology.haSets;
  }

  /** Starts everything; resolves when every daemon is ready. The cluster owns `host` from then on. */
  static async start(host: ClusterHost, options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(host, options);
    try {
      const limit = millis(START_LIMIT + START_LIMIT_PER_DPU * host.topology.dpus.length);
      await host.run("start of the cluster", cluster.#start(), limit);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** That of the host, with the pairs as they are now. */
  get topology(): ClusterView["topology"] {
    return { ...this.host.topology, haSets: this.#haSets };
  }

  get observer(): Observer {
    return present(this.#observer);
  }

  get controller(): Controller {
    return present(this.#controller);
  }

  get devices(): LabDevices {
    return present(this.#devices);
  }

  pmon(place: DpuPlace): SimulatedPmon {
    return this.devices.pmon(switchOf(this.topology, place));
  }

  haState(place: DpuPlace): ReturnType<ClusterView["haState"]> {
    return this.devices.dpu(place).haState();
  }

  responders(place: DpuPlace): readonly string[] {
    return [...this.devices.dpu(place).responders().keys()].sort();
  }

  splitBrain(place: DpuPlace): boolean {
    return this.devices.dpu(place).splitBrain();
  }

  now(): Millis {
    return this.host.clock.monotonic();
  }

  core(place: DpuPlace): ReturnType<ClusterView["core"]> {
    return this.devices.dpu(place).core;
  }

  loss(sw: SwitchPlace, set: HaSetPlace): string | undefined {
    return lossAt(this.devices.forwarding, this.devices.npu(sw), set.vip, set.id);
  }

  wellSince(place: DpuPlace): Millis | undefined {
    return this.#parts.since([
      daemonOf(this.host, "hamgrd", place).name,
      `redis ${place.name}`,
      `redis ${switchOf(this.topology, place).name}`,
    ]);
  }

  fairSince(place: DpuPlace, troubles: readonly Trouble[]): Millis | undefined {
    return this.#troubles?.fairSince(place, troubles);
  }

  /** Whoever breaks things says so as it begins; the answer is to be called when that is over. */
  troubleBegins(trouble: Trouble, dpus: Iterable<DpuPlace>): () => void {
    this.#troubles ??= new Troubles();
    const end = this.#troubles.begin(trouble, dpus);
    this.#see({ kind: "trouble", at: this.now() });
    return () => {
      end(this.now());
      this.#see({ kind: "trouble", at: this.now() });
    };
  }

  /** Called with everything that happens from now on. Returns the unsubscriber. */
  onSeen(listener: (seen: Observation) => void): () => void {
    this.#seeing.add(listener);
    return () => this.#seeing.delete(listener);
  }

  rows: ClusterView["rows"] = (owner, db, table) => this.observer.rows(owner, db, table);

  /** Bus, probes and data-plane channels between two switches: nothing passes, nothing is closed. */
  cutLink(a: SwitchPlace, b: SwitchPlace): void {
    this.host.cutLink(a, b);
    this.devices.network.cut(a.name, b.name);
  }

  healLink(a: SwitchPlace, b: SwitchPlace): void {
    this.host.healLink(a, b);
    this.devices.network.heal(a.name, b.name);
  }

  /** Makes `dpus` the members of a set, in that order. A set that one of them leaves takes who is left in its place. */
  async pair(setId: string, dpus: HaSetPlace["dpus"]): Promise<void> {
    const before = this.#haSets.find((set) => set.id === setId)?.dpus ?? [];
    const left = before.filter((dpu) => !dpus.includes(dpu));
    const replaced = (dpu: DpuPlace): DpuPlace => (dpus.includes(dpu) ? (left.shift() ?? dpu) : dpu);
    this.#haSets = this.#haSets.map((set) => {
      if (set.id === setId) return { ...set, dpus };
      return { ...set, dpus: [replaced(set.dpus[0]), replaced(set.dpus[1])] };
    });
    await this.controller.setMembers(setId, dpus);
  }

  /** Writes the rows of a switch's CONFIG_DB, or those of one DPU and its vDPU. */
  async configure(sw: SwitchPlace, only?: DpuPlace): Promise<void> {
    await this.#configRows(sw, only, async (table, { key, fields }) => unwrap(await table.set(key, fields), key));
  }

  /** Takes the rows of a DPU and its vDPU out of a switch's CONFIG_DB. */
  async unconfigure(sw: SwitchPlace, dpu: DpuPlace): Promise<void> {
    await this.#configRows(sw, dpu, async (table, { key }) => unwrap(await table.del(key), key));
  }

  /** Resolves once `condition` holds; throws, naming `what` and what is `missing` by then, when it does not within `limit`. */
  async until(what: string, condition: () => boolean, limit: Millis, missing?: () => string): Promise<void> {
    this.#wait = { what, missing, since: this.host.clock.monotonic() };
    try {
      await this.host.run(what, this.observer.until(condition), limit);
      this.#wait = undefined;
    } catch (error) {
      if (!(error instanceof TooLateError)) throw error;
      this.#wait = undefined;
      throw missing === undefined ? error : new TooLateError(what, limit, missing());
    }
  }

  /** What the last `until` waits for, and still waited for when the lab was ended. */
  get wait(): ClusterWait | undefined {
    return this.#wait;
  }

  /** Whether `condition` came to hold within `limit`. */
  async reaches(condition: () => boolean, limit: Millis): Promise<boolean> {
    try {
      await this.until("", condition, limit);
      return true;
    } catch (error) {
      if (error instanceof TooLateError) return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#cleanUp[Symbol.asyncDispose]();
    await this.host[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const { host, topology } = this;
    const redis = topology.switches.flatMap((sw) => [sw, ...sw.dpus]);
    await this.#step(Promise.all(redis.map((owner) => host.startRedis(owner))));
    for (const sw of topology.switches) await this.#step(this.configure(sw));
    this.#observer = this.#cleanUp.use(Observer.start(host));
    this.#observer.onRow((row) => this.#see({ kind: "row", ...row }));
    await this.#startDevices();
    for (const kind of DAEMON_KINDS) {
      const daemons = host.daemons.filter((place) => place.kind === kind);
      await this.#step(Promise.all(daemons.map((place) => host.startDaemon(place))));
    }
  }

  /** A step of the start, which goes no further once the cluster is given up: whoever opens must find who closes. */
  async #step<T>(work: Promise<T>): Promise<T> {
    const value = await work;
    if (this.#disposed) throw new Error("the cluster ended while it started");
    return value;
  }

  async #configRows(
    sw: SwitchPlace,
    only: DpuPlace | undefined,
    perform: (table: Table, row: ConfigRow) => Promise<unknown>,
  ): Promise<void> {
    for (const row of configRows(this.topology, sw, (dpu) => this.host.swbusPort(sw, dpu))) {
      if (only !== undefined && row.key !== only.name && row.key !== only.vdpuId) continue;
      const store = unwrap(this.host.stores(sw).open({ db: row.db }), row.db);
      await untilConnected(store);
      await perform(new Table(store, row.table), row);
    }
  }

  async #startDevices(): Promise<void> {
    const { host, topology } = this;
    const { approvals = "auto", helpsRestart = true, onWarning = () => {} } = this.#options;
    const { clock, random, sockets } = host;
    const stores = (sw: SwitchPlace) => host.stores(sw);
    const started = LabDevices.start({
      ...{ topology, clock, random, sockets, stores, onWarning },
      onFlush: (dpu, db) => this.observer.flushed(dpu, db),
      dpuTimings: LAB_DPU_TIMINGS,
      pmonTimings: LAB_PMON_TIMINGS,
    });
    const devices = this.#cleanUp.use(unwrap(started, "devices"));
    this.#devices = devices;
    for (const dpu of devices.dpus) {
      this.logs.set(dpu.place.name, new DpuLog(clock, dpu, () => this.observer.notify()));
      this.#watchDpu(dpu);
      unwrap(await this.#step(dpu.powerOn()), dpu.place.name);
    }
    const ways = (): void => this.#see({ kind: "ways", at: this.now() });
    devices.bfd.onChange(() => {
      ways();
      this.observer.notify();
    });
    devices.network.onChange(ways);
    for (const npu of devices.npus) npu.onChange(ways);
    const controller = Controller.start({ topology, clock, stores, approvals, helpsRestart, onWarning });
    this.#controller = this.#cleanUp.use(unwrap(controller, "controller"));
    this.#controller.onChange(() => this.observer.notify());
    this.#controller.onWrite(({ switchIndex, ...row }) =>
      this.#see({ kind: "wanted", at: this.now(), sw: topology.switches[switchIndex] as SwitchPlace, ...row }),
    );
  }

  #watchDpu(device: SimulatedDpu): void {
    const dpu = device.place;
    device.onRow((row) => this.#see({ kind: "told", at: this.now(), dpu, ...row }));
    this.logs.get(dpu.name)?.onEntry((entry) => {
      if (entry.kind !== "bfd") this.#see({ ...entry, dpu });
      else this.#see({ kind: "answers", at: entry.at, dpu, answers: entry.answers });
    });
  }

  #see(seen: Observation): void {
    for (const listener of [...this.#seeing]) listener(seen);
  }
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("the cluster has no such part, or has not started");
  return part;
}

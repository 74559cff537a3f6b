import { type CrashPointName, type Millis, millis, seconds, type Timer } from "@tandem/base";
import { DATABASES_DEFAULT, type Fields } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { DaemonPlace, RedisOwner } from "../cluster/cluster-host.js";
import { daemonOf } from "../cluster/cluster-host.js";
import type { SimulatedCluster } from "../cluster/simulated-cluster.js";
import type { Wipe } from "../dpu/wipe.js";
import type { Direction, NodeName } from "../network.js";
import type { Plane } from "../pmon/planes.js";
import { type DpuPlace, pairOf, type SwitchPlace } from "../topology.js";
import { Holds } from "./holds.js";
import { RowTools } from "./row-tools.js";

/** Until a hamgrd that keeps dying is started again. */
const RESTART_AFTER = millis(100);
/** TCP keepalive of ZMQ connections: first probe, and when a peer that answers none counts as gone. */
const KEEPALIVE_IDLE = seconds(5);
const DEAD_PEER_AFTER = seconds(10);

/**
 * The cluster as faults reach for it. What several faults hold down at a time (a daemon, a Redis, a DPU, a cut) comes
 * back when the last of them lets go.
 */
export class SimWorld extends RowTools {
  readonly #holds = new Holds();
  readonly #crashed = new Set<string>();
  readonly #goingOn = new Map<string, () => void>();
  readonly #delayed = new Map<string, readonly string[]>();
  /** By DPU: when a connection to its former life is found out. */
  readonly #keepalives = new Map<string, Timer>();

  constructor(host: SimulatedCluster, cluster: Cluster) {
    super(host, cluster);
  }

  /** Calls `begin` unless `name` is held already. */
  hold(name: string, begin: () => unknown): unknown {
    return this.#holds.take(name) ? begin() : undefined;
  }

  /** Calls `end` unless somebody else still holds `name`. */
  release(name: string, end: () => unknown): unknown {
    return this.#holds.release(name) ? end() : undefined;
  }

  later(after: Millis, act: () => unknown): Timer {
    return this.host.clock.setTimer(after, () => void act());
  }

  /** Down, up, down … `every` so often, until `steady`, which leaves it up. */
  flap(name: string, every: Millis, turn: (down: boolean) => unknown): void {
    let down = false;
    let timer: Timer | undefined;
    const next = (): void => {
      down = !down;
      void turn(down);
      timer = this.later(every, next);
    };
    this.untilSteady(name, () => {
      timer?.cancel();
      if (down) void turn(false);
    });
    next();
  }

  /** Something goes on under `name`; `steady` calls `stop`, and so does whatever else begins under that name. */
  untilSteady(name: string, stop: () => void): void {
    this.steady(name);
    this.#goingOn.set(name, stop);
  }

  steady(name: string): void {
    this.#goingOn.get(name)?.();
    this.#goingOn.delete(name);
  }

  killDaemon(daemon: DaemonPlace): unknown {
    return this.hold(daemon.name, () => this.host.killDaemon(daemon));
  }

  /** Does not wait until the daemon is ready: what it needs may be away. */
  reviveDaemon(daemon: DaemonPlace): unknown {
    return this.release(daemon.name, () => {
      void this.host.startDaemon(daemon);
    });
  }

  /** The daemon dies when it comes by `point` once more after `passes` passes. */
  armCrash(daemon: DaemonPlace, point: CrashPointName, passes: number): void {
    this.host.armCrash(daemon, point, passes, () => {
      this.#holds.take(daemon.name);
      this.#crashed.add(daemon.name);
    });
  }

  /** As `armCrash`, again and again: whenever it died it is started, and dies there again. */
  armCrashLoop(daemon: DaemonPlace, point: CrashPointName, passes: number): void {
    this.host.armCrash(daemon, point, passes, () => {
      this.#holds.take(daemon.name);
      this.#crashed.add(daemon.name);
      this.later(RESTART_AFTER, () => {
        if (!this.#crashed.delete(daemon.name)) return;
        this.armCrashLoop(daemon, point, passes);
        void this.reviveDaemon(daemon);
      });
    });
  }

  /** A daemon that died of it is started again. */
  disarmCrash(daemon: DaemonPlace): unknown {
    this.host.disarmCrash(daemon);
    return this.#crashed.delete(daemon.name) ? this.reviveDaemon(daemon) : undefined;
  }

  /** A second process beside the first, unless it is down. */
  overlapDaemon(daemon: DaemonPlace): void {
    if (this.host.runs(daemon)) void this.host.startBeside(daemon);
  }

  killRedis(owner: RedisOwner): unknown {
    return this.hold(`redis ${owner.name}`, () => this.host.killRedis(owner));
  }

  reviveRedis(owner: RedisOwner): unknown {
    return this.release(`redis ${owner.name}`, () => this.host.startRedis(owner));
  }

  /** What devices could not write meanwhile, they write again: whoever wrote by hand would have noticed. */
  async mendRedis(owner: RedisOwner): Promise<void> {
    const { bfd } = this.cluster.devices;
    await this.host.troubleRedis(owner, undefined);
    for (const dpu of "slot" in owner ? [owner] : owner.dpus) {
      this.cluster.devices.dpu(dpu).repeatReports();
      bfd.rewrite(dpu.name);
      this.rewritePlanes(dpu);
    }
  }

  /** It says no farewell: hamgrd's connection to it seems to stand, until TCP's keepalive finds out. */
  powerOff(dpu: DpuPlace): unknown {
    return this.hold(`power ${dpu.name}`, () => {
      this.host.wires.sever(zmqEndpoint(dpu));
      this.#noticeAfter(dpu, DEAD_PEER_AFTER);
      return this.cluster.devices.dpu(dpu).powerOff();
    });
  }

  /** Does not wait until the DPU has booted: its databases may be away. */
  powerOn(dpu: DpuPlace, wipe: Wipe): unknown {
    return this.release(`power ${dpu.name}`, () => {
      // Who is there again answers the next probe of a connection that it does not know.
      if (this.#keepalives.has(dpu.name)) this.#noticeAfter(dpu, KEEPALIVE_IDLE);
      void this.cluster.devices.dpu(dpu).powerOn(wipe);
    });
  }

  #noticeAfter(dpu: DpuPlace, after: Millis): void {
    this.#keepalives.get(dpu.name)?.cancel();
    const timer = this.later(after, () => {
      this.#keepalives.delete(dpu.name);
      this.host.wires.notice(zmqEndpoint(dpu));
    });
    this.#keepalives.set(dpu.name, timer);
  }

  /** Rows for a DPU find the queue full, and its orchagent reads none, unless somebody else fills it too. */
  fillZmq(dpu: DpuPlace): unknown {
    return this.hold(`zmq ${dpu.name}`, () => this.host.wires.setFull(zmqEndpoint(dpu), true));
  }

  drainZmq(dpu: DpuPlace): unknown {
    return this.release(`zmq ${dpu.name}`, () => this.host.wires.setFull(zmqEndpoint(dpu), false));
  }

  /** Only what is off can be told a past. */
  whileOff(dpu: DpuPlace, act: () => Promise<unknown>): unknown {
    const away = this.cluster.devices.dpu(dpu).powered || !this.host.redis(dpu).up;
    return away ? undefined : act();
  }

  crashSwitch(sw: SwitchPlace): void {
    this.hold(`switch ${sw.name}`, () => {
      for (const daemon of this.#daemonsOf(sw)) this.killDaemon(daemon);
      for (const dpu of sw.dpus) this.powerOff(dpu);
      for (const owner of [sw, ...sw.dpus]) this.killRedis(owner);
      this.host.network.powerOff(sw.npu);
      this.cluster.devices.pmon(sw).setHeld(true);
    });
  }

  async bootSwitch(sw: SwitchPlace, how: "cold" | "warm"): Promise<void> {
    const boots = this.release(`switch ${sw.name}`, () => true);
    if (boots !== true) return;
    if (how === "cold") {
      this.host.redis(sw).keepOnly([DATABASES_DEFAULT.CONFIG_DB.id]);
      for (const dpu of sw.dpus) this.host.redis(dpu).keepOnly([]);
    }
    for (const owner of [sw, ...sw.dpus]) await this.reviveRedis(owner);
    this.host.network.powerOn(sw.npu);
    for (const daemon of this.#daemonsOf(sw)) this.reviveDaemon(daemon);
    for (const dpu of sw.dpus) this.powerOn(dpu, "keys");
    const pmon = this.cluster.devices.pmon(sw);
    pmon.setHeld(false);
    for (const dpu of sw.dpus) pmon.rewrite(this.cluster.devices.dpu(dpu));
    await this.cluster.controller.replay();
  }

  killHamgrds(sw: SwitchPlace): void {
    for (const daemon of this.#daemonsOf(sw)) if (daemon.kind === "hamgrd") this.killDaemon(daemon);
  }

  async reviveHamgrds(sw: SwitchPlace): Promise<void> {
    await this.flush(sw, "STATE_DB");
    for (const daemon of this.#daemonsOf(sw)) if (daemon.kind === "hamgrd") this.reviveDaemon(daemon);
  }

  /** Everything under way to orchagent is lost, and hamgrd connects again. */
  cutZmq(dpu: DpuPlace): void {
    this.cluster.devices.dpu(dpu).inbox.drop();
    this.host.wires.cut(zmqEndpoint(dpu));
  }

  cutBus(a: SwitchPlace, b: SwitchPlace, direction: Direction): void {
    this.hold(`bus ${a.name} ${b.name}`, () => this.host.network.cut(a.npu, b.npu, false));
    if (direction === "both") this.cutBus(b, a, "oneWay");
  }

  healBus(a: SwitchPlace, b: SwitchPlace, direction: Direction): void {
    this.release(`bus ${a.name} ${b.name}`, () => this.host.network.heal(a.npu, b.npu, false));
    if (direction === "both") this.healBus(b, a, "oneWay");
  }

  /** Probes, packets and channels between two switches or DPUs. */
  cutPath(a: NodeName, b: NodeName, direction: Direction): void {
    this.hold(`path ${a} ${b}`, () => this.cluster.devices.network.cut(a, b, "oneWay"));
    if (direction === "both") this.cutPath(b, a, "oneWay");
  }

  healPath(a: NodeName, b: NodeName, direction: Direction): void {
    this.release(`path ${a} ${b}`, () => this.cluster.devices.network.heal(a, b, "oneWay"));
    if (direction === "both") this.healPath(b, a, "oneWay");
  }

  setPlane(dpu: DpuPlace, plane: Plane, up: boolean): void {
    const { powered } = this.cluster.devices.dpu(dpu);
    // What is off is not seen up.
    if (!up || powered) this.cluster.pmon(dpu).setPlane(this.cluster.devices.dpu(dpu), plane, up, "a fault");
  }

  rewritePlanes(dpu: DpuPlace): void {
    this.cluster.pmon(dpu).rewrite(this.cluster.devices.dpu(dpu));
  }

  async delayApprovals(dpu: DpuPlace): Promise<void> {
    await this.cluster.controller.setApprovals("manual", { vdpu: dpu.vdpuId });
    const take = (): void => {
      const ids = this.cluster.controller.pending(dpu.vdpuId).map(({ id }) => id);
      if (ids.length === 0) return;
      stop();
      this.#delayed.set(dpu.name, ids);
      void this.cluster.controller.setApprovals("auto", { vdpu: dpu.vdpuId });
    };
    const stop = this.cluster.controller.onChange(take);
    this.untilSteady(`approvals ${dpu.name}`, stop);
    take();
  }

  async approveDelayed(dpu: DpuPlace): Promise<void> {
    this.steady(`approvals ${dpu.name}`);
    await this.cluster.controller.setApprovals("auto", { vdpu: dpu.vdpuId });
    await this.cluster.controller.approveIds(dpu.vdpuId, this.#delayed.get(dpu.name) ?? []);
    this.#delayed.delete(dpu.name);
  }

  /** The set's config row on the switch of `dpu`, otherwise than the controller wants it; `undefined`: deleted. */
  distortSet(dpu: DpuPlace, change: (fields: Fields) => Fields | undefined): Promise<void> {
    const key = pairOf(this.cluster.topology, dpu)?.set.id ?? "";
    return this.cluster.controller.distort(
      { switchIndex: dpu.switchIndex, table: "DASH_HA_SET_CONFIG_TABLE", key },
      change,
    );
  }

  distortScope(dpu: DpuPlace, change: (fields: Fields) => Fields | undefined): Promise<void> {
    const key = `${dpu.vdpuId}:${pairOf(this.cluster.topology, dpu)?.set.id}`;
    return this.cluster.controller.distort(
      { switchIndex: dpu.switchIndex, table: "DASH_HA_SCOPE_CONFIG_TABLE", key },
      change,
    );
  }

  #daemonsOf(sw: SwitchPlace): readonly DaemonPlace[] {
    return sw.dpus.flatMap((dpu) => (["swbusd", "hamgrd"] as const).map((kind) => daemonOf(this.host, kind, dpu)));
  }
}

function zmqEndpoint({ midplane, zmqPort }: DpuPlace): string {
  return `tcp://${midplane}:${zmqPort}`;
}

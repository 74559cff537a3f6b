import { type Clock, type Millis, millis, type Timer } from "@tandem/base";
import type { BfdProbes } from "./bfd/bfd-probes.js";
import { scopeTreatment } from "./dpu/core.js";
import type { Treatment } from "./dpu/data-path.js";
import type { SimulatedDpu } from "./dpu/simulated-dpu.js";
import type { LabNetwork } from "./network.js";
import { type BothDown, nextHop } from "./npu/next-hop.js";
import type { SimulatedNpu } from "./npu/simulated-npu.js";

/** What became of one packet. */
export type Delivery =
  | { readonly kind: "delivered"; readonly by: string; readonly tunnelledBy: string | undefined }
  | { readonly kind: "lost"; readonly at: string; readonly why: string };

/** The forwarding of the whole cluster: any packet at any switch, followed to its end. */
export interface Forwarding {
  readonly network: LabNetwork;
  readonly bfd: BfdProbes;
  readonly dpus: readonly SimulatedDpu[];
  /** Default `asBothUp`, as the HLD has it. */
  readonly bothDown?: BothDown;
}

/**
 * One packet of `flow` for `vip` that arrives at `npu`: to the DPU that the switch's route and probes choose, from there
 * over at most one tunnel to the active. `scope` is the HA scope of the VIP.
 */
export function forward(world: Forwarding, npu: SimulatedNpu, vip: string, scope: string, flow: string): Delivery {
  const sw = npu.place.name;
  const lost = (at: string, why: string): Delivery => ({ kind: "lost", at, why });
  const route = npu.route(vip);
  if (route === undefined) return lost(sw, "no route");
  const hop = nextHop(route.row, (pa) => world.bfd.isUp(npu, pa), flow, world.bothDown ?? "asBothUp");
  if (hop.kind === "none") return lost(sw, hop.why);
  const pa = route.row.endpoint_monitor?.[hop.index];
  const dpu = dpuAt(world, pa);
  if (dpu === undefined || !world.network.reaches(sw, dpu.place.name)) return lost(sw, `${pa} is out of reach`);
  const first = dpu.packet(scope, { flow, tunnelled: false });
  if (first.kind === "dropped") return lost(dpu.place.name, first.why);
  if (first.kind !== "tunnelled") return { kind: "delivered", by: dpu.place.name, tunnelledBy: undefined };
  const peer = dpuAt(world, first.to);
  if (peer === undefined || !world.network.reaches(dpu.place.name, peer.place.name)) {
    return lost(dpu.place.name, `${first.to} is out of reach`);
  }
  const second = peer.packet(scope, { flow, tunnelled: true });
  if (second.kind === "dropped" || second.kind === "tunnelled") {
    return lost(peer.place.name, second.kind === "dropped" ? second.why : "tunnel loop");
  }
  return { kind: "delivered", by: peer.place.name, tunnelledBy: dpu.place.name };
}

/**
 * Why a packet that arrives at `npu` now would get lost, or undefined when it would arrive. As `forward`, but nothing is
 * sent: no DPU learns a flow by it.
 */
export function lossAt(world: Forwarding, npu: SimulatedNpu, vip: string, scope: string): string | undefined {
  const sw = npu.place.name;
  const route = npu.route(vip);
  if (route === undefined) return `${sw}: no route`;
  const hop = nextHop(route.row, (pa) => world.bfd.isUp(npu, pa), scope, world.bothDown ?? "asBothUp");
  if (hop.kind === "none") return `${sw}: ${hop.why}`;
  const pa = route.row.endpoint_monitor?.[hop.index];
  const first = dpuAt(world, pa);
  if (first === undefined || !world.network.reaches(sw, first.place.name)) return `${sw}: ${pa} is out of reach`;
  const how = treatmentAt(first, scope);
  if (how !== "tunnel") return how === "drop" ? `${first.place.name}: ${describeState(first)}` : undefined;
  const peer = dpuAt(world, first.core?.sets.get(scope)?.peerIp);
  if (peer === undefined || !world.network.reaches(first.place.name, peer.place.name)) {
    return `${first.place.name}: its peer is out of reach`;
  }
  const then = treatmentAt(peer, scope);
  if (then === "tunnel") return `${peer.place.name}: tunnel loop`;
  return then === "drop" ? `${peer.place.name}: ${describeState(peer)}` : undefined;
}

function treatmentAt(dpu: SimulatedDpu, scopeId: string): Treatment {
  const scope = dpu.core?.scopes.get(scopeId);
  return scope === undefined ? "drop" : scopeTreatment(scope);
}

function describeState(dpu: SimulatedDpu): string {
  return dpu.powered ? (dpu.haState() ?? "no scope") : "off";
}

function dpuAt(world: Forwarding, pa: string | undefined): SimulatedDpu | undefined {
  return world.dpus.find((dpu) => dpu.place.pa === pa);
}

/** Packets lost in a row, for one reason in one place. */
export interface LossWindow {
  readonly scope: string;
  readonly at: string;
  readonly why: string;
  readonly from: Millis;
  readonly until: Millis;
  readonly packets: number;
}

export interface TrafficOptions extends Forwarding {
  readonly clock: Clock;
  readonly npus: readonly SimulatedNpu[];
  /** VIPs and their scopes. */
  readonly targets: readonly { readonly vip: string; readonly scope: string }[];
  /** Packets per second and target, in turn to the switches that announce its VIP. Default 100. */
  readonly rate?: number;
  /** Flows that each target's packets belong to, in turn. Default 64. */
  readonly flows?: number;
}

/** Windows kept; beyond, only the counts go on. */
const WINDOWS_MAX = 1000;

/** Traffic for every VIP, counted: sent, delivered, tunnelled, lost, and when it was lost. */
export class Traffic implements Disposable {
  sent = 0;
  delivered = 0;
  tunnelled = 0;
  lost = 0;
  readonly #options: TrafficOptions;
  readonly #windows: LossWindow[] = [];
  /** Windows that may go on, by scope, place and reason. */
  readonly #open = new Map<string, LossWindow>();
  #timer: Timer | undefined;
  #startedAt = 0;
  #ticks = 0;
  #targets: TrafficOptions["targets"] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  get windows(): readonly LossWindow[] {
    return [...this.#windows, ...this.#open.values()];
  }

  /**
   * A packet per target at a time, `rate` times a second. A machine that falls behind sends what is missing. With
   * `scopes`, to their VIPs alone.
   */
  start(scopes?: readonly string[]): void {
    if (this.#timer !== undefined) return;
    this.#targets = this.#options.targets.filter(({ scope }) => scopes?.includes(scope) ?? true);
    this.#startedAt = this.#options.clock.monotonic();
    this.#ticks = 0;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Forgets the counts: what follows is another stage. */
  reset(): void {
    this.sent = 0;
    this.delivered = 0;
    this.tunnelled = 0;
    this.lost = 0;
    this.#windows.length = 0;
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #schedule(): void {
    const { clock, rate = 100 } = this.#options;
    const due = this.#startedAt + ((this.#ticks + 1) * 1000) / rate;
    this.#timer = clock.setTimer(millis(Math.max(0, due - clock.monotonic())), () => {
      const elapsed = Math.floor(((clock.monotonic() - this.#startedAt) * rate) / 1000 + 1e-6);
      const missing = Math.min(Math.max(1, elapsed - this.#ticks), CATCH_UP_MAX);
      for (let i = 0; i < missing; i++) this.#tick(this.#ticks + i);
      this.#ticks = Math.max(elapsed, this.#ticks + missing);
      this.#schedule();
    });
  }

  #tick(n: number): void {
    const { npus, flows = 64 } = this.#options;
    for (const { vip, scope } of this.#targets) {
      // A switch announces a VIP while it has a route for it; without anybody the network drops.
      const announcing = npus.filter((npu) => npu.route(vip) !== undefined);
      const npu = announcing[n % announcing.length] ?? npus[n % npus.length];
      if (npu === undefined) return;
      this.#count(scope, forward(this.#options, npu, vip, scope, `${scope}/${n % flows}`));
    }
  }

  #count(scope: string, delivery: Delivery): void {
    this.sent += 1;
    if (delivery.kind === "delivered") {
      this.delivered += 1;
      if (delivery.tunnelledBy !== undefined) this.tunnelled += 1;
      return;
    }
    this.lost += 1;
    const now = this.#options.clock.monotonic();
    const { at, why } = delivery;
    const name = `${scope} ${at} ${why}`;
    const open = this.#open.get(name);
    if (open !== undefined && now - open.until <= WINDOW_GAP) {
      this.#open.set(name, { ...open, until: now, packets: open.packets + 1 });
      return;
    }
    if (open !== undefined && this.#windows.length < WINDOWS_MAX) this.#windows.push(open);
    this.#open.set(name, { scope, at, why, from: now, until: now, packets: 1 });
  }
}

/** Most packets per target that a late timer makes up for. */
const CATCH_UP_MAX = 100;
/** Losses further apart belong to different windows. */
const WINDOW_GAP = 1000;

import { unreachable } from "@tandem/base";
import { type HaRole, type HaState, isDecider, isFollower } from "./ha-state.js";
import { nextMove } from "./machine-guards.js";
import { type Announcement, announcementOf, type Machine, reportedRole, servedIn, visitOf } from "./machine-state.js";

export const MACHINE_TIMERS = ["connect", "bulk", "convergence", "handOver", "switching", "echo"] as const;
export type MachineTimer = (typeof MACHINE_TIMERS)[number];

export type MachineEvent =
  | { readonly kind: "role"; readonly role: HaRole }
  | { readonly kind: "enabled"; readonly enabled: boolean }
  | { readonly kind: "activate" }
  | { readonly kind: "reconcile" }
  | { readonly kind: "channel"; readonly channel: "up" | "down" }
  /** The path to the peer works again, noticed or not as a loss of the channel. */
  | { readonly kind: "pathHealed" }
  | { readonly kind: "heard"; readonly announcement: Announcement }
  | { readonly kind: "bulkReceived"; readonly visit: string; readonly term: number }
  | { readonly kind: "timer"; readonly timer: MachineTimer };

/** DASH HA scope events: what the DPU reports to orchagent. */
export type ScopeEventKind = "STATE_CHANGED" | "FLOW_RECONCILE_NEEDED" | "SPLIT_BRAIN_DETECTED";

export type MachineEffect =
  | { readonly kind: "transition"; readonly from: HaState; readonly to: HaState; readonly reason: string }
  | {
      readonly kind: "scopeEvent";
      readonly event: ScopeEventKind;
      readonly state: HaState;
      readonly role: HaRole;
      readonly term: number;
    }
  | { readonly kind: "announce"; readonly announcement: Announcement }
  /** Every flow that this side holds, for the peer's visit. */
  | { readonly kind: "bulk"; readonly visit: string; readonly term: number }
  /** Flows learnt from the peer may be simulated again. */
  | { readonly kind: "resimulate" }
  | { readonly kind: "setTimer"; readonly timer: MachineTimer }
  | { readonly kind: "cancelTimer"; readonly timer: MachineTimer };

export interface MachineStep {
  readonly machine: Machine;
  readonly effects: readonly MachineEffect[];
}

/** First report of a new scope, and where its configuration leads it at once. */
export function startMachine(machine: Machine): MachineStep {
  const work = new Work(machine);
  work.report("STATE_CHANGED");
  work.announce();
  return work.settle();
}

/**
 * One step of the DPU-driven state machine. Total: an event without meaning in a state keeps the state.
 *
 * Guards look at levels (configuration, channel, last announcement), not at events, so the order in which things are
 * learnt does not matter: each event updates what is known, then guards run until none holds.
 */
export function stepMachine(machine: Machine, event: MachineEvent): MachineStep {
  const work = new Work(machine);
  switch (event.kind) {
    case "role":
      work.set({ wanted: event.role });
      work.announce();
      break;
    case "enabled":
      work.set({ enabled: event.enabled });
      break;
    case "activate":
      activate(work);
      break;
    case "reconcile":
      if (work.m.reconcilePaused) {
        work.set({ reconcilePaused: false });
        work.effects.push({ kind: "resimulate" });
      }
      break;
    case "channel":
      // What was heard before says nothing about the peer now, not even what was heard while probes failed: what has got
      // lost since then nobody knows. The other side announces itself again.
      work.set({ channel: event.channel, peer: undefined });
      if (event.channel === "up") work.announce();
      break;
    case "pathHealed":
      work.announce();
      if (work.m.state === "active" && isFollower(work.m.peer?.state)) {
        work.effects.push({ kind: "bulk", visit: work.m.peer?.visit ?? "", term: work.m.term });
      }
      break;
    case "heard":
      heard(work, event.announcement);
      break;
    case "bulkReceived":
      if (isFollower(work.m.state) && event.visit === visitOf(work.m) && work.m.channel === "up") {
        work.set({ synced: true });
        if (work.m.state === "standby") work.set({ term: Math.max(work.m.term, event.term) });
        work.announce();
      }
      break;
    case "timer":
      onTimer(work, event.timer);
      break;
    default:
      return unreachable(event);
  }
  return work.settle();
}

/** A step in the making. */
class Work {
  m: Machine;
  readonly effects: MachineEffect[] = [];
  #tells = false;

  constructor(machine: Machine) {
    this.m = machine;
  }

  set(change: Partial<Machine>): void {
    this.m = { ...this.m, ...change };
  }

  report(event: ScopeEventKind): void {
    const { state, term } = this.m;
    this.effects.push({ kind: "scopeEvent", event, state, role: reportedRole(this.m), term });
  }

  /** The peer is to hear of this step: once, as it ends. States passed on the way are nobody else's business. */
  announce(): void {
    this.#tells = true;
  }

  enter(next: HaState, reason: string): void {
    const from = this.m.state;
    const servedAs = servedIn(this.m);
    // A standby that takes over leaves the flows that it learnt as they are until the SDN controller agrees.
    const pauses = next === "standalone" && servedAs === "standby";
    for (const timer of timersOf(from)) this.effects.push({ kind: "cancelTimer", timer });
    const keepsService = next === "destroying" || next === "switching_to_standalone";
    this.set({
      state: next,
      visits: this.m.visits + 1,
      servedAs: keepsService ? servedAs : undefined,
      drained: false,
      tookOver: false,
    });
    if (next === "dead" || next === "connecting") this.set({ synced: false, splitBrain: false });
    if (next === "dead") this.set({ reconcilePaused: false });
    if (pauses) this.set({ reconcilePaused: true });
    if (next === "initializing_to_standby") this.set({ synced: false });
    const peerTerm = this.m.peer?.term ?? 0;
    if (isDecider(next)) this.set({ term: Math.max(this.m.term, peerTerm) + 1, synced: true });
    if (next === "standby") this.set({ term: Math.max(this.m.term, peerTerm) });
    this.effects.push({ kind: "transition", from, to: next, reason });
    this.report("STATE_CHANGED");
    if (pauses) this.report("FLOW_RECONCILE_NEEDED");
    for (const timer of timersOf(next)) this.effects.push({ kind: "setTimer", timer });
    this.announce();
  }

  /** Runs guards until none holds. */
  settle(): MachineStep {
    for (let i = 0; i < SETTLE_MAX; i++) {
      const move = nextMove(this.m);
      if (move === undefined) break;
      this.enter(move.to, move.reason);
    }
    notice(this);
    if (this.#tells) this.effects.push({ kind: "announce", announcement: announcementOf(this.m) });
    bulkSync(this);
    return { machine: this.m, effects: this.effects };
  }
}

/** No chain of states that follow from one event is longer; the guards never return to a state within one. */
const SETTLE_MAX = 8;

/** Timers that belong to a state: set when it is entered, cancelled when it is left. */
function timersOf(state: HaState): readonly MachineTimer[] {
  switch (state) {
    case "connecting":
      return ["connect"];
    case "destroying":
      return ["convergence"];
    case "switching_to_standalone":
      return ["switching"];
    default:
      return [];
  }
}

function heard(work: Work, peer: Announcement): void {
  // Probes alone decide whether the peer is there: what it says while they fail is answered, and counts for nothing.
  const resend = work.m.bulk?.sent === true && peer.visit === work.m.bulk.visit && !peer.synced;
  work.set({ peer, ...(resend && { bulk: undefined }) });
  if (work.m.state === "standby" && peer.state === "active" && peer.term > work.m.term) work.set({ term: peer.term });
  if (work.m.state === "standby" && peer.state === "standalone" && work.m.synced) {
    work.set({ synced: false });
    work.announce();
  }
  if (work.m.splitBrain && !isDecider(peer.state) && peer.state !== "switching_to_standalone") {
    work.set({ splitBrain: false });
  }
  if (peer.heard !== visitOf(work.m) && !work.m.echoing) {
    work.set({ echoing: true });
    work.effects.push({ kind: "setTimer", timer: "echo" });
  }
}

function onTimer(work: Work, timer: MachineTimer): void {
  const { m } = work;
  switch (timer) {
    case "connect":
      if (m.state === "connecting") work.enter("pending_standalone_activation", "no peer in time");
      return;
    case "convergence":
      if (m.state !== "destroying") return;
      if (m.peer?.state === "switching_to_standalone" && m.channel === "up") {
        work.set({ drained: true });
        work.effects.push({ kind: "setTimer", timer: "handOver" });
        work.announce();
      } else {
        work.enter("dead", "the network has converged");
      }
      return;
    case "handOver":
      if (m.state === "destroying" && m.drained) work.enter("dead", "the peer did not confirm in time");
      return;
    case "switching":
      if (m.state === "switching_to_standalone") work.enter("standalone", "the peer neither died nor left in time");
      return;
    case "echo":
      work.set({ echoing: false });
      if (m.peer !== undefined && m.peer.heard !== visitOf(m)) work.announce();
      return;
    case "bulk":
      if (m.bulk !== undefined) {
        work.effects.push({ kind: "bulk", visit: m.bulk.visit, term: m.term });
        work.set({ bulk: { ...m.bulk, sent: true } });
        // The follower's next announcement ends it. Without one the sync got lost, or the announcement did.
        work.effects.push({ kind: "setTimer", timer: "bulk" });
      }
      return;
    default:
      unreachable(timer);
  }
}

/** The SDN controller's approval. Outside the matching pending states it means nothing. */
function activate(work: Work): void {
  const { m } = work;
  const peerDecides = m.channel === "up" && isDecider(m.peer?.state);
  switch (m.state) {
    case "pending_active_activation":
      if (!peerDecides) work.enter("active", "activation approved");
      return;
    case "pending_standby_activation":
      work.enter("standby", "activation approved");
      return;
    case "pending_standalone_activation":
      if (!peerDecides) work.enter("standalone", "activation approved");
      return;
    default:
      return;
  }
}

/** What a state notices of its peer without leaving. */
function notice(work: Work): void {
  const { m } = work;
  const peer = m.channel === "up" ? m.peer : undefined;
  if (m.state === "standalone" && isDecider(peer?.state) && !m.splitBrain) {
    work.set({ splitBrain: true });
    work.report("SPLIT_BRAIN_DETECTED");
  }
  if (m.state === "switching_to_standalone" && peer?.state === "destroying" && peer.drained && !m.tookOver) {
    work.set({ tookOver: true });
    work.announce();
  }
}

/** A leader brings a follower up to date: a bulk sync per visit of the follower, again and again until it is confirmed. */
function bulkSync(work: Work): void {
  const { m } = work;
  const leader =
    m.state === "initializing_to_active" || m.state === "pending_active_activation" || m.state === "active";
  const peer = m.channel === "up" ? m.peer : undefined;
  if (!leader || peer === undefined || !isFollower(peer.state) || peer.synced) {
    if (m.bulk === undefined) return;
    work.effects.push({ kind: "cancelTimer", timer: "bulk" });
    work.set({ bulk: undefined });
  } else if (m.bulk?.visit !== peer.visit) {
    work.set({ bulk: { visit: peer.visit, sent: false } });
    work.effects.push({ kind: "setTimer", timer: "bulk" });
  }
}

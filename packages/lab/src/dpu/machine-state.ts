import { type HaRole, type HaState, isServing } from "./ha-state.js";

/** What one side tells the other: its whole state each time, so a lost announcement is mended by the next. */
export interface Announcement {
  readonly state: HaState;
  /** Role that the configuration asks for. */
  readonly wanted: HaRole;
  readonly term: number;
  /** Address of the sender; settles ties. */
  readonly ip: string;
  /** `<boot>.<count of state entries>`: tells one visit of a state from the next. */
  readonly visit: string;
  /** The receiver's visit that the sender heard last; empty when none. A receiver that is past it announces again. */
  readonly heard: string;
  /** The sender holds the flows of its leader. */
  readonly synced: boolean;
  /** `destroying`: the network has converged, the receiver may decide alone. */
  readonly drained: boolean;
  /** `switching_to_standalone`: the sender decides alone from here on. */
  readonly tookOver: boolean;
}

export type ChannelState = "unknown" | "up" | "down";

/** One DPU-driven HA scope: what a DPU remembers of it. Immutable. */
export interface Machine {
  readonly state: HaState;
  readonly ip: string;
  /** Distinguishes incarnations of this DPU. */
  readonly boot: number;
  /** State entries so far. */
  readonly visits: number;
  /** Last role set by orchagent; what to become, not what it is. */
  readonly wanted: HaRole;
  readonly enabled: boolean;
  readonly channel: ChannelState;
  /** Last announcement heard since the channel came up. */
  readonly peer: Announcement | undefined;
  readonly term: number;
  readonly synced: boolean;
  /** Re-simulation of flows learnt from the peer waits for the SDN controller. */
  readonly reconcilePaused: boolean;
  /** Both sides decided on their own: no pairing until one side was restarted. */
  readonly splitBrain: boolean;
  /** How it served before `destroying` or `switching_to_standalone`; what is left of that service. */
  readonly servedAs: "active" | "standby" | "standalone" | undefined;
  readonly drained: boolean;
  readonly tookOver: boolean;
  /** The peer seems not to know our state; what it says after a while decides whether it is told again. */
  readonly echoing: boolean;
  /** Bulk sync towards the peer: which of its visits it is for, and whether it was sent. */
  readonly bulk: { readonly visit: string; readonly sent: boolean } | undefined;
}

/** A new scope. It reports `dead` once; call `startMachine` for its first step. */
export function newMachine(ip: string, boot: number, role: HaRole, enabled: boolean, channel: ChannelState): Machine {
  return {
    state: "dead",
    ip,
    boot,
    visits: 0,
    wanted: role,
    enabled,
    channel,
    peer: undefined,
    term: 0,
    synced: false,
    reconcilePaused: false,
    splitBrain: false,
    servedAs: undefined,
    drained: false,
    tookOver: false,
    echoing: false,
    bulk: undefined,
  };
}

/** How this side describes itself to its peer. */
export function announcementOf(machine: Machine): Announcement {
  const { state, wanted, term, ip, synced, drained, tookOver } = machine;
  return {
    state,
    wanted,
    term,
    ip,
    visit: visitOf(machine),
    heard: machine.peer?.visit ?? "",
    synced,
    drained,
    tookOver,
  };
}

/** The role that rows show: `dead` until activation, then how it serves. */
export function reportedRole(machine: Machine): HaRole {
  if (isServing(machine.state)) return machine.state as HaRole;
  return machine.servedAs ?? "dead";
}

export function visitOf(machine: Machine): string {
  return `${machine.boot}.${machine.visits}`;
}

/** How a scope serves, or served before its service began to end. */
export function servedIn(machine: Machine): Machine["servedAs"] {
  return isServing(machine.state) ? (machine.state as NonNullable<Machine["servedAs"]>) : machine.servedAs;
}

import { type Millis, seconds } from "@tandem/base";

/** HA states in the words of DPU_STATE_DB, in the order of DASH's HA scope states. */
export const HA_STATES = [
  "dead",
  "connecting",
  "connected",
  "initializing_to_active",
  "initializing_to_standby",
  "pending_standalone_activation",
  "pending_active_activation",
  "pending_standby_activation",
  "standalone",
  "active",
  "standby",
  "destroying",
  "switching_to_standalone",
] as const;
export type HaState = (typeof HA_STATES)[number];

/** Roles as the rows of orchagent spell them. */
export const HA_ROLES = ["dead", "active", "standby", "standalone", "switching_to_active"] as const;
export type HaRole = (typeof HA_ROLES)[number];

/** Who drives the state machine of a scope. */
export type HaOwner = "dpu" | "switch";

/** States in which a DPU answers BFD: smart-switch-ha-dpu-scope-dpu-driven-setup, §6.1. */
export function isServing(state: HaState | undefined): boolean {
  return state === "active" || state === "standby" || state === "standalone";
}

/** States that decide about flows by themselves. */
export function isDecider(state: HaState | undefined): boolean {
  return state === "active" || state === "standalone";
}

/** States of the side that receives flows. */
export function isFollower(state: HaState | undefined): boolean {
  return state === "initializing_to_standby" || state === "pending_standby_activation" || state === "standby";
}

/** States that wait for the SDN controller's approval. */
export function isPending(state: HaState | undefined): boolean {
  return (
    state === "pending_standalone_activation" ||
    state === "pending_active_activation" ||
    state === "pending_standby_activation"
  );
}

/** Durations of the simulated DPU. The state machine of a real DPU leaves them open; docs/simulated-dpu.md says why these. */
export interface DpuTimings {
  /** Without a peer for this long, a connecting scope asks to be standalone. */
  readonly connectTimeout: Millis;
  /** A bulk sync takes this long. */
  readonly bulkSync: Millis;
  /** From the role `dead` until the network no longer sends here. */
  readonly convergence: Millis;
  /** After convergence, how long a dying side waits for its peer to say that it serves alone. */
  readonly handOver: Millis;
  /** Bound on `switching_to_standalone` while the peer neither dies nor disappears. */
  readonly switching: Millis;
  /** A peer that seems not to know this side's state is told again after this long. */
  readonly echo: Millis;
  /** Probes of the data-plane channel when the HA set row names none. */
  readonly probeInterval: Millis;
  readonly probeThreshold: number;
  /** Owner = switch: bounds of the delay from a role to its state row. */
  readonly ackMin: Millis;
  readonly ackMax: Millis;
  /** A flow sync session of owner = switch takes this long. */
  readonly flowSync: Millis;
}

export const DPU_TIMINGS: DpuTimings = {
  connectTimeout: seconds(30),
  bulkSync: seconds(2),
  convergence: seconds(5),
  handOver: seconds(1),
  switching: seconds(60),
  echo: 100 as Millis,
  probeInterval: 500 as Millis,
  probeThreshold: 3,
  ackMin: 10 as Millis,
  ackMax: 500 as Millis,
  flowSync: seconds(2),
};

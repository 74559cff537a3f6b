import type { Clock, Millis, Random } from "@tandem/base";
import type { Sockets, Stores } from "@tandem/swss";
import type { DpuPlace, SwitchPlace, Topology } from "../topology.js";

export const DAEMON_KINDS = ["swbusd", "hamgrd"] as const;
export type DaemonKind = (typeof DAEMON_KINDS)[number];

/** One daemon of the cluster: of one slot, e.g. `sw0_dpu1.hamgrd`. */
export interface DaemonName {
  readonly kind: DaemonKind;
  readonly dpu: DpuPlace;
}

export function describeDaemon({ kind, dpu }: DaemonName): string {
  return `${dpu.name}.${kind}`;
}

/** A Redis of the cluster: a switch's, or a DPU's. */
export type RedisOwner = SwitchPlace | DpuPlace;

/**
 * Where a cluster's parts live: `processes` (real Redis, daemons and sockets on this machine) or `simulated` (one
 * process under virtual time). Everything above is the same code for both.
 */
export interface ClusterHost extends AsyncDisposable {
  readonly kind: "processes" | "simulated";
  readonly topology: Topology;
  readonly clock: Clock;
  readonly random: Random;
  /** Sockets of the simulated devices. */
  readonly sockets: Sockets;
  /** Databases of a switch and of its DPUs, as the simulated devices and the controller see them. */
  stores(sw: SwitchPlace): Stores;
  /** Port at which `from` dials the swbusd of a remote `dpu`: the link between the switches, which can be cut. */
  swbusPort(from: SwitchPlace, dpu: DpuPlace): number;

  startRedis(owner: RedisOwner): Promise<void>;
  /** As kill -9. What it acknowledged is there again when it is started again. */
  killRedis(owner: RedisOwner): Promise<void>;
  startDaemon(name: DaemonName): Promise<void>;
  /** As kill -9. */
  killDaemon(name: DaemonName): Promise<void>;
  /** Resident memory in bytes; 0 where parts share one process. */
  memory(name: DaemonName): Promise<number>;

  /** Nothing passes between the two switches, and nothing is closed. */
  cutLink(a: SwitchPlace, b: SwitchPlace): void;
  healLink(a: SwitchPlace, b: SwitchPlace): void;

  /** `work`, while time passes as far as it needs; throws, naming `what`, beyond `limit`. */
  run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T>;
}

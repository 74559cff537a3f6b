import { type Clock, invariant, type Millis, type Random } from "@tandem/base";
import type { Sockets, Stores } from "@tandem/swss";
import type { DpuPlace, SwitchPlace, Topology } from "../topology.js";

export const DAEMON_KINDS = ["swbusd", "hamgrd"] as const;
export type DaemonKind = (typeof DAEMON_KINDS)[number];

/** `process`: each slot's daemons are processes of their own. `switch`: one process of each kind serves all slots of a switch. */
export const ISOLATIONS = ["process", "switch"] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** One daemon process: of one slot (`sw0_dpu1.hamgrd`), or of every slot of a switch (`sw0.hamgrd`). */
export interface DaemonPlace {
  readonly name: string;
  readonly kind: DaemonKind;
  readonly sw: SwitchPlace;
  /** Whose slots it serves; at least one. */
  readonly dpus: readonly DpuPlace[];
}

/** Every daemon process of a cluster, in the order of switches and slots. */
export function planDaemons(topology: Topology, isolation: Isolation): readonly DaemonPlace[] {
  return DAEMON_KINDS.flatMap((kind) =>
    topology.switches.flatMap((sw): readonly DaemonPlace[] =>
      isolation === "switch"
        ? [{ name: `${sw.name}.${kind}`, kind, sw, dpus: sw.dpus }]
        : sw.dpus.map((dpu) => ({ name: `${dpu.name}.${kind}`, kind, sw, dpus: [dpu] })),
    ),
  );
}

/** The daemon of that kind that serves the slot of `dpu`. */
export function daemonOf(host: Pick<ClusterHost, "daemons">, kind: DaemonKind, dpu: DpuPlace): DaemonPlace {
  const daemon = host.daemons.find((place) => place.kind === kind && place.dpus.includes(dpu));
  invariant(daemon !== undefined, `a ${kind} serves ${dpu.name}`);
  return daemon;
}

/** What one process has used. */
export interface ProcessUsage {
  /** e.g. `sw0.hamgrd`, `sw0_dpu1.redis`. */
  readonly name: string;
  /** Resident, in bytes. */
  readonly memory: number;
  readonly cpu: Millis;
}

/** Messages of all daemons, answers and announcements included. */
export interface MessageCounts {
  /** Handed from actor to actor within a hamgrd. */
  readonly inProcess: number;
  /** Sent by hamgrds to the bus. */
  readonly toBus: number;
  /** Forwarded by swbusds. */
  readonly forwarded: number;
  /** Route announcements. */
  readonly announcements: number;
}

/** A Redis of the cluster: a switch's, or a DPU's. */
export type RedisOwner = SwitchPlace | DpuPlace;

/**
 * What a Redis can suffer while it runs. `slow`: each answer takes some 150 ms. `stalled`: it keeps its connections and answers nothing (slow storage, a machine
 * that swaps). `full`: it is out of memory, and refuses what would need more. `unsaved`: it cannot save to disk, and
 * refuses every write.
 */
export const REDIS_TROUBLES = ["slow", "stalled", "full", "unsaved"] as const;
export type RedisTrouble = (typeof REDIS_TROUBLES)[number];

/**
 * Where a cluster's parts live: `processes` (real Redis, daemons and sockets on this machine) or `simulated` (one
 * process under virtual time). Everything above is the same code for both.
 */
export interface ClusterHost extends AsyncDisposable {
  readonly kind: "processes" | "simulated";
  readonly topology: Topology;
  readonly daemons: readonly DaemonPlace[];
  readonly clock: Clock;
  readonly random: Random;
  /** Sockets of the simulated devices. */
  readonly sockets: Sockets;
  /** Databases of a switch and of its DPUs, as the simulated devices and the controller see them. */
  stores(sw: SwitchPlace): Stores;
  /** Port at which `from` dials the swbusd of a remote `dpu`: the link between the switches, which can be cut. */
  swbusPort(from: SwitchPlace, dpu: DpuPlace): number;

  /** With what it acknowledged before it was killed; `empty`, as after a reboot, with nothing. */
  startRedis(owner: RedisOwner, options?: { readonly empty?: boolean }): Promise<void>;
  /** As kill -9. */
  killRedis(owner: RedisOwner): Promise<void>;
  /** From now on it suffers `trouble`, or nothing any more; whoever is connected stays so. */
  troubleRedis(owner: RedisOwner, trouble: RedisTrouble | undefined): Promise<void>;
  /** Resolves when each of its slots is ready. */
  startDaemon(daemon: DaemonPlace): Promise<void>;
  /** As kill -9. */
  killDaemon(daemon: DaemonPlace): Promise<void>;
  /** As SIGTERM: it ends by itself, in order. */
  stopDaemon(daemon: DaemonPlace): Promise<void>;
  /** The newest lines that it logged as errors and warnings, e.g. `error: dpu0: …`, oldest first; at most some hundred. */
  said(daemon: DaemonPlace): readonly string[];
  /** Resident memory in bytes; 0 where parts share one process. */
  memory(daemon: DaemonPlace): Promise<number>;
  /** What each process has used so far; nothing where parts share one. */
  usage(): Promise<readonly ProcessUsage[]>;
  /** Messages that the daemons which run now have counted; nothing where parts share one process. */
  messages(): Promise<MessageCounts | undefined>;

  /** Called when a daemon or a Redis (`redis <owner>`) is gone or in trouble, and when it is ready again. Returns the unsubscriber. */
  onPart(listener: PartListener): () => void;

  /** Nothing passes between the two switches, and nothing is closed. */
  cutLink(a: SwitchPlace, b: SwitchPlace): void;
  healLink(a: SwitchPlace, b: SwitchPlace): void;

  /** `work`, while time passes as far as it needs; throws `TooLateError`, naming `what`, beyond `limit`. */
  run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T>;
}

/** `part`: the name of a daemon, or `redis <owner>`. */
export type PartListener = (part: string, up: boolean) => void;

/** What had to come did not come in time. */
export class TooLateError extends Error {
  override readonly name = "TooLateError";

  /** `missing`: what was there instead, where somebody knows. */
  constructor(
    readonly what: string,
    readonly limit: Millis,
    missing?: string,
  ) {
    super(`${what}: not within ${limit / 1000} s${missing === undefined ? "" : `; ${missing}`}`);
  }
}

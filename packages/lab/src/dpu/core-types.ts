import type { Millis } from "@tandem/base";
import type { BfdResponders, Fields } from "./bfd-responders.js";
import type { FlowSync } from "./flow-sync.js";
import type { Flow, FlowTable } from "./flows.js";
import type { DpuTimings, HaOwner, HaRole, HaState } from "./ha-state.js";
import type { Announcement, ChannelState, Machine } from "./machine-state.js";

/**
 * How orchagent behaves where it is known to be wrong: `upstream` as it does today, `mended` as it should
 * (docs/simulated-dpu.md, "Two orchagents").
 */
export type OrchagentKind = "upstream" | "mended";

export interface DpuConfig {
  /** PA of this DPU. */
  readonly ip: string;
  /** Counts boots. */
  readonly boot: number;
  readonly timings: DpuTimings;
  readonly orchagent: OrchagentKind;
}

/** One HA set on the DPU. */
export interface HaSetEntry {
  readonly scope: "dpu" | "eni";
  readonly owner: HaOwner;
  readonly localIp: string;
  readonly peerIp: string;
  readonly probeInterval: Millis;
  readonly probeThreshold: number;
  /** Whether the peer would answer a probe sent now. */
  readonly reachable: boolean;
  /** What probes have shown so far. */
  readonly channel: ChannelState;
}

/** One HA scope on the DPU: orchagent's metadata, and the hardware behind it. */
export interface ScopeEntry {
  readonly setId: string;
  readonly owner: HaOwner;
  /** Role that orchagent compares a row with. */
  readonly storedRole: HaRole;
  /** Role last given to the hardware. */
  readonly appliedRole: HaRole;
  readonly disabled: boolean;
  /** State that orchagent was told last. */
  readonly haState: HaState | undefined;
  /** Seconds; `ha_role_start_time` of the row. */
  readonly roleSince: number | undefined;
  readonly reportedRole: HaRole | undefined;
  readonly activatePending: boolean;
  /** Owner = dpu. */
  readonly machine: Machine | undefined;
  readonly flows: FlowTable;
}

/** One change of a row, as it came by ZMQ. */
export interface RowChange {
  readonly table: string;
  readonly key: string;
  /** `undefined`: DEL. */
  readonly fields: Fields | undefined;
}

/** A DPU that is switched on. Immutable; everything in it is lost with the power. */
export interface DpuCore {
  readonly config: DpuConfig;
  readonly sets: ReadonlyMap<string, HaSetEntry>;
  readonly scopes: ReadonlyMap<string, ScopeEntry>;
  readonly bfd: BfdResponders;
  /** Rows that wait for something else, by `TABLE:key`: at most a DEL and a merged SET each. */
  readonly waiting: ReadonlyMap<string, readonly RowChange[]>;
  readonly flowSync: FlowSync | undefined;
  /** Fault: the hardware refuses what orchagent asks; rows wait. */
  readonly saiFails: boolean;
}

/** What one DPU tells its peer over the data-plane channel. */
export type PeerMessage =
  | { readonly kind: "announce"; readonly scope: string; readonly announcement: Announcement }
  | {
      readonly kind: "bulk";
      readonly scope: string;
      readonly visit: string;
      readonly term: number;
      readonly flows: readonly Flow[];
    }
  | { readonly kind: "flow"; readonly scope: string; readonly flow: Flow };

export type DpuEvent =
  /** Rows of one ZMQ message, in order. */
  | { readonly kind: "rows"; readonly changes: readonly RowChange[] }
  | { readonly kind: "message"; readonly from: string; readonly message: PeerMessage }
  /** A probe to the peer would now be answered, or not. */
  | { readonly kind: "path"; readonly set: string; readonly reachable: boolean }
  | { readonly kind: "timer"; readonly name: string }
  | { readonly kind: "sai"; readonly fails: boolean };

export type DpuDatabase = "DPU_STATE_DB" | "DPU_APPL_STATE_DB" | "STATE_DB";

export type DpuEffect =
  /** A partial HSET. `key` is the whole Redis key. */
  | { readonly kind: "hset"; readonly db: DpuDatabase; readonly key: string; readonly fields: Fields }
  | { readonly kind: "del"; readonly db: DpuDatabase; readonly key: string }
  | { readonly kind: "send"; readonly to: string; readonly message: PeerMessage }
  /** Replaces a timer of that name. With `upTo`, a random delay between the two. */
  | { readonly kind: "setTimer"; readonly name: string; readonly after: Millis; readonly upTo?: Millis }
  | { readonly kind: "cancelTimer"; readonly name: string }
  | {
      readonly kind: "transition";
      readonly scope: string;
      readonly from: HaState;
      readonly to: HaState;
      readonly reason: string;
    }
  /** Something that orchagent logs: an ignored field, a dropped row. */
  | { readonly kind: "warn"; readonly text: string };

export interface DpuStep {
  readonly core: DpuCore;
  readonly effects: readonly DpuEffect[];
}

/** The moment of a step: wall-clock seconds for rows, steady milliseconds for sessions. */
export interface Moment {
  readonly nowSeconds: number;
  readonly steady: Millis;
}

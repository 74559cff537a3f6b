import type { DesiredHaState } from "../schema/codecs.js";
import type { OperationType } from "../schema/dash-ha-scope-state.js";

/** What somebody wants to do to a pair, or to one side of it. */
export type Operation =
  /** The other side becomes the owner; both serve afterwards. */
  | { readonly kind: "switchover" }
  /** One side leaves service and stays out of it. */
  | { readonly kind: "shutdown"; readonly vdpu: string }
  /** HA of one side off, and on again. */
  | { readonly kind: "restart"; readonly vdpu: string }
  /** The configuration of one side goes, or without a vDPU that of the whole pair. */
  | { readonly kind: "remove"; readonly vdpu: string | undefined };

/** What the SDN controller does in one step: it alone writes configuration. */
export type PlanAction =
  | { readonly kind: "desire"; readonly vdpu: string; readonly desired: DesiredHaState }
  | { readonly kind: "disable" | "enable"; readonly vdpu: string }
  | { readonly kind: "approve"; readonly vdpu: string; readonly type: OperationType }
  | { readonly kind: "deleteScope"; readonly vdpu: string }
  | { readonly kind: "deleteSet" }
  /** Nothing is written until every side named is in one of its states. */
  | { readonly kind: "until"; readonly sides: readonly SideGoal[] };

export interface SideGoal {
  readonly vdpu: string;
  readonly states: readonly string[];
}

/** A row that a step writes or deletes, at whichever hand. */
export interface PlannedRow {
  readonly by: string;
  readonly op: "write" | "delete";
  readonly where: string;
  readonly row: string;
  /** The fields that matter, e.g. `ha_role=dead`. */
  readonly fields: string;
}

export interface PlanStep {
  readonly action: PlanAction;
  /** In plain words. */
  readonly text: string;
  /** In the order in which they are written. */
  readonly rows: readonly PlannedRow[];
  /** What the DPUs then do. */
  readonly then: string;
}

/** `safe`: a healthy owner at every moment, by everything that is known. */
export type Verdict = "safe" | "risky" | "refused" | "nothing to do";

export interface OperationPlan {
  readonly verdict: Verdict;
  /** Why it is refused, or that there is nothing to do. */
  readonly reasons: readonly string[];
  /** What may go wrong although it is not refused, or because it is forced. */
  readonly risks: readonly string[];
  /** Who owns the pair: a vDPU, or empty for nobody. */
  readonly ownerNow: string;
  readonly ownerAfter: string;
  /** What becomes of the traffic, in one line. */
  readonly traffic: string;
  /** Empty when refused and not forced. */
  readonly steps: readonly PlanStep[];
}

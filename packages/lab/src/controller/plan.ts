import type {
  DashHaScopeConfigRow,
  DashHaSetConfigRow,
  DesiredHaState,
  OperationType,
  PinnedState,
} from "@tandem/hamgrd";
import type { DpuPlace, HaSetPlace } from "../topology.js";

/** Ids that an approval list keeps: it is cumulative, and old ones mean nothing any more. */
export const APPROVED_MAX = 32;

/** `auto`: approved as soon as it is seen. `manual`: by `approve` alone. */
export type ApprovalMode = "auto" | "manual";

/** The last rule that fits decides; without one, the default. */
export interface ApprovalRule {
  readonly mode: ApprovalMode;
  readonly vdpu?: string;
  readonly type?: OperationType;
}

/** What people want of one side. */
export interface ScopeIntent {
  readonly desired: DesiredHaState;
  readonly disabled: boolean;
}

export interface PendingOperation {
  readonly id: string;
  readonly type: OperationType;
}

interface SetPlan {
  readonly place: HaSetPlace;
  readonly version: number;
  readonly preferred: readonly string[];
  readonly pinned: readonly PinnedState[];
}

interface ScopePlan {
  readonly dpu: DpuPlace;
  readonly setId: string;
  readonly version: number;
  readonly owner: "dpu" | "switch";
  readonly intent: ScopeIntent;
  readonly approved: readonly string[];
  readonly pending: readonly PendingOperation[];
  /** State that the switch reports; `undefined` without a row. */
  readonly reported: string | undefined;
  /** It stands alone, and has reported since it does that its peer decides too. */
  readonly split: boolean;
  /** Kept disabled until the DPU reports dead: a new scope, and one that is being restarted. */
  readonly held: boolean;
}

/** A DPU as the controller sees it: there; gone, its rows deleted. */
interface DpuPlan {
  readonly planesUp: boolean;
  readonly resetStatus: boolean;
  readonly gone: boolean;
}

/** Everything that the controller knows and wants. Immutable. */
export interface Plan {
  readonly sets: ReadonlyMap<string, SetPlan>;
  /** By vDPU: one DPU-scope HA scope each. */
  readonly scopes: ReadonlyMap<string, ScopePlan>;
  readonly dpus: ReadonlyMap<string, DpuPlan>;
  readonly defaultMode: ApprovalMode;
  readonly rules: readonly ApprovalRule[];
  /** Whether a DPU's fall and rise make the controller delete and re-create its rows. */
  readonly helpsRestart: boolean;
  /** Whether a split brain makes it restart HA on the side that is not preferred. */
  readonly healsSplitBrain: boolean;
}

export type PlanEvent =
  | { readonly kind: "createSet"; readonly place: HaSetPlace; readonly owner: "dpu" | "switch" }
  | { readonly kind: "removeSet"; readonly setId: string }
  /** `vdpu_ids` changes: the scope of who leaves goes, who comes gets one, held like that of a new set. */
  | { readonly kind: "members"; readonly setId: string; readonly dpus: HaSetPlace["dpus"] }
  | { readonly kind: "removeScope"; readonly vdpu: string }
  | { readonly kind: "pin"; readonly setId: string; readonly vdpu: string; readonly state: PinnedState }
  | { readonly kind: "prefer"; readonly setId: string; readonly preferred: readonly string[] }
  | { readonly kind: "intend"; readonly vdpu: string; readonly intent: Partial<ScopeIntent> }
  | { readonly kind: "rule"; readonly rule: ApprovalRule }
  | { readonly kind: "approve"; readonly vdpu: string; readonly type?: OperationType }
  /** Ids that were never seen pending, or no longer are: they are approved all the same. */
  | { readonly kind: "approveIds"; readonly vdpu: string; readonly ids: readonly string[] }
  /** HA of one side off and on again. */
  | { readonly kind: "restart"; readonly vdpu: string }
  | { readonly kind: "help"; readonly helps: boolean }
  | { readonly kind: "planes"; readonly dpu: string; readonly up: boolean }
  | { readonly kind: "reset"; readonly dpu: string; readonly status: boolean }
  | {
      readonly kind: "reported";
      readonly vdpu: string;
      readonly state: string | undefined;
      readonly pending: readonly PendingOperation[];
    }
  /** A held scope did not report dead in time. */
  | { readonly kind: "holdExpired"; readonly vdpu: string }
  /** Every row that the plan wants on the switch of these DPUs is written. */
  | { readonly kind: "settled"; readonly dpus: readonly string[] };

/** A row that the controller wants on one switch. */
export type WantedRow =
  | {
      readonly switchIndex: number;
      readonly table: "DASH_HA_SET_CONFIG_TABLE";
      readonly key: string;
      readonly row: DashHaSetConfigRow;
    }
  | {
      readonly switchIndex: number;
      readonly table: "DASH_HA_SCOPE_CONFIG_TABLE";
      readonly key: string;
      readonly row: DashHaScopeConfigRow;
    };

export function newPlan(options: Pick<Plan, "defaultMode" | "helpsRestart" | "healsSplitBrain">): Plan {
  return { ...options, sets: new Map(), scopes: new Map(), dpus: new Map(), rules: [] };
}

import type { DesiredHaState, PinnedState } from "../schema/codecs.js";
import type { OperationType } from "../schema/dash-ha-scope-state.js";

/** A pair as an operator's tool can know it: what both switches report of its sides. */
export interface PairView {
  readonly set: string;
  readonly sides: readonly [SideView, SideView];
  /** The vDPU that is to lead when both start together. */
  readonly preferred: string;
}

/** One side of a pair. */
export interface SideView {
  readonly vdpu: string;
  readonly dpu: string;
  /** The switch that carries it. */
  readonly on: string;
  /** The address from which that switch probes DPUs by BFD; missing when it is not known. */
  readonly npu?: string;
  readonly pinned: PinnedState;
  readonly state: SideState | UnknownState;
}

export interface UnknownState {
  readonly known: false;
  /** e.g. `sw1 does not answer`. */
  readonly why: string;
}

export interface SideState {
  readonly known: true;
  /** What the DPU reports, e.g. `active`; `unknown` while it reports nothing. */
  readonly haState: string;
  /** What its DPU has acknowledged as its term; empty when it says none. */
  readonly term: string;
  /** Planes that are not up, e.g. `control plane down`. */
  readonly planesWrong: readonly string[];
  /** Switches whose BFD session to it is up. */
  readonly bfd: readonly string[];
  readonly pending: readonly { readonly id: string; readonly type: OperationType | string }[];
  readonly version: string;
  readonly desired: DesiredHaState | string;
  /** `undefined` when its config cannot be seen from here. */
  readonly disabled: boolean | undefined;
  /** Since its hamgrd last said that it lives; `undefined` when it has just answered, or cannot be told. */
  readonly silentMs: number | undefined;
  /** Who drives its state machine; `undefined` when its config cannot be seen from here. */
  readonly owner: string | undefined;
}

export type KnownSide = SideView & { readonly state: SideState };

/** States in which a side decides about flows. */
const OWNING = new Set(["active", "standalone"]);
/** States that only last. */
const RESTING = new Set(["active", "standalone", "standby", "dead", "unknown"]);

export function isKnown(side: SideView): side is KnownSide {
  return side.state.known;
}

/** Why nothing is known of a side, as one line. */
export function unknownLine({ vdpu, state }: SideView): string {
  return `the state of ${vdpu} is unknown${state.known ? "" : `: ${state.why}`}`;
}

/** Whether the side decides about flows now. */
export function isOwner(side: SideView): side is KnownSide {
  return isKnown(side) && OWNING.has(side.state.haState);
}

/** Whether it is on its way from one state to another. */
export function isMoving({ haState }: SideState): boolean {
  return !RESTING.has(haState);
}

export function isDead(side: SideView): boolean {
  return isKnown(side) && side.state.haState === "dead";
}

/** The sides by name: the one asked for, and the other. */
export function sidesOf(pair: PairView, vdpu: string): readonly [side: SideView, peer: SideView] | undefined {
  const [left, right] = pair.sides;
  if (left.vdpu === vdpu) return [left, right];
  return right.vdpu === vdpu ? [right, left] : undefined;
}

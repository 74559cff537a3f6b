import type { Millis } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import type { DpuCore } from "../dpu/core-types.js";
import type { HaState } from "../dpu/ha-state.js";
import type { DpuPlace, HaSetPlace, SwitchPlace, Topology } from "../topology.js";
import type { Observation } from "./observation.js";
import type { Trouble } from "./trouble.js";

/** What invariants look at: every database, and what each DPU really is. */
export interface ClusterView {
  readonly topology: Topology;
  /** Monotonic time. */
  now(): Millis;
  /** State of the DPU's scope; undefined while it is off or has none. */
  haState(dpu: DpuPlace): HaState | undefined;
  /** Everything that the DPU knows; undefined while it is off. */
  core(dpu: DpuPlace): DpuCore | undefined;
  /** NPU addresses to which the DPU answers BFD. */
  responders(dpu: DpuPlace): readonly string[];
  /** The two sides know that they decided separately, and wait for the controller. */
  splitBrain(dpu: DpuPlace): boolean;
  /** Rows of a watched table as last seen, by key. */
  rows(owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string): ReadonlyMap<string, Fields>;
  /** Why a packet for the pair's VIP that arrives at the switch would get lost now; undefined when it arrives. */
  loss(sw: SwitchPlace, set: HaSetPlace): string | undefined;
  /** Since when the processes run that serve the DPU: its hamgrd, its Redis and that of its switch. */
  wellSince(dpu: DpuPlace): Millis | undefined;
  /**
   * Since when nothing of these kinds is broken at the DPU, as whoever breaks things says; undefined while something
   * is, and where nobody says.
   */
  fairSince(dpu: DpuPlace, troubles: readonly Trouble[]): Millis | undefined;
}

interface Statement {
  /** Stable short name. */
  readonly id: string;
  readonly text: string;
  /** Holds only where rows are seen without delay and one by one: in the simulator. */
  readonly exact?: true;
}

/** Something that must hold once nothing is under way, since databases lag behind the DPUs. */
export interface AtRest extends Statement {
  readonly when: "quiet";
  /** What is wrong now, one line each. */
  violations(view: ClusterView): readonly string[];
}

/** Something that must hold at every moment: it follows what happens, and looks only at that. */
export interface Always extends Statement {
  readonly when: "always";
  /** What it has to see: kinds of observations; for rows, `told` and `wanted` the name of the table too. */
  readonly sees: readonly Sight[];
  /** Before anything happens. */
  start(view: ClusterView): Follower;
}

export type Sight = Exclude<Observation["kind"], "row" | "told" | "wanted"> | `${"row" | "told" | "wanted"} ${string}`;

/** One invariant at work on one cluster. */
export interface Follower {
  /** What is wrong with what was just seen, one line each. */
  observe(seen: Observation): readonly string[];
  /** When something that goes on becomes wrong, unless it ends before; monotonic time. */
  due?(): Millis | undefined;
  /** What has gone on for too long by now, one line each. */
  expire?(now: Millis): readonly string[];
}

/** Something that must hold; docs/invariants.md lists them. */
export type Invariant = AtRest | Always;

/** What an observation is called in `sees`. */
export function sightOf(seen: Observation): Sight {
  return seen.kind === "row" || seen.kind === "told" || seen.kind === "wanted"
    ? `${seen.kind} ${seen.table}`
    : seen.kind;
}

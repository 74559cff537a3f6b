import type { DatabaseName, Fields } from "@tandem/swss";
import type { HaState } from "../dpu/ha-state.js";
import type { DpuPlace, SwitchPlace, Topology } from "../topology.js";

/** What invariants look at: every database, and what each DPU really is. */
export interface ClusterView {
  readonly topology: Topology;
  /** State of the DPU's scope; undefined while it is off or has none. */
  haState(dpu: DpuPlace): HaState | undefined;
  /** NPU addresses to which the DPU answers BFD. */
  responders(dpu: DpuPlace): readonly string[];
  /** The two sides know that they decided separately, and wait for the controller. */
  splitBrain(dpu: DpuPlace): boolean;
  rows(owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string): ReadonlyMap<string, Fields>;
}

/** Something that must hold; docs/invariants.md lists them. */
export interface Invariant {
  /** Stable short name. */
  readonly id: string;
  readonly text: string;
  /** `always`: after every step. `quiet`: once nothing is under way, since databases lag behind the DPUs. */
  readonly when: "always" | "quiet";
  /** What is wrong, one line each. */
  violations(view: ClusterView): readonly string[];
}

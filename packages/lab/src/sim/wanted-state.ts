import type { DesiredHaState } from "@tandem/hamgrd";
import { type DpuPlace, pairOf, type Topology } from "../topology.js";

/** The state that is desired of a DPU when all is calm: the first side of each pair leads. */
export function wantedOf(topology: Topology, dpu: DpuPlace): DesiredHaState {
  return pairOf(topology, dpu)?.set.dpus[0] === dpu ? "active" : "unspecified";
}

import { type Millis, millis } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import type { ClusterView } from "./invariant.js";

/** Since when nothing is broken anywhere, rows that somebody spoilt among it, and all that serves the DPU runs. */
export function calmAndWell(view: ClusterView, dpu: DpuPlace): Millis | undefined {
  const [calm, well] = [view.calmSince(), view.wellSince(dpu)];
  return calm === undefined || well === undefined ? undefined : millis(Math.max(calm, well));
}

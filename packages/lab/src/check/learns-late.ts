import { type Millis, seconds } from "@tandem/base";
import type { DpuPlace } from "../topology.js";
import type { ClusterView } from "./invariant.js";

/** While something is wrong with hamgrd's process or its Redis, it may learn of a change this late, from a key event. */
const LEARNS = seconds(3);

/** Whether the hamgrd of `dpu` may not have heard by `now` of what happened at `since`. */
export function learnsLate(view: ClusterView, dpu: DpuPlace, since: Millis, now: Millis): boolean {
  if (now >= since + LEARNS) return false;
  const fair = view.fairSince(dpu, ["process"]);
  return fair === undefined || fair > since;
}

import type { Isolation } from "../cluster/cluster-host.js";
import type { ClusterSize } from "./load-story.js";

/** Most DPUs whose daemons may have processes of their own: memory, 250 MB each. */
export const PROCESS_DPUS_MAX = 16;

/** How a story is told in tests: both ways where several slots can share a process, and neither needs too many processes. */
export function isolationsOf({ switches, dpus }: ClusterSize): readonly Isolation[] {
  if (switches * dpus > PROCESS_DPUS_MAX) return ["switch"];
  return dpus > 1 ? ["process", "switch"] : ["process"];
}

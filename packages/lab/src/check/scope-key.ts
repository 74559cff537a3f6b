import { type DpuPlace, pairOf, switchOf, type Topology } from "../topology.js";
import type { ClusterView } from "./invariant.js";

/** The DPU whose scope a row key names: `<vdpu>:<scope>` of a config, `<vdpu>|<scope>` of a report. */
export function dpuOfScopeKey(topology: Topology, key: string): DpuPlace | undefined {
  const vdpuId = key.slice(0, key.search(/[|:]/));
  return topology.dpus.find((dpu) => dpu.vdpuId === vdpuId);
}

/** The scope that the DPU is configured for: pairs may be made anew. Without a config, that of its place. */
export function scopeIdOf(view: ClusterView, dpu: DpuPlace): string {
  const prefix = `${dpu.vdpuId}:`;
  for (const key of view.rows(switchOf(view.topology, dpu), "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE").keys()) {
    if (key.startsWith(prefix)) return key.slice(prefix.length);
  }
  return pairOf(view.topology, dpu)?.set.id ?? "";
}

import type { DatabaseName } from "@tandem/swss";
import { lastingText } from "../check/lasting-fields.js";
import type { Cluster } from "../cluster/cluster.js";
import { mask } from "../story/mask.js";
import type { DpuPlace, SwitchPlace } from "../topology.js";

/** Everything that hamgrd stands for in a cluster at rest, as text; equal for equal configurations. */
export function finalRows(cluster: Cluster): string {
  const lines: string[] = [];
  const add = (owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string): void => {
    for (const [key, fields] of [...cluster.rows(owner, db, table)].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`${owner.name} ${table} ${key} ${lastingText(fields)}`);
    }
  };
  for (const dpu of cluster.topology.dpus) {
    add(dpu, "DPU_APPL_DB", "DASH_HA_SET_TABLE");
    add(dpu, "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE");
    add(dpu, "DPU_APPL_DB", "BFD_SESSION_TABLE");
  }
  for (const sw of cluster.topology.switches) {
    add(sw, "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE");
    add(sw, "APPL_DB", "NEIGH_RESOLVE_TABLE");
    add(sw, "STATE_DB", "DASH_HA_SCOPE_STATE");
  }
  return mask(cluster.topology, lines.join("\n"));
}

/** Lines of `finalRows` that are missing, and lines that should not be there. */
export function differenceOfRows(expected: string, found: string): readonly string[] {
  const [want, got] = [expected.split("\n"), found.split("\n")];
  return [
    ...want.filter((line) => !got.includes(line)).map((line) => `missing: ${line}`),
    ...got.filter((line) => !want.includes(line)).map((line) => `surplus: ${line}`),
  ];
}

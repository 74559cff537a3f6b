import { type DpuPlace, nodePath, type SwitchPlace, type Topology } from "../topology.js";

/** A YAML file with which swbus-cli, also upstream's, finds the swbusd of a slot. */
export function busConfigText(topology: Topology, sw: SwitchPlace, dpu: DpuPlace): string {
  const key = nodePath(topology, dpu);
  return `endpoint: "${sw.npu}:${dpu.swbusPort}"\nroutes:\n  - key: "${key}"\n    scope: "InCluster"\npeers: []\n`;
}

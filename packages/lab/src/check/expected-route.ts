import type { Fields } from "@tandem/swss";
import { type DpuPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import { listOf } from "./row-fields.js";

/** What the route of a pair must say on one switch, by the HA set's config; a field each. */
export interface ExpectedRoute {
  readonly endpoint: string;
  readonly endpoint_monitor: string;
  readonly primary: string;
  readonly pinned_state: string;
}

/** The route that follows from the config of an HA set; undefined when it names a vDPU that the cluster lacks. */
export function expectedRoute(topology: Topology, sw: SwitchPlace, config: Fields): ExpectedRoute | undefined {
  const vdpus = listOf(config, "vdpu_ids");
  const wanted = [...new Set(listOf(config, "preferred_vdpu_id"))].filter((id) => vdpus.includes(id));
  const order = [...wanted, ...vdpus.filter((id) => !wanted.includes(id))];
  const dpus = order.map((id) => topology.dpus.find((dpu) => dpu.vdpuId === id));
  if (!dpus.every((dpu) => dpu !== undefined)) return undefined;
  const addressOf = (dpu: DpuPlace): string => (dpu.switchIndex === sw.index ? dpu.pa : switchOf(topology, dpu).npu);
  const pins = (config["pinned_vdpu_bfd_probe_states"] ?? "").split(",");
  return {
    endpoint: dpus.map(addressOf).join(),
    endpoint_monitor: dpus.map(({ pa }) => pa).join(),
    primary: dpus.slice(0, wanted.length).map(addressOf).join(),
    pinned_state: pins.every((pin) => pin === "") ? "" : order.map((id) => pins[vdpus.indexOf(id)] || "none").join(),
  };
}

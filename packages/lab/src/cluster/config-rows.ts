import type { DatabaseName, Fields } from "@tandem/swss";
import { type DpuPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";

/** One row that an operator or the network controller writes before anything starts. */
export interface ConfigRow {
  readonly db: DatabaseName;
  readonly table: string;
  readonly key: string;
  readonly fields: Fields;
}

/** DASH_HA_GLOBAL_CONFIG of every switch of the lab. */
export const GLOBAL_CONFIG = {
  cp_data_channel_port: "11362",
  dp_channel_dst_port: "11368",
  dp_channel_src_port_min: "7001",
  dp_channel_src_port_max: "7010",
  dp_channel_probe_interval_ms: "500",
  dp_channel_probe_fail_threshold: "5",
  dpu_bfd_probe_interval_in_ms: "100",
  dpu_bfd_probe_multiplier: "3",
  dpu_vnet: "Vnet_55",
  dpu_vlan: "Vlan55",
} as const satisfies Fields;

/**
 * Rows of one switch's CONFIG_DB. `swbusPort` is where this switch dials a remote DPU's swbusd: the lab's links listen
 * there, so that they can be cut.
 */
export function configRows(
  topology: Topology,
  sw: SwitchPlace,
  swbusPort: (remote: DpuPlace) => number = (remote) => remote.swbusPort,
): ConfigRow[] {
  const row = (table: string, key: string, fields: Fields): ConfigRow => ({ db: "CONFIG_DB", table, key, fields });
  return [
    row("DEVICE_METADATA", "localhost", {
      region: topology.region,
      cluster: topology.cluster,
      hostname: sw.name,
      type: "LeafRouter",
      subtype: "SmartSwitch",
    }),
    row("LOOPBACK_INTERFACE", "Loopback0", { NULL: "NULL" }),
    row("LOOPBACK_INTERFACE", `Loopback0|${sw.npu}/32`, { NULL: "NULL" }),
    row("DASH_HA_GLOBAL_CONFIG", "global", GLOBAL_CONFIG),
    ...topology.dpus.map((dpu) =>
      dpu.switchIndex === sw.index
        ? row("DPU", dpu.name, {
            state: "up",
            dpu_id: String(dpu.slot),
            pa_ipv4: dpu.pa,
            vip_ipv4: dpu.vip,
            midplane_ipv4: dpu.midplane,
            orchagent_zmq_port: String(dpu.zmqPort),
            swbus_port: String(dpu.swbusPort),
            vdpu_id: dpu.vdpuId,
          })
        : row("REMOTE_DPU", dpu.name, {
            type: "cluster",
            dpu_id: String(dpu.slot),
            pa_ipv4: dpu.pa,
            npu_ipv4: switchOf(topology, dpu).npu,
            swbus_port: String(swbusPort(dpu)),
          }),
    ),
    ...topology.dpus.map((dpu) => row("VDPU", dpu.vdpuId, { main_dpu_ids: dpu.name })),
  ];
}

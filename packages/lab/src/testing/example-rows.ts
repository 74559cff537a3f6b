import type { DatabaseName, Fields } from "@tandem/swss";
import type { DpuPlace, SwitchPlace, Topology } from "../topology.js";

/** Two switches of one DPU, one HA set: the addresses of smart-switch-ha-detailed-design's examples. */
export const EXAMPLE: Topology = (() => {
  const dpu = (s: 0 | 1): DpuPlace => ({
    name: `sw${s}_dpu0`,
    switchIndex: s,
    slot: 0,
    vdpuId: `vdpu${s}`,
    pa: `18.${s}.202.1`,
    vip: "3.2.1.0",
    midplane: "169.254.200.1",
    zmqPort: 8100,
    swbusPort: 23606,
    redisPort: 6381,
  });
  const dpus = [dpu(0), dpu(1)] as const;
  const switches = dpus.map(
    (place, s): SwitchPlace => ({ name: `sw${s}`, index: s, npu: `10.${s}.0.1`, redisPort: 6379, dpus: [place] }),
  );
  const haSets = [{ id: "haset0", vip: "3.2.1.0", vipV6: "3:2:1::", dpus }];
  return { region: "region-a", cluster: "cluster-a", switches, dpus, haSets };
})();

/** A row by its whole Redis key. */
export interface ExampleRow {
  readonly db: DatabaseName;
  readonly key: string;
  readonly fields: Fields;
}

/** What stands in the databases of switch `s` before its daemons start. */
export function exampleRows(s: number): readonly ExampleRow[] {
  const here = EXAMPLE.switches[s] as SwitchPlace;
  const there = EXAMPLE.switches[1 - s] as SwitchPlace;
  const [dpu, remote] = [here.dpus[0] as DpuPlace, there.dpus[0] as DpuPlace];
  const config = (key: string, fields: Fields): ExampleRow => ({ db: "CONFIG_DB", key, fields });
  return [
    config("DEVICE_METADATA|localhost", { region: "region-a", cluster: "cluster-a", hostname: here.name }),
    config(`LOOPBACK_INTERFACE|Loopback0|${here.npu}/32`, { NULL: "NULL" }),
    config(`DPU|${dpu.name}`, {
      state: "up",
      dpu_id: "0",
      pa_ipv4: dpu.pa,
      vip_ipv4: "3.2.1.0",
      midplane_ipv4: "169.254.200.1",
      orchagent_zmq_port: "8100",
      swbus_port: "23606",
      vdpu_id: dpu.vdpuId,
    }),
    config(`REMOTE_DPU|${remote.name}`, {
      type: "cluster",
      dpu_id: "0",
      pa_ipv4: remote.pa,
      npu_ipv4: there.npu,
      swbus_port: "23606",
    }),
    config("VDPU|vdpu0", { main_dpu_ids: "sw0_dpu0" }),
    config("VDPU|vdpu1", { main_dpu_ids: "sw1_dpu0" }),
    config("DASH_HA_GLOBAL_CONFIG|global", {
      cp_data_channel_port: "11362",
      dp_channel_dst_port: "11368",
      dp_channel_src_port_min: "7001",
      dp_channel_src_port_max: "7010",
      dp_channel_probe_interval_ms: "500",
      dp_channel_probe_fail_threshold: "5",
      dpu_bfd_probe_interval_in_ms: "1000",
      dpu_bfd_probe_multiplier: "3",
      dpu_vnet: "Vnet_55",
      dpu_vlan: "Vlan55",
    }),
    {
      db: "CHASSIS_STATE_DB",
      key: "DPU_STATE|DPU0",
      fields: {
        dpu_midplane_link_state: "up",
        dpu_midplane_link_time: "Mon Jun 10 03:15:42 PM UTC 2024",
        dpu_control_plane_state: "up",
        dpu_control_plane_time: "Tue Jun 11 09:30:15 AM UTC 2024",
        dpu_data_plane_state: "up",
        dpu_data_plane_time: "Wed Jun 12 11:45:30 PM UTC 2024",
      },
    },
    {
      db: "DPU_STATE_DB",
      key: "DASH_BFD_PROBE_STATE|dash_ha",
      fields: {
        v4_bfd_up_sessions: "",
        v6_bfd_up_sessions: "",
        v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
        v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
      },
    },
  ];
}

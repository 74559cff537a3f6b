import type { AnyTable, Fields } from "@tandem/swss";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import { type HamgrdSettings, SETTINGS_DEFAULT } from "../actors/settings.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaScopeConfig } from "../schema/dash-ha-scope-config.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { Dpu } from "../schema/dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { DpuState } from "../schema/dpu-state.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { RemoteDpu } from "../schema/remote-dpu.js";
import { Vdpu } from "../schema/vdpu.js";
import { ActorWorld } from "./actor-world.js";

export function settings(part: Partial<HamgrdSettings> = {}): HamgrdSettings {
  return { ...SETTINGS_DEFAULT, slot: 0, ...part };
}

export type InputRow = readonly [table: AnyTable, key: string, fields: Fields];

const PLANES = {
  dpu_midplane_link_state: "up",
  dpu_midplane_link_time: "Mon Jun 10 03:15:42 PM UTC 2024",
  dpu_control_plane_state: "up",
  dpu_control_plane_time: "Tue Jun 11 09:30:15 AM UTC 2024",
  dpu_data_plane_state: "up",
  dpu_data_plane_time: "Wed Jun 12 11:45:30 PM UTC 2024",
};
const NO_PROBES = {
  v4_bfd_up_sessions: "",
  v6_bfd_up_sessions: "",
  v4_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
  v6_bfd_up_sessions_timestamp: "Wed Jun 12 11:45:30 PM UTC 2024",
};

/** Two switches with a DPU each and one HA set: what stands in the databases of switch 0 or 1. */
export class Example extends ActorWorld {
  /** HA set haset0 over vdpu0 and vdpu1, as protobuf rows would decode. */
  static readonly SET = {
    version: "1",
    vip_v4: "3.2.1.0",
    vip_v6: "3:2:1::",
    vdpu_ids: "vdpu0,vdpu1",
    scope: "dpu",
    pinned_vdpu_bfd_probe_states: "none,none",
    preferred_vdpu_id: "vdpu0",
  };
  static readonly SCOPE = {
    version: "1",
    disabled: "true",
    owner: "dpu",
    ha_set_id: "haset0",
    desired_ha_state: "active",
  };

  constructor(part: Partial<HamgrdSettings> = {}) {
    super(hamgrdActors(settings(part)));
  }

  /** Rows of that switch, in a sensible order. */
  static rows(sw: 0 | 1): readonly InputRow[] {
    const npu = ["10.0.0.1", "10.1.0.1"];
    const pa = ["18.0.202.1", "18.1.202.1"];
    const other = sw === 0 ? 1 : 0;
    return [
      [LoopbackInterface, `Loopback0|${npu[sw]}/32`, { NULL: "NULL" }],
      [
        Dpu,
        `sw${sw}_dpu0`,
        {
          state: "up",
          dpu_id: "0",
          pa_ipv4: pa[sw] as string,
          vip_ipv4: "3.2.1.0",
          midplane_ipv4: "169.254.200.1",
          orchagent_zmq_port: "8100",
          swbus_port: "23606",
          vdpu_id: `vdpu${sw}`,
        },
      ],
      [
        RemoteDpu,
        `sw${other}_dpu0`,
        {
          type: "cluster",
          dpu_id: "0",
          pa_ipv4: pa[other] as string,
          npu_ipv4: npu[other] as string,
          swbus_port: "23606",
        },
      ],
      [Vdpu, "vdpu0", { main_dpu_ids: "sw0_dpu0" }],
      [Vdpu, "vdpu1", { main_dpu_ids: "sw1_dpu0" }],
      [
        DashHaGlobalConfig,
        "global",
        {
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
        },
      ],
      [DpuState, "DPU0", PLANES],
      [DashBfdProbeState, "dash_ha", NO_PROBES],
      [DashHaSetConfig, "haset0", Example.SET],
      [
        DashHaScopeConfig,
        `vdpu${sw}:haset0`,
        sw === 0 ? Example.SCOPE : { ...Example.SCOPE, desired_ha_state: "unspecified" },
      ],
    ];
  }

  /** All rows of switch 0 (or 1) are there. */
  static steady(part: Partial<HamgrdSettings> = {}, sw: 0 | 1 = 0): Example {
    const world = new Example(part);
    for (const [table, key, fields] of Example.rows(sw)) world.set(table, key, fields);
    return world;
  }

  planes(changes: Fields): void {
    this.set(DpuState, "DPU0", { ...PLANES, ...changes });
  }

  /** What the DPU reports of scope haset0. */
  report(fields: Fields): void {
    this.set(DpuDashHaScopeState, "haset0", fields);
  }

  scope(changes: Fields, vdpu = "vdpu0"): void {
    this.set(DashHaScopeConfig, `${vdpu}:haset0`, { ...Example.SCOPE, ...changes });
  }

  haSet(changes: Fields): void {
    this.set(DashHaSetConfig, "haset0", { ...Example.SET, ...changes });
  }
}

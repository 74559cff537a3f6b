import { defineTable, type Row, t } from "@tandem/swss";

/** An HA set as this switch's DPU sees it. */
export const DashHaSet = defineTable({
  name: "DASH_HA_SET_TABLE",
  db: "DPU_APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.3.1.1",
  key: { ha_set_id: t.id("HaSetId", { doc: "HA set." }) },
  fields: {
    version: t.text({ doc: "Version of the set's config." }),
    vip_v4: t.ipv4({ doc: "VIP of the pair. The DPU drops a row in which it is empty.", optional: true }),
    vip_v6: t.ipv6({ doc: "VIP of the pair.", optional: true }),
    owner: t.oneOf(["dpu", "switch", "unspecified"], { doc: "Who drives the state machine." }),
    scope: t.oneOf(["dpu", "eni"], { doc: "What fails over as one. The DPU drops a row without it.", optional: true }),
    local_npu_ip: t.text({ doc: "Loopback of this switch." }),
    local_ip: t.text({ doc: "Physical address of this DPU." }),
    peer_ip: t.text({ doc: "Physical address of the peer." }),
    cp_data_channel_port: t.port({ doc: "TCP port of bulk sync.", optional: true }),
    dp_channel_dst_port: t.port({ doc: "UDP destination of the channel between the DPUs.", optional: true }),
    dp_channel_src_port_min: t.port({ doc: "First UDP source port.", optional: true }),
    dp_channel_src_port_max: t.port({ doc: "Last UDP source port.", optional: true }),
    dp_channel_probe_interval_ms: t.u32({ doc: "Between probes.", optional: true }),
    dp_channel_probe_fail_threshold: t.u32({ doc: "Probes lost until the channel is down.", optional: true }),
  },
});
export type DashHaSetRow = Row<typeof DashHaSet>;

import { defineTable, type Row, t } from "@tandem/swss";
import { keyPartCodec } from "./codecs.js";

/** Settings of all HA sets. One row; any key is taken. */
export const DashHaGlobalConfig = defineTable({
  name: "DASH_HA_GLOBAL_CONFIG",
  db: "CONFIG_DB",
  spec: "smart-switch-ha-detailed-design §2.1.1.2",
  key: { name: t.text({ doc: "Usually `global`.", absent: "" }) },
  fields: {
    cp_data_channel_port: t.port({ doc: "TCP port of bulk sync.", optional: true }),
    dp_channel_dst_port: t.port({ doc: "UDP destination of the channel between the DPUs.", optional: true }),
    dp_channel_src_port_min: t.port({ doc: "First UDP source port of that channel.", optional: true }),
    dp_channel_src_port_max: t.port({ doc: "Last UDP source port of that channel.", optional: true }),
    dp_channel_probe_interval_ms: t.u32({ doc: "Between probes of that channel.", optional: true }),
    dp_channel_probe_fail_threshold: t.u32({ doc: "Probes lost until that channel is down.", optional: true }),
    dpu_bfd_probe_interval_in_ms: t.u32({ doc: "Between BFD packets, both directions.", optional: true }),
    dpu_bfd_probe_multiplier: t.u32({ doc: "BFD packets lost until a session is down.", optional: true }),
    dpu_vnet: t.of(keyPartCodec, { doc: "VNET that holds the routes to the VIPs.", optional: true }),
    vnet_name: t.of(keyPartCodec, { doc: "Older name of `dpu_vnet`, taken when that is missing.", optional: true }),
    dpu_vlan: t.of(keyPartCodec, { doc: "VLAN in which the DPUs' physical addresses are resolved.", optional: true }),
  },
  check: ({ dp_channel_src_port_min: min, dp_channel_src_port_max: max }) =>
    min === undefined || max === undefined || min <= max
      ? undefined
      : { field: "dp_channel_src_port_max", expected: `a port of dp_channel_src_port_min (${min}) or more` },
});
export type DashHaGlobalConfigRow = Row<typeof DashHaGlobalConfig>;

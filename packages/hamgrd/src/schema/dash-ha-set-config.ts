import { codecs, defineTable, type Row, type TableSchema, t } from "@tandem/swss";
import { pinnedStateCodec } from "./codecs.js";
import { haSetConfigPb } from "./dash-ha-set-config-pb.js";

const key = { ha_set_id: t.id("HaSetId", { doc: "HA set." }) };

const fields = {
  version: t.text({ doc: "Version of the config, handed to the DPU.", absent: "" }),
  vip_v4: t.ipv4({ doc: "VIP of the pair; prefix of the VNET route.", optional: true }),
  vip_v6: t.ipv6({ doc: "VIP of the pair.", optional: true }),
  vdpu_ids: t.ids("VdpuId", { doc: "The two sides: exactly two different vDPUs." }),
  scope: t.oneOf(["unspecified", "dpu", "eni"], { doc: "What fails over as one.", absent: "unspecified" }),
  pinned_vdpu_bfd_probe_states: t.positions(pinnedStateCodec, {
    doc: "Probe states that override BFD; aligned with `vdpu_ids`, a missing one is none.",
    absent: [],
  }),
  preferred_vdpu_id: t.list(codecs.text, {
    doc: "vDPUs that take the traffic when the probes of both are up.",
    absent: [],
  }),
  preferred_standalone_vdpu_index: t.u32({ doc: "Read by the switch-driven state machine.", absent: 0 }),
};

export type DashHaSetConfigRow = Row<TableSchema<typeof key, typeof fields>>;

/** What the SDN controller wants of one HA set. Written on every switch. */
export const DashHaSetConfig = defineTable({
  name: "DASH_HA_SET_CONFIG_TABLE",
  db: "APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.1.2.1; sonic-dash-api ha_set_config.proto",
  key,
  fields,
  pb: haSetConfigPb,
  check: ({ vdpu_ids: ids }) =>
    ids.length === 2 && ids[0] !== ids[1] ? undefined : { field: "vdpu_ids", expected: "exactly two different vDPUs" },
});

import { codecs, defineTable, t } from "@tandem/swss";

const session = { session_id: t.text({ doc: "GUID of the session." }) };
const type = { type: t.oneOf(["bulk_sync", "flow_dump"], { doc: "Kind of session." }) };

/** Bulk sync and flow dumps asked of the DPU. With owner dpu the DPUs bulk-sync by themselves. */
export const DashFlowSyncSession = defineTable({
  name: "DASH_FLOW_SYNC_SESSION_TABLE",
  db: "DPU_APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.3.1.3",
  key: session,
  fields: {
    ...type,
    ha_set_id: t.id("HaSetId", { doc: "HA set that is synced.", optional: true }),
    target_server_ip: t.text({ doc: "Bulk sync: the peer.", optional: true }),
    target_server_port: t.port({ doc: "Bulk sync: the peer's port.", optional: true }),
    timeout: t.u32({ doc: "Seconds.", optional: true }),
    flow_state: t.bool({ doc: "Dump: with flow state.", optional: true }),
    filter_1: t.text({ doc: "Dump: a filter's name.", optional: true }),
    filter_2: t.text({ doc: "Dump: a filter's name.", optional: true }),
    filter_3: t.text({ doc: "Dump: a filter's name.", optional: true }),
    filter_4: t.text({ doc: "Dump: a filter's name.", optional: true }),
    filter_5: t.text({ doc: "Dump: a filter's name.", optional: true }),
    max_flows: t.u32({ doc: "Dump: flows at most.", optional: true }),
  },
});

export const DashFlowSyncSessionState = defineTable({
  name: "DASH_FLOW_SYNC_SESSION_STATE_TABLE",
  db: "DPU_STATE_DB",
  spec: "smart-switch-ha-detailed-design §2.3.2.3",
  key: session,
  fields: {
    ...type,
    state: t.oneOf(["created", "pending", "in_progress", "completed", "failed"], { doc: "Progress." }),
    creation_time_in_ms: t.integer({ doc: "Of the DPU's steady clock, no date.", optional: true }),
    last_state_start_time_in_ms: t.integer({ doc: "As above.", optional: true }),
    output_file: t.text({ doc: "Dump: gzipped JSON lines on the DPU.", optional: true }),
  },
});

export const DashFlowDumpFilter = defineTable({
  name: "DASH_FLOW_DUMP_FILTER_TABLE",
  db: "DPU_APPL_DB",
  spec: "smart-switch-ha-detailed-design §3.5",
  key: { name: t.text({ doc: "Named by sessions." }) },
  fields: {
    key: t.oneOf(
      ["eni_addr", "ip_protocol", "src_ip_addr", "dst_ip_addr", "src_l4_port", "dst_l4_port", "key_version"],
      { doc: "What is compared." },
    ),
    op: t.of(
      codecs.oneOf(["equal_to", "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"]),
      { doc: "How." },
    ),
    value: t.text({ doc: "Number, IP or MAC, as the key has it." }),
  },
});

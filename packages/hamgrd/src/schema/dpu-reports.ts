import { defineTable, type Row, t } from "@tandem/swss";
import { reportedSessionsCodec } from "./codecs.js";
import { timestampCodec } from "./timestamp.js";

/** Which NPUs the DPU's bfdmon sees. One row; any key is taken. */
export const DashBfdProbeState = defineTable({
  name: "DASH_BFD_PROBE_STATE",
  db: "DPU_STATE_DB",
  spec: "SmartSwitchDpuLivenessUsingBfd",
  key: { name: t.text({ doc: "`dash_ha`, `dpu0`, …", absent: "" }) },
  fields: {
    v4_bfd_up_sessions: t.of(reportedSessionsCodec, { doc: "NPUs whose IPv4 session is up.", absent: [] }),
    v6_bfd_up_sessions: t.of(reportedSessionsCodec, { doc: "NPUs whose IPv6 session is up.", absent: [] }),
    v4_bfd_up_sessions_timestamp: t.of(timestampCodec, { doc: "Age of the first list.", optional: true }),
    v6_bfd_up_sessions_timestamp: t.of(timestampCodec, { doc: "Age of the second list.", optional: true }),
  },
});
export type DashBfdProbeStateRow = Row<typeof DashBfdProbeState>;

/** The state machine inside the DPU. Written in parts: an event before the first state leaves `ha_state` out. */
export const DpuDashHaScopeState = defineTable({
  name: "DASH_HA_SCOPE_STATE_TABLE",
  db: "DPU_STATE_DB",
  spec: "smart-switch-ha-detailed-design §2.3.2.2; sonic-swss orchagent/dash/dashhaorch.cpp",
  key: { ha_scope_id: t.id("HaScopeId", { doc: "HA scope." }) },
  fields: {
    last_updated_time: t.integer({ doc: "Seconds or milliseconds, as the DPU pleases.", optional: true }),
    last_update_error: t.text({ doc: "SAI status.", optional: true }),
    ha_role: t.text({ doc: "`dead`, `active`, `standby`, `standalone`, `switching_to_active`.", optional: true }),
    ha_role_start_time: t.integer({ doc: "Unit as above.", optional: true }),
    ha_state: t.text({ doc: "`dead` to `switching_to_standalone`.", optional: true }),
    ha_state_start_time: t.integer({ doc: "Unit as above.", optional: true }),
    ha_term: t.text({ doc: "Flow version.", optional: true }),
    activate_role_pending: t.bool({ doc: "The DPU waits before it takes its role.", absent: false }),
    flow_reconcile_pending: t.bool({ doc: "The DPU waits before it re-simulates flows.", absent: false }),
    brainsplit_recover_pending: t.bool({ doc: "The DPU has seen both sides lead.", absent: false }),
  },
});
export type DpuDashHaScopeStateRow = Row<typeof DpuDashHaScopeState>;

/** The channel between the two DPUs of a set. */
export const DpuDashHaSetState = defineTable({
  name: "DASH_HA_SET_STATE_TABLE",
  db: "DPU_STATE_DB",
  spec: "smart-switch-ha-detailed-design §2.3.2.1",
  key: { ha_set_id: t.id("HaSetId", { doc: "HA set." }) },
  fields: {
    last_updated_time: t.integer({ doc: "Seconds or milliseconds, as the DPU pleases." }),
    dp_channel_is_alive: t.oneOf(["up", "down"], { doc: "Probes of the channel are answered." }),
  },
});

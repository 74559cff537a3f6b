import { codecs, defineTable, type Row, t } from "@tandem/swss";
import { operationIdCodec, planeStateCodec, sessionListCodec } from "./codecs.js";

export const OPERATION_TYPES = ["activate_role", "brainsplit_recover", "flow_reconcile", "switchover"] as const;
export type OperationType = (typeof OPERATION_TYPES)[number];

const plane = (name: string) => t.of(planeStateCodec, { doc: `${name} of the local DPU, from pmon.` });
const planeTime = (name: string) => t.integer({ doc: `When the ${name} last changed (ms).` });

/** What this switch reports about its side of an HA scope. The SDN controller and `show` read it. */
export const DashHaScopeState = defineTable({
  name: "DASH_HA_SCOPE_STATE",
  db: "STATE_DB",
  spec: "smart-switch-ha-detailed-design §2.2.1.1",
  key: {
    vdpu_id: t.id("VdpuId", { doc: "vDPU that hosts this side of the scope." }),
    ha_scope_id: t.id("HaScopeId", { doc: "HA scope." }),
  },
  fields: {
    version: t.text({ doc: "Version of the config that is in force.", optional: true }),
    creation_time_in_ms: t.integer({ doc: "First write of the row." }),
    last_heartbeat_time_in_ms: t.integer({ doc: "Moves once a minute while the actor lives." }),
    vip_v4: t.text({ doc: "VIP of the pair.", optional: true }),
    vip_v6: t.text({ doc: "VIP of the pair.", optional: true }),
    local_ip: t.text({ doc: "Physical address of the local DPU." }),
    peer_ip: t.text({ doc: "Physical address of the peer DPU." }),
    local_ha_state: t.text({ doc: "State as the DPU reports it; `unknown` when it reports none.", optional: true }),
    local_ha_state_last_updated_time_in_ms: t.integer({ doc: "As the DPU reports it, verbatim.", optional: true }),
    local_ha_state_last_updated_reason: t.text({ doc: "`dpu initiated`.", optional: true }),
    local_target_asic_ha_state: t.text({ doc: "Desired state of the config.", optional: true }),
    local_acked_asic_ha_state: t.text({ doc: "State that the DPU has confirmed.", optional: true }),
    local_target_term: t.text({ doc: "Term; with owner dpu that of the DPU.", optional: true }),
    local_acked_term: t.text({ doc: "Term that the DPU has confirmed.", optional: true }),
    peer_ha_state: t.text({ doc: "Owner switch only.", optional: true }),
    peer_ha_state_last_updated_time_in_ms: t.integer({ doc: "Owner switch only.", optional: true }),
    peer_term: t.text({ doc: "Owner switch only.", optional: true }),
    peer_acked_asic_ha_state: t.text({ doc: "Owner switch only.", optional: true }),
    local_vdpu_midplane_state: plane("Midplane"),
    local_vdpu_midplane_state_last_updated_time_in_ms: planeTime("midplane"),
    local_vdpu_control_plane_state: plane("Control plane"),
    local_vdpu_control_plane_state_last_updated_time_in_ms: planeTime("control plane"),
    local_vdpu_data_plane_state: plane("Data plane"),
    local_vdpu_data_plane_state_last_updated_time_in_ms: planeTime("data plane"),
    local_vdpu_up_bfd_sessions_v4: t.of(sessionListCodec, { doc: "NPUs whose BFD session to the DPU is up." }),
    local_vdpu_up_bfd_sessions_v4_update_time_in_ms: t.integer({ doc: "Age of that list (ms)." }),
    local_vdpu_up_bfd_sessions_v6: t.of(sessionListCodec, { doc: "NPUs whose BFD session to the DPU is up." }),
    local_vdpu_up_bfd_sessions_v6_update_time_in_ms: t.integer({ doc: "Age of that list (ms)." }),
    pending_operation_ids: t.list(operationIdCodec, { doc: "Operations that wait for approval.", optional: true }),
    pending_operation_types: t.list(codecs.oneOf(OPERATION_TYPES), { doc: "Their types, by index.", optional: true }),
    pending_operation_list_last_updated_time_in_ms: t.integer({ doc: "Last change of that list.", optional: true }),
    switchover_id: t.text({ doc: "Owner switch only.", optional: true }),
    switchover_state: t.oneOf(["pending_approval", "approved", "in_progress", "completed", "failed"], {
      doc: "Owner switch only.",
      optional: true,
    }),
    switchover_start_time_in_ms: t.integer({ doc: "Owner switch only.", optional: true }),
    switchover_end_time_in_ms: t.integer({ doc: "Owner switch only.", optional: true }),
    switchover_approved_time_in_ms: t.integer({ doc: "Owner switch only.", optional: true }),
    flow_sync_session_id: t.text({ doc: "Owner switch only.", optional: true }),
    flow_sync_session_state: t.text({ doc: "Owner switch only.", optional: true }),
    flow_sync_session_start_time_in_ms: t.integer({ doc: "Owner switch only.", optional: true }),
    flow_sync_session_target_server: t.text({ doc: "Owner switch only.", optional: true }),
  },
});
export type DashHaScopeStateRow = Row<typeof DashHaScopeState>;

import { type StandingRow, standingRow } from "@tandem/actor";
import { millis, minutes, seconds } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { HaSetActorState } from "../ports/ha-set-port.js";
import type { VdpuActorState } from "../ports/vdpu-port.js";
import type { DesiredHaState } from "../schema/codecs.js";
import { DashHaScope, type DashHaScopeRow, type HaRole } from "../schema/dash-ha-scope.js";
import type { DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState, type DashHaScopeStateRow } from "../schema/dash-ha-scope-state.js";
import type { HaScopeId, VdpuId } from "../schema/ids.js";
import { numericVersion } from "../schema/version.js";
import { freshReport } from "./ha-scope-fold.js";
import { type HaScopeMemory, isShown, type Operation } from "./ha-scope-memory.js";
import { DPU_OPERATIONS, type RequestField, requestField } from "./operations.js";

/** After this long a request that the DPU has not taken is sent once more. */
export const RESEND_INTERVAL = seconds(2);

/** Role that the DPU is asked for. Unspecified leaves the lead to the peer. */
export const ROLE_OF: Readonly<Record<DesiredHaState, HaRole>> = {
  unspecified: "standby",
  dead: "dead",
  active: "active",
  standalone: "standalone",
};

type Requests = Readonly<Record<RequestField, boolean>>;

const NO_REQUESTS: Requests = {
  flow_reconcile_requested: false,
  activate_role_requested: false,
  brainsplit_recovered: false,
};

/**
 * The DPU's row. A request is true in one row; the DPU executes each row that carries it. So while the DPU has not
 * taken it, a row that is otherwise unchanged stays as it is (and is sent again after the interval), and one that
 * changes for another reason carries it only when it is due again.
 */
export function dpuScopeRow(
  memory: HaScopeMemory,
  config: DashHaScopeConfigRow,
  set: HaSetActorState,
  scopeId: string,
  written: Fields | undefined,
): StandingRow {
  const report = freshReport(memory);
  const open = memory.operations.filter(({ type, approved, spent }) => {
    const operation = DPU_OPERATIONS.find((known) => known.type === type);
    return (
      approved !== undefined && spent === undefined && operation !== undefined && report?.[operation.pending] === true
    );
  });
  const withRequests = (operations: typeof open): StandingRow => {
    const requests: Record<string, boolean> = { ...NO_REQUESTS };
    for (const { type } of operations) requests[requestField(type) as RequestField] = true;
    const options = operations.length > 0 ? { refresh: RESEND_INTERVAL } : {};
    const row = scopeRow(config, set, requests as Requests);
    return standingRow(DashHaScope, { ha_scope_id: scopeId as HaScopeId }, row, options);
  };
  const all = withRequests(open);
  const isAsked = ({ approved }: Operation): boolean => approved?.asked !== undefined;
  // After a restart nothing is known of the sink: the row that carried the requests may go out again, another may not.
  const carriers = written === undefined ? open.filter(isAsked).map(({ approved }) => approved?.row) : [written];
  if (carriers.every((row) => row !== undefined && sameRow(all.fields, row))) return all;
  return withRequests(open.filter((operation) => !isAsked(operation)));
}

function scopeRow(config: DashHaScopeConfigRow, set: HaSetActorState, requests: Requests): DashHaScopeRow {
  const { vip_v4, vip_v6 } = set.ha_set;
  return {
    // Checked when the config was read.
    version: Number(numericVersion(config.version) ?? 0),
    disabled: config.disabled,
    ha_role: ROLE_OF[config.desired_ha_state],
    ha_term: "0",
    ha_set_id: config.ha_set_id,
    ...(vip_v4 !== undefined && { vip_v4 }),
    ...(vip_v6 !== undefined && { vip_v6 }),
    ...requests,
  };
}

function sameRow(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** What this switch reports of the scope. Times of the DPU are handed on verbatim. */
export function stateRow(
  memory: HaScopeMemory,
  config: DashHaScopeConfigRow,
  vdpu: VdpuActorState,
  set: HaSetActorState,
  ids: { readonly vdpuId: string; readonly scopeId: string },
): StandingRow {
  const createdAt = memory.createdAt ?? millis(0);
  const { vip_v4, vip_v6, local_ip, peer_ip } = set.ha_set;
  const row: DashHaScopeStateRow = {
    version: config.version,
    creation_time_in_ms: createdAt,
    last_heartbeat_time_in_ms: createdAt,
    ...(vip_v4 !== undefined && { vip_v4 }),
    ...(vip_v6 !== undefined && { vip_v6 }),
    local_ip,
    peer_ip,
    ...haFields(memory, config),
    ...healthFields(vdpu, createdAt),
    ...operationFields(memory),
  };
  const key = { vdpu_id: ids.vdpuId as VdpuId, ha_scope_id: ids.scopeId as HaScopeId };
  return standingRow(DashHaScopeState, key, row, { stamps: ["last_heartbeat_time_in_ms"], refresh: minutes(1) });
}

type HaFields = Pick<
  DashHaScopeStateRow,
  | "local_ha_state"
  | "local_ha_state_last_updated_time_in_ms"
  | "local_ha_state_last_updated_reason"
  | "local_target_asic_ha_state"
  | "local_acked_asic_ha_state"
  | "local_target_term"
  | "local_acked_term"
>;

/** Nothing before the DPU's first report; afterwards a report that is gone or stale reads as unknown. */
function haFields(memory: HaScopeMemory, config: DashHaScopeConfigRow): Partial<HaFields> {
  if (memory.report === undefined) return {};
  const target = { local_target_asic_ha_state: config.desired_ha_state };
  const report = freshReport(memory);
  if (report === undefined) {
    return {
      ...target,
      local_ha_state: "unknown",
      local_ha_state_last_updated_time_in_ms: memory.report.at,
      local_ha_state_last_updated_reason:
        memory.report.row === undefined ? "the DPU's state row is deleted" : "the DPU has restarted",
      local_acked_asic_ha_state: "unknown",
    };
  }
  const state = report.ha_state === undefined || report.ha_state === "" ? "unknown" : report.ha_state;
  return {
    ...target,
    local_ha_state: state,
    ...(report.ha_state_start_time !== undefined && {
      local_ha_state_last_updated_time_in_ms: report.ha_state_start_time,
    }),
    local_ha_state_last_updated_reason: "dpu initiated",
    local_acked_asic_ha_state: state,
    ...(report.ha_term !== undefined && { local_target_term: report.ha_term, local_acked_term: report.ha_term }),
  };
}

function healthFields(vdpu: VdpuActorState, createdAt: number) {
  const { dpu_pmon_state: pmon, dpu_bfd_state: bfd } = vdpu.dpu;
  return {
    local_vdpu_midplane_state: pmon?.dpu_midplane_link_state ?? "unknown",
    local_vdpu_midplane_state_last_updated_time_in_ms: pmon?.dpu_midplane_link_time ?? createdAt,
    local_vdpu_control_plane_state: pmon?.dpu_control_plane_state ?? "unknown",
    local_vdpu_control_plane_state_last_updated_time_in_ms: pmon?.dpu_control_plane_time ?? createdAt,
    local_vdpu_data_plane_state: pmon?.dpu_data_plane_state ?? "unknown",
    local_vdpu_data_plane_state_last_updated_time_in_ms: pmon?.dpu_data_plane_time ?? createdAt,
    local_vdpu_up_bfd_sessions_v4: bfd?.v4_bfd_up_sessions ?? [],
    local_vdpu_up_bfd_sessions_v4_update_time_in_ms: bfd?.v4_bfd_up_sessions_timestamp ?? createdAt,
    local_vdpu_up_bfd_sessions_v6: bfd?.v6_bfd_up_sessions ?? [],
    local_vdpu_up_bfd_sessions_v6_update_time_in_ms: bfd?.v6_bfd_up_sessions_timestamp ?? createdAt,
  } as const;
}

/** Left out until there was an operation; empty text afterwards. */
function operationFields({ operations, listedAt }: HaScopeMemory) {
  if (listedAt === undefined) return {};
  const pending = operations.filter(isShown);
  return {
    pending_operation_ids: pending.map(({ id }) => id),
    pending_operation_types: pending.map(({ type }) => type),
    pending_operation_list_last_updated_time_in_ms: listedAt,
  };
}

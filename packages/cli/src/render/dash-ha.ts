import { type Grid, renderColumns } from "./columns.js";
import { byKey, newestFirst, type TableRow } from "./rows.js";
import { NOT_AVAILABLE, shown, stamp, stateName } from "./words.js";

/** One counter of one object, e.g. an HA set or an ENI. */
export interface Counter {
  readonly object: readonly string[];
  readonly counter: string;
  readonly value: string;
}

/** What `show dash ha set status` joins: the set's config, its DPU's view, the owner its scopes name. */
export interface HaSetRow {
  readonly config: TableRow;
  readonly state: TableRow | undefined;
  readonly owner: string | undefined;
}

const GLOBAL_CONFIG_FIELDS = [
  "cp_data_channel_port",
  "dp_channel_dst_port",
  "dp_channel_src_port_min",
  "dp_channel_src_port_max",
  "dp_channel_probe_interval_ms",
  "dp_channel_probe_fail_threshold",
  "dpu_bfd_probe_interval_in_ms",
  "dpu_bfd_probe_multiplier",
  "dpu_vnet",
  "dpu_vlan",
] as const;

/** `show dash ha global-config`: every known field, then what else the row holds. */
export function renderGlobalConfig(row: TableRow | undefined): string {
  const fields = row?.fields ?? {};
  const others = Object.keys(fields).filter((name) => !GLOBAL_CONFIG_FIELDS.some((known) => known === name));
  const rows = [...GLOBAL_CONFIG_FIELDS, ...others.sort()].map((name) => [name, shown(fields[name])]);
  return renderColumns({ columns: ["Parameter", "Value"], rows });
}

/** `show dash ha set status`. */
export function renderHaSets(sets: readonly HaSetRow[]): string {
  if (sets.length === 0) return "no HA set is configured on this switch\n";
  const columns = ["HA-Set", "Scope", "Owner", "vDPUs", "VIP-v4", "Preferred", "Pinned", "DP-Channel", "Updated"];
  const rows = [...sets]
    .sort((a, b) => byKey(a.config, b.config))
    .map(({ config, state, owner }) => [
      config.key.join("|"),
      shown(config.fields["scope"]),
      shown(owner),
      shown(config.fields["vdpu_ids"]),
      shown(config.fields["vip_v4"]),
      shown(config.fields["preferred_vdpu_id"]),
      shown(config.fields["pinned_vdpu_bfd_probe_states"]),
      shown(state?.fields["dp_channel_is_alive"]),
      stamp(state?.fields["last_updated_time"]),
    ]);
  return renderColumns({ columns, rows });
}

/** `show dash ha scope status`. Term is target/acknowledged/peer. */
export function renderScopes(scopes: readonly TableRow[]): string {
  if (scopes.length === 0) return "no HA scope has a state on this switch\n";
  const columns = [
    "vDPU",
    "HA-Scope",
    "HA-State",
    "Target",
    "Acked",
    "Term(T/A/P)",
    "Peer-State",
    "Reason",
    "Pending-Ops",
    "Switchover",
  ];
  const rows = [...scopes]
    .sort(newestFirst("local_ha_state_last_updated_time_in_ms"))
    .map(({ key, fields }) => [
      key[0] ?? NOT_AVAILABLE,
      key.slice(1).join("|"),
      stateName(fields["local_ha_state"]),
      shown(fields["local_target_asic_ha_state"]),
      shown(fields["local_acked_asic_ha_state"]),
      ["local_target_term", "local_acked_term", "peer_term"].map((name) => fields[name] || "-").join("/"),
      stateName(fields["peer_ha_state"]),
      shown(fields["local_ha_state_last_updated_reason"]),
      fields["pending_operation_types"] || "-",
      fields["switchover_state"] || "-",
    ]);
  return renderColumns({ columns, rows });
}

/** Fields of `DASH_HA_SCOPE_STATE` by group, in the order of the detailed design §2.2.1.1. */
const SCOPE_GROUPS: readonly (readonly [group: string, fields: readonly string[]])[] = [
  ["Basic", ["version", "creation_time_in_ms", "last_heartbeat_time_in_ms", "vip_v4", "vip_v6", "local_ip", "peer_ip"]],
  [
    "HA State",
    [
      "local_ha_state",
      "local_ha_state_last_updated_time_in_ms",
      "local_ha_state_last_updated_reason",
      "local_target_asic_ha_state",
      "local_acked_asic_ha_state",
      "local_target_term",
      "local_acked_term",
      "peer_ha_state",
      "peer_ha_state_last_updated_time_in_ms",
      "peer_term",
      "peer_acked_asic_ha_state",
    ],
  ],
  [
    "Health",
    [
      "local_vdpu_midplane_state",
      "local_vdpu_midplane_state_last_updated_time_in_ms",
      "local_vdpu_control_plane_state",
      "local_vdpu_control_plane_state_last_updated_time_in_ms",
      "local_vdpu_data_plane_state",
      "local_vdpu_data_plane_state_last_updated_time_in_ms",
      "local_vdpu_up_bfd_sessions_v4",
      "local_vdpu_up_bfd_sessions_v4_update_time_in_ms",
      "local_vdpu_up_bfd_sessions_v6",
      "local_vdpu_up_bfd_sessions_v6_update_time_in_ms",
    ],
  ],
  [
    "Operations",
    [
      "pending_operation_ids",
      "pending_operation_types",
      "pending_operation_list_last_updated_time_in_ms",
      "switchover_id",
      "switchover_state",
      "switchover_start_time_in_ms",
      "switchover_end_time_in_ms",
      "switchover_approved_time_in_ms",
      "flow_sync_session_id",
      "flow_sync_session_state",
      "flow_sync_session_start_time_in_ms",
      "flow_sync_session_target_server",
    ],
  ],
];

/** `show dash ha scope status <id>`: every field of each matching row, grouped; unknown fields come last. */
export function renderScopeDetails(scopes: readonly TableRow[]): string {
  const known = new Set(SCOPE_GROUPS.flatMap(([, names]) => names));
  return [...scopes]
    .sort(byKey)
    .map(({ key, fields }) => {
      const others = Object.keys(fields).filter((name) => !known.has(name));
      const groups = others.length === 0 ? SCOPE_GROUPS : [...SCOPE_GROUPS, ["Other", others.sort()] as const];
      const width = Math.max(...groups.flatMap(([, names]) => names.map((name) => name.length)));
      const lines = groups.flatMap(([group, names]) => [
        group,
        ...names.map((name) => `  ${name.padEnd(width)}  ${fieldText(name, fields[name])}`),
      ]);
      return [`vDPU ${key[0] ?? NOT_AVAILABLE}, HA-Scope ${key.slice(1).join("|")}`, ...lines].join("\n");
    })
    .map((text) => `${text}\n`)
    .join("\n");
}

function fieldText(name: string, text: string | undefined): string {
  if (name.endsWith("_time_in_ms")) return stamp(text);
  return name === "local_ha_state" || name === "peer_ha_state" ? stateName(text) : shown(text);
}

/** `show dash ha set counters` and `… scope counters`: one line per counter, in the order given. */
export function renderCounters(headings: readonly string[], counters: readonly Counter[]): string {
  const grid: Grid = {
    columns: [...headings, "Counter", "Value"],
    rows: counters.map(({ object, counter, value }) => [...object.map(shown), counter, value]),
  };
  return counters.length === 0 ? "no counter is kept\n" : renderColumns(grid);
}

/** What is known of one flow sync session: its request, its DPU's state, its set's bulk-sync counters. */
export interface FlowSyncSession {
  readonly id: string;
  readonly request: TableRow | undefined;
  readonly state: TableRow | undefined;
  readonly counters: Readonly<Record<string, string>>;
}

/** `show dash ha flow-sync-session counters`, newest session first. */
export function renderFlowSyncSessions(sessions: readonly FlowSyncSession[]): string {
  const columns = [
    "Session",
    "Type",
    "State",
    "Target",
    "Start",
    "Flows-Sent",
    "Flows-Received",
    "Msgs-Sent",
    "Msgs-Failed",
  ];
  if (sessions.length === 0) return "no flow sync session is known\n";
  const started = (session: FlowSyncSession): TableRow => ({
    key: [session.id],
    fields: { at: session.state?.fields["creation_time_in_ms"] ?? "" },
  });
  const rows = [...sessions]
    .sort((a, b) => newestFirst("at")(started(a), started(b)))
    .map(({ id, request, state, counters }) => [
      id,
      shown(request?.fields["type"] ?? state?.fields["type"]),
      shown(state?.fields["state"]),
      shown(request?.fields["target_server_ip"]),
      stamp(state?.fields["creation_time_in_ms"]),
      ...["FLOW_SENT", "FLOW_RECEIVED", "MESSAGE_SENT", "MESSAGE_SEND_FAILED"].map((name) =>
        shown(counters[`SAI_HA_SET_STAT_BULK_SYNC_${name}`]),
      ),
    ]);
  return renderColumns({ columns, rows });
}

import { isIP } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import type { Fields } from "./bfd-responders.js";
import { HA_ROLES, type HaOwner, type HaRole } from "./ha-state.js";

/** DASH_HA_SET_TABLE as orchagent reads it. */
export interface HaSetRow {
  readonly scope: "dpu" | "eni";
  readonly owner: HaOwner;
  readonly localIp: string;
  readonly peerIp: string;
  readonly probeIntervalMs: number | undefined;
  readonly probeThreshold: number | undefined;
}

/** DASH_HA_SCOPE_TABLE as orchagent reads it. Absent members were not in the row. */
export interface HaScopeRow {
  readonly role: HaRole | undefined;
  readonly setId: string | undefined;
  readonly disabled: boolean | undefined;
  readonly activate: boolean;
  readonly reconcile: boolean;
  readonly brainSplitRecovered: boolean;
}

/** Why a row is not taken: `drop` it for good, or `retry` it when something else has changed. */
export interface RowRefusal {
  readonly kind: "drop" | "retry";
  readonly why: string;
}

const SET_FIELDS = new Set([
  "version",
  "vip_v4",
  "vip_v6",
  "owner",
  "scope",
  "local_npu_ip",
  "local_ip",
  "peer_ip",
  "cp_data_channel_port",
  "dp_channel_dst_port",
  "dp_channel_src_port_min",
  "dp_channel_src_port_max",
  "dp_channel_probe_interval_ms",
  "dp_channel_probe_fail_threshold",
]);
/** `ha_term` is written by everybody and read by nobody: it is not worth a warning each time. */
const SCOPE_FIELDS = new Set([
  "version",
  "ha_term",
  "disabled",
  "ha_role",
  "ha_set_id",
  "vip_v4",
  "vip_v6",
  "flow_reconcile_requested",
  "activate_role_requested",
  "brainsplit_recovered",
]);

/** Fields that orchagent warns about and ignores. */
export function unknownFields(table: "set" | "scope", fields: Fields): readonly string[] {
  const known = table === "set" ? SET_FIELDS : SCOPE_FIELDS;
  return Object.keys(fields).filter((field) => !known.has(field));
}

export function parseHaSetRow(fields: Fields): Result<HaSetRow, RowRefusal> {
  for (const field of ["vip_v4", "vip_v6", "local_npu_ip", "local_ip", "peer_ip"]) {
    const text = fields[field];
    if (text !== undefined && isIP(text) === 0) return drop(field, "an IP address", text);
  }
  const scope = fields["scope"] ?? "dpu";
  if (scope !== "dpu" && scope !== "eni") return drop("scope", "dpu or eni", scope);
  const localIp = fields["local_ip"];
  const peerIp = fields["peer_ip"];
  if (localIp === undefined || peerIp === undefined) {
    return err({ kind: "retry", why: `no ${localIp === undefined ? "local_ip" : "peer_ip"} yet` });
  }
  return ok({
    scope,
    owner: parseOwner(fields["owner"]),
    localIp,
    peerIp,
    probeIntervalMs: parseCount(fields["dp_channel_probe_interval_ms"]),
    probeThreshold: parseCount(fields["dp_channel_probe_fail_threshold"]),
  });
}

export function parseHaScopeRow(fields: Fields): Result<HaScopeRow, RowRefusal> {
  for (const field of ["vip_v4", "vip_v6"]) {
    const text = fields[field];
    if (text !== undefined && isIP(text) === 0) return drop(field, "an IP address", text);
  }
  const role = fields["ha_role"];
  if (role !== undefined && !isRole(role)) return drop("ha_role", `one of ${HA_ROLES.join(", ")}`, role);
  const disabled = fields["disabled"];
  return ok({
    role,
    setId: fields["ha_set_id"] === "" ? undefined : fields["ha_set_id"],
    disabled: disabled === undefined ? undefined : isTrue(disabled),
    activate: isTrue(fields["activate_role_requested"]),
    reconcile: isTrue(fields["flow_reconcile_requested"]),
    brainSplitRecovered: isTrue(fields["brainsplit_recovered"]),
  });
}

/** Any text but `switch` means dpu. */
function parseOwner(text: string | undefined): HaOwner {
  return text === "switch" ? "switch" : "dpu";
}

function isRole(text: string): text is HaRole {
  return (HA_ROLES as readonly string[]).includes(text);
}

/** orchagent takes `true` and `1`; everything else is false. */
function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function drop(field: string, expected: string, found: string): Result<never, RowRefusal> {
  return err({ kind: "drop", why: `${field}: expected ${expected}, found ${JSON.stringify(found)}` });
}

import type { Millis } from "@tandem/base";
import type { Fields } from "./bfd-responders.js";

/** The one bulk sync session that a DPU runs at a time (owner = switch; a DPU-driven scope syncs by itself). */
export interface FlowSync {
  readonly key: string;
  /** Steady clock, as orchagent stamps sessions. */
  readonly createdAt: Millis;
}

export interface FlowSyncStep {
  readonly session: FlowSync | undefined;
  /** Row to write under `DASH_FLOW_SYNC_SESSION_STATE_TABLE|<key>`. */
  readonly row: { readonly key: string; readonly fields: Fields } | undefined;
  readonly started: boolean;
  readonly warning: string | undefined;
}

/**
 * DASH_FLOW_SYNC_SESSION_TABLE SET. While a session runs, any further SET, its own key included, is answered `failed`
 * under the key that it names; the running session goes on.
 */
export function requestFlowSync(running: FlowSync | undefined, key: string, fields: Fields, now: Millis): FlowSyncStep {
  const type = fields["type"];
  if (type !== "bulk_sync") {
    const warning = `DASH_FLOW_SYNC_SESSION_TABLE:${key}: type: expected bulk_sync, found ${JSON.stringify(type ?? null)}`;
    return { session: running, row: undefined, started: false, warning };
  }
  const usable = fields["target_server_ip"] !== undefined && fields["target_server_port"] !== undefined;
  if (running !== undefined || !usable) {
    const row = sessionRow(key, "failed", now, now);
    return { session: running, row, started: false, warning: undefined };
  }
  return {
    session: { key, createdAt: now },
    row: sessionRow(key, "created", now, now),
    started: true,
    warning: undefined,
  };
}

/** The running session ends. */
export function endFlowSync(running: FlowSync, outcome: "completed" | "failed", now: Millis): FlowSyncStep {
  const row = sessionRow(running.key, outcome, running.createdAt, now);
  return { session: undefined, row, started: false, warning: undefined };
}

function sessionRow(key: string, state: string, createdAt: Millis, now: Millis): { key: string; fields: Fields } {
  return {
    key,
    fields: {
      type: "bulk_sync",
      state,
      creation_time_in_ms: String(Math.floor(createdAt)),
      last_state_start_time_in_ms: String(Math.floor(now)),
    },
  };
}

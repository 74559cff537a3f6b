import type { Fields } from "./bfd-responders.js";
import { removeSessions } from "./bfd-responders.js";
import type { HaSetEntry, ScopeEntry } from "./core-types.js";
import type { Draft } from "./draft.js";
import { NO_FLOWS } from "./flows.js";
import type { HaRole } from "./ha-state.js";
import { MACHINE_TIMERS, startMachine } from "./machine.js";
import { announcementOf, newMachine } from "./machine-state.js";
import type { Outcome } from "./orch.js";
import { type HaScopeRow, parseHaScopeRow, unknownFields } from "./orch-rows.js";
import { drive, machineTimerName, scopeStateKey, silence, takeStep, update } from "./scope-reports.js";

/** Name of the timer after which a role of an owner = switch scope is acknowledged. */
export function ackTimerName(scopeId: string): string {
  return `ack/${scopeId}`;
}

/** DASH_HA_SCOPE_TABLE SET. */
export function applyScope(draft: Draft, id: string, fields: Fields): Outcome {
  const parsed = parseHaScopeRow(fields);
  if (!parsed.ok) {
    draft.warn(`DASH_HA_SCOPE_TABLE:${id}: ${parsed.error.why}; the row is dropped`);
    return "done";
  }
  const ignored = unknownFields("scope", fields);
  if (ignored.length > 0) draft.warn(`DASH_HA_SCOPE_TABLE:${id}: unknown ${ignored.join(", ")}; ignored`);
  const row = parsed.value;
  const existing = draft.scopes.get(id);
  const setId = existing?.setId ?? row.setId ?? id;
  const set = draft.sets.get(setId);
  if (set === undefined || draft.saiFails) return "retry";
  if (existing === undefined) createScope(draft, id, setId, set, row);
  else if (existing.owner !== set.owner) {
    deleteScope(draft, id);
    createScope(draft, id, setId, set, { ...row, role: row.role ?? existing.appliedRole });
  } else updateScope(draft, id, existing, set, row);
  // brainsplit_recovered has no hardware behind it: the flag is cleared once the row is applied.
  if (row.brainSplitRecovered) {
    draft.hset("DPU_STATE_DB", scopeStateKey(id), { brainsplit_recover_pending: "false" });
  }
  draft.hset("DPU_APPL_STATE_DB", `DASH_HA_SCOPE_TABLE|${id}`, { result: "0" });
  return "done";
}

function createScope(draft: Draft, id: string, setId: string, set: HaSetEntry, row: HaScopeRow): void {
  const role = row.role ?? "dead";
  const entry: ScopeEntry = {
    setId,
    owner: set.owner,
    storedRole: role,
    appliedRole: role,
    disabled: row.disabled ?? false,
    haState: undefined,
    roleSince: undefined,
    reportedRole: undefined,
    activatePending: false,
    machine: undefined,
    flows: NO_FLOWS,
  };
  draft.setScope(id, entry);
  if (set.owner === "switch") {
    acknowledgeLater(draft, id, role);
    return;
  }
  const machine = newMachine(draft.config.ip, draft.config.boot, role, !entry.disabled, set.channel);
  takeStep(draft, id, startMachine(machine));
  requestFlags(draft, id, row);
}

/** In orchagent's order: role, flow reconcile, activation, admin state. */
function updateScope(draft: Draft, id: string, scope: ScopeEntry, set: HaSetEntry, row: HaScopeRow): void {
  const differs = row.role !== scope.storedRole || (draft.mended && row.role !== scope.appliedRole);
  if (row.role !== undefined && differs) setRole(draft, id, set, row.role);
  requestFlags(draft, id, row);
  if (row.disabled !== undefined && row.disabled !== scope.disabled) {
    update(draft, id, { disabled: row.disabled });
    drive(draft, id, { kind: "enabled", enabled: !row.disabled });
  }
}

function setRole(draft: Draft, id: string, set: HaSetEntry, role: HaRole): void {
  // Responders go before the role does, so that the network leaves before the service does.
  if (role === "dead" && set.scope === "dpu") draft.applyBfd(removeSessions(draft.bfd));
  update(draft, id, { appliedRole: role });
  if (set.owner === "switch") acknowledgeLater(draft, id, role);
  else drive(draft, id, { kind: "role", role });
}

/** orchagent neither stores nor acknowledges `switching_to_active`, though the hardware takes it. */
function acknowledgeLater(draft: Draft, id: string, role: HaRole): void {
  if (role === "switching_to_active") return;
  update(draft, id, { storedRole: role });
  const { ackMin, ackMax } = draft.config.timings;
  draft.setTimer(ackTimerName(id), ackMin, ackMax);
}

/** A request is executed each time a row carries it; what it means is for the state machine to say. */
function requestFlags(draft: Draft, id: string, row: HaScopeRow): void {
  if (row.reconcile) {
    draft.hset("DPU_STATE_DB", scopeStateKey(id), { flow_reconcile_pending: "false" });
    drive(draft, id, { kind: "reconcile" });
  }
  if (row.activate) {
    draft.hset("DPU_STATE_DB", scopeStateKey(id), { activate_role_pending: "false" });
    update(draft, id, { activatePending: false });
    drive(draft, id, { kind: "activate" });
  }
}

/** DASH_HA_SCOPE_TABLE DEL. The peer learns of it as of a dead scope. */
export function deleteScope(draft: Draft, id: string): Outcome {
  const scope = draft.scopes.get(id);
  if (scope === undefined) return "done";
  if (draft.mended) silence(draft, id);
  const set = draft.sets.get(scope.setId);
  if (scope.machine !== undefined && set !== undefined) {
    const announcement = { ...announcementOf(scope.machine), state: "dead", visit: "gone" } as const;
    draft.send(set.peerIp, { kind: "announce", scope: id, announcement });
  }
  for (const timer of MACHINE_TIMERS) draft.cancelTimer(machineTimerName(id, timer));
  draft.cancelTimer(ackTimerName(id));
  draft.setScope(id, undefined);
  draft.del("DPU_STATE_DB", scopeStateKey(id));
  draft.del("DPU_APPL_STATE_DB", `DASH_HA_SCOPE_TABLE|${id}`);
  return "done";
}

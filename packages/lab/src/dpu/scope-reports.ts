import { unreachable } from "@tandem/base";
import { removeSessions, restoreSessions } from "./bfd-responders.js";
import type { ScopeEntry } from "./core-types.js";
import type { Draft } from "./draft.js";
import { NO_FLOWS, resimulate } from "./flows.js";
import { type HaRole, isPending, isServing } from "./ha-state.js";
import { type MachineEffect, type MachineEvent, type MachineStep, type MachineTimer, stepMachine } from "./machine.js";

type ScopeReport = Extract<MachineEffect, { kind: "scopeEvent" }>;

/** One event for the state machine of a DPU-driven scope, and everything that follows on this DPU. */
export function drive(draft: Draft, scopeId: string, event: MachineEvent): void {
  const machine = draft.scopes.get(scopeId)?.machine;
  if (machine !== undefined) takeStep(draft, scopeId, stepMachine(machine, event));
}

/** Performs what a step of the state machine asks of orchagent, the channel and the timers. */
export function takeStep(draft: Draft, scopeId: string, step: MachineStep): void {
  update(draft, scopeId, { machine: step.machine });
  for (const effect of step.effects) perform(draft, scopeId, effect);
}

export function update(draft: Draft, scopeId: string, change: Partial<ScopeEntry>): void {
  const entry = draft.scopes.get(scopeId);
  if (entry !== undefined) draft.setScope(scopeId, { ...entry, ...change });
}

/** Redis key of a scope's state row. */
export function scopeStateKey(scopeId: string): string {
  return `DASH_HA_SCOPE_STATE_TABLE|${scopeId}`;
}

/** A scope serves no more: nothing on this DPU answers BFD, unless another scope still serves. */
export function silence(draft: Draft, exceptScope: string): void {
  for (const [id, scope] of draft.scopes) if (id !== exceptScope && isServing(scope.haState)) return;
  draft.applyBfd(removeSessions(draft.bfd));
}

function perform(draft: Draft, scopeId: string, effect: MachineEffect): void {
  const entry = draft.scopes.get(scopeId);
  const set = entry && draft.sets.get(entry.setId);
  if (entry === undefined || set === undefined) return;
  switch (effect.kind) {
    case "transition":
      if (effect.to === "dead") update(draft, scopeId, { flows: NO_FLOWS });
      draft.effects.push({
        kind: "transition",
        scope: scopeId,
        from: effect.from,
        to: effect.to,
        reason: effect.reason,
      });
      return;
    case "scopeEvent":
      reportScope(draft, scopeId, entry, effect);
      return;
    case "announce":
      draft.send(set.peerIp, { kind: "announce", scope: scopeId, announcement: effect.announcement });
      return;
    case "bulk": {
      const flows = [...entry.flows.values()];
      draft.send(set.peerIp, { kind: "bulk", scope: scopeId, visit: effect.visit, term: effect.term, flows });
      return;
    }
    case "resimulate":
      update(draft, scopeId, { flows: resimulate(entry.flows, draft.config.ip) });
      return;
    case "setTimer":
      draft.setTimer(machineTimerName(scopeId, effect.timer), timerDelay(draft, effect.timer));
      return;
    case "cancelTimer":
      draft.cancelTimer(machineTimerName(scopeId, effect.timer));
      return;
    default:
      unreachable(effect);
  }
}

/** orchagent hears of a DASH HA scope event and writes the fields that this event gives; the others stay. */
function reportScope(draft: Draft, scopeId: string, entry: ScopeEntry, report: ScopeReport): void {
  const now = draft.moment.nowSeconds;
  const roleSince = report.role === entry.reportedRole && entry.roleSince !== undefined ? entry.roleSince : now;
  const fields: Record<string, string> = {
    last_updated_time: String(now),
    ha_role: report.role,
    ha_role_start_time: String(roleSince),
    ha_term: String(report.term),
  };
  let { haState, activatePending } = entry;
  if (report.event === "STATE_CHANGED") {
    fields["ha_state"] = report.state;
    fields["ha_state_start_time"] = String(now);
    haState = report.state;
    if (isPending(report.state)) {
      activatePending = true;
      fields["activate_role_pending"] = "true";
    } else if (activatePending && draft.mended) {
      activatePending = false;
      fields["activate_role_pending"] = "false";
    }
    if (report.state === "active" || report.state === "standby") fields["brainsplit_recover_pending"] = "false";
    if (report.state === "dead" && draft.mended) silence(draft, scopeId);
  } else if (report.event === "FLOW_RECONCILE_NEEDED") fields["flow_reconcile_pending"] = "true";
  else fields["brainsplit_recover_pending"] = "true";
  update(draft, scopeId, {
    haState,
    activatePending,
    storedRole: report.role,
    reportedRole: report.role,
    roleSince,
  });
  draft.hset("DPU_STATE_DB", scopeStateKey(scopeId), fields);
  if (report.event === "STATE_CHANGED" && isServing(report.state)) draft.applyBfd(restoreSessions(draft.bfd));
}

/** Owner = switch: the state row that answers a role. `ha_term` is never written. */
export function acknowledgeRole(draft: Draft, scopeId: string, role: Exclude<HaRole, "switching_to_active">): void {
  const entry = draft.scopes.get(scopeId);
  if (entry === undefined) return;
  const now = draft.nowSeconds;
  update(draft, scopeId, { haState: role, reportedRole: role, roleSince: draft.moment.nowSeconds });
  draft.hset("DPU_STATE_DB", scopeStateKey(scopeId), {
    last_updated_time: now,
    ha_role: role,
    ha_role_start_time: now,
    ha_state: role,
    ha_state_start_time: now,
  });
  if (role !== "dead") draft.applyBfd(restoreSessions(draft.bfd));
}

export function machineTimerName(scopeId: string, timer: MachineTimer): string {
  return `machine/${timer}/${scopeId}`;
}

function timerDelay(draft: Draft, timer: MachineTimer): number {
  const { timings } = draft.config;
  switch (timer) {
    case "connect":
      return timings.connectTimeout;
    case "bulk":
      return timings.bulkSync;
    case "convergence":
      return timings.convergence;
    case "handOver":
      return timings.handOver;
    case "switching":
      return timings.switching;
    case "echo":
      return timings.echo;
    default:
      return unreachable(timer);
  }
}

import { unreachable } from "@tandem/base";
import { NO_RESPONDERS } from "./bfd-responders.js";
import { pathChanged, probeTimerFired } from "./channel.js";
import type { DpuConfig, DpuCore, DpuEvent, DpuStep, Moment, PeerMessage, ScopeEntry } from "./core-types.js";
import { forwardPacket, syncsTo, type Treatment, treatment, treatmentOfRole, type Verdict } from "./data-path.js";
import { Draft } from "./draft.js";
import { endFlowSync } from "./flow-sync.js";
import { learnFlow, learnFlows } from "./flows.js";
import { isFollower } from "./ha-state.js";
import type { MachineTimer } from "./machine.js";
import { visitOf } from "./machine-state.js";
import { FLOW_SYNC_TIMER, retryWaiting, takeRows } from "./orch.js";
import { acknowledgeRole, drive, update } from "./scope-reports.js";

/** A DPU that has just booted: it knows nothing. */
export function newDpuCore(config: DpuConfig): DpuCore {
  return {
    config,
    sets: new Map(),
    scopes: new Map(),
    bfd: NO_RESPONDERS,
    waiting: new Map(),
    flowSync: undefined,
    saiFails: false,
  };
}

/** One step of a DPU. Total; bad rows become `warn` effects. */
export function stepDpu(core: DpuCore, event: DpuEvent, moment: Moment): DpuStep {
  const draft = new Draft(core, moment);
  switch (event.kind) {
    case "rows":
      takeRows(draft, event.changes);
      break;
    case "message":
      takeMessage(draft, event.from, event.message);
      break;
    case "path":
      pathChanged(draft, event.set, event.reachable);
      break;
    case "timer":
      onTimer(draft, event.name);
      break;
    case "sai":
      draft.saiFails = event.fails;
      break;
    default:
      return unreachable(event);
  }
  retryWaiting(draft);
  return draft.finish();
}

function takeMessage(draft: Draft, from: string, message: PeerMessage): void {
  const scope = draft.scopes.get(message.scope);
  if (scope === undefined || draft.sets.get(scope.setId)?.peerIp !== from) return;
  switch (message.kind) {
    case "announce":
      drive(draft, message.scope, { kind: "heard", announcement: message.announcement });
      return;
    case "flow":
      if (learns(scope)) update(draft, message.scope, { flows: learnFlow(scope.flows, message.flow) });
      return;
    case "bulk": {
      const { machine } = scope;
      if (machine === undefined || !isFollower(machine.state)) return;
      if (message.visit !== visitOf(machine)) return;
      update(draft, message.scope, { flows: learnFlows(message.flows) });
      drive(draft, message.scope, { kind: "bulkReceived", visit: message.visit, term: message.term });
      return;
    }
    default:
      unreachable(message);
  }
}

function learns(scope: ScopeEntry): boolean {
  if (scope.machine === undefined) return scope.appliedRole === "standby";
  const { state, servedAs, tookOver } = scope.machine;
  return isFollower(state) || (state === "switching_to_standalone" && servedAs === "standby" && !tookOver);
}

function onTimer(draft: Draft, name: string): void {
  const [kind, ...rest] = name.split("/");
  switch (kind) {
    case "machine": {
      const [timer, ...scope] = rest;
      drive(draft, scope.join("/"), { kind: "timer", timer: timer as MachineTimer });
      return;
    }
    case "probe":
      probeTimerFired(draft, rest.join("/"));
      return;
    case "ack": {
      const scope = draft.scopes.get(rest.join("/"));
      if (scope !== undefined && scope.storedRole !== "switching_to_active") {
        acknowledgeRole(draft, rest.join("/"), scope.storedRole);
      }
      return;
    }
    case FLOW_SYNC_TIMER: {
      if (draft.flowSync === undefined) return;
      const { session, row } = endFlowSync(draft.flowSync, "completed", draft.moment.steady);
      draft.flowSync = session;
      if (row !== undefined) {
        draft.hset("DPU_STATE_DB", `DASH_FLOW_SYNC_SESSION_STATE_TABLE|${row.key}`, row.fields);
      }
      return;
    }
    default:
      return;
  }
}

/** How a scope treats packets now. */
export function scopeTreatment(scope: ScopeEntry): Treatment {
  return scope.machine === undefined ? treatmentOfRole(scope.appliedRole) : treatment(scope.machine);
}

export interface PacketStep {
  readonly core: DpuCore;
  readonly verdict: Verdict;
  /** Inline sync. */
  readonly send: { readonly to: string; readonly message: PeerMessage } | undefined;
}

/** One packet for the VIP of a scope. */
export function packetThrough(
  core: DpuCore,
  scopeId: string,
  packet: { readonly flow: string; readonly tunnelled: boolean },
): PacketStep {
  const scope = core.scopes.get(scopeId);
  const set = scope && core.sets.get(scope.setId);
  if (scope === undefined || set === undefined) {
    return { core, verdict: { kind: "dropped", why: "no scope" }, send: undefined };
  }
  const { verdict, flows, sync } = forwardPacket(scopeTreatment(scope), packet, {
    flows: scope.flows,
    self: core.config.ip,
    peer: set.peerIp,
    state: scope.machine?.state ?? scope.appliedRole,
  });
  const next =
    flows === scope.flows ? core : { ...core, scopes: new Map(core.scopes).set(scopeId, { ...scope, flows }) };
  const syncs = sync !== undefined && (scope.machine === undefined || syncsTo(scope.machine.peer?.state));
  const send = syncs ? { to: set.peerIp, message: { kind: "flow", scope: scopeId, flow: sync } as const } : undefined;
  return { core: next, verdict, send };
}

import { unreachable } from "@tandem/base";
import { addFlow, type Flow, type FlowTable } from "./flows.js";
import type { HaRole, HaState } from "./ha-state.js";
import { isFollower } from "./ha-state.js";
import type { Machine } from "./machine-state.js";

/** What a DPU does with one packet. */
export type Verdict =
  /** First packet of a flow: this DPU decided about it. */
  | { readonly kind: "decided" }
  /** Packet of a flow that this DPU knows. */
  | { readonly kind: "handled" }
  /** Sent on to the peer DPU. */
  | { readonly kind: "tunnelled"; readonly to: string }
  | { readonly kind: "dropped"; readonly why: string };

/** How a scope treats packets. smart-switch-ha-dpu-scope-dpu-driven-setup §6.1, §7.1, §8.2, §9.1. */
export type Treatment = "drop" | "decide" | "decideAndSync" | "tunnel";

/** Owner = dpu: by state and, while a service ends, by what is left of it. */
export function treatment(machine: Machine): Treatment {
  switch (machine.state) {
    case "active":
      return "decideAndSync";
    case "standalone":
      return "decide";
    case "standby":
      return "tunnel";
    case "destroying":
      return ofService(machine.servedAs);
    case "switching_to_standalone":
      return machine.tookOver ? "decide" : ofService(machine.servedAs);
    case "dead":
    case "connecting":
    case "connected":
    case "initializing_to_active":
    case "initializing_to_standby":
    case "pending_standalone_activation":
    case "pending_active_activation":
    case "pending_standby_activation":
      return "drop";
    default:
      return unreachable(machine.state);
  }
}

function ofService(servedAs: Machine["servedAs"]): Treatment {
  if (servedAs === "active") return "decideAndSync";
  if (servedAs === "standalone") return "decide";
  return servedAs === "standby" ? "tunnel" : "drop";
}

/** Owner = switch: by the role that the ASIC holds. smart-switch-ha-hld §7.1. */
export function treatmentOfRole(role: HaRole): Treatment {
  switch (role) {
    case "active":
    case "switching_to_active":
      return "decideAndSync";
    case "standalone":
      return "decide";
    case "standby":
      return "tunnel";
    case "dead":
      return "drop";
    default:
      return unreachable(role);
  }
}

export interface PacketOutcome {
  readonly verdict: Verdict;
  /** The table afterwards. */
  readonly flows: FlowTable;
  /** A flow to send to the peer by inline sync. */
  readonly sync: Flow | undefined;
}

/** One packet through one scope. `tunnelled`: it came from the peer and must not go back. */
export function forwardPacket(
  how: Treatment,
  packet: { readonly flow: string; readonly tunnelled: boolean },
  scope: { readonly flows: FlowTable; readonly self: string; readonly peer: string; readonly state: string },
): PacketOutcome {
  const { flows } = scope;
  const drop = (why: string): PacketOutcome => ({ verdict: { kind: "dropped", why }, flows, sync: undefined });
  switch (how) {
    case "drop":
      return drop(scope.state);
    case "tunnel":
      if (packet.tunnelled) return drop("tunnel loop");
      return { verdict: { kind: "tunnelled", to: scope.peer }, flows, sync: undefined };
    case "decide":
    case "decideAndSync": {
      if (flows.has(packet.flow)) return { verdict: { kind: "handled" }, flows, sync: undefined };
      const flow: Flow = { id: packet.flow, decidedBy: scope.self, learnt: false };
      const next = addFlow(flows, flow);
      if (next === undefined) return drop("flow table full");
      return { verdict: { kind: "decided" }, flows: next, sync: how === "decideAndSync" ? flow : undefined };
    }
    default:
      return unreachable(how);
  }
}

/** Whether a new flow goes to the peer: it follows, or will when its activation is approved. */
export function syncsTo(state: HaState | undefined): boolean {
  return isFollower(state) || state === "switching_to_standalone";
}

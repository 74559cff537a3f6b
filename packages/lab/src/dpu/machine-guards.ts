import { unreachable } from "@tandem/base";
import { type HaRole, type HaState, isDecider, isFollower, isServing } from "./ha-state.js";
import { type Announcement, announcementOf, type Machine } from "./machine-state.js";

/** A transition that a guard asks for. */
export interface Move {
  readonly to: HaState;
  readonly reason: string;
}

function go(to: HaState, reason: string): Move {
  return { to, reason };
}

/** One guard per state; at most one transition per call. */
export function nextMove(m: Machine): Move | undefined {
  if (!m.enabled) return m.state === "dead" ? undefined : go("dead", "disabled");
  if (m.wanted === "dead" && m.state !== "destroying") return shutDown(m);
  const peer = m.channel === "up" ? m.peer : undefined;
  switch (m.state) {
    case "dead":
      return m.wanted === "dead" ? undefined : go("connecting", "launched");
    case "connecting":
      return peer !== undefined && takesPart(peer) ? go("connected", "peer connected") : undefined;
    case "connected":
      return elect(m, peer);
    case "initializing_to_active":
    case "pending_active_activation":
      return inLeaderToBe(m, peer);
    case "initializing_to_standby":
    case "pending_standby_activation":
      return inFollowerToBe(m, peer);
    case "pending_standalone_activation":
      return inPendingStandalone(m, peer);
    case "active":
      return inActive(m, peer);
    case "standby":
      return inStandby(m, peer);
    case "standalone":
      return inStandalone(m, peer);
    case "switching_to_standalone":
      return inSwitching(peer);
    case "destroying":
      return inDestroying(m, peer);
    default:
      return unreachable(m.state);
  }
}

/** A state without traffic has nothing to drain. */
function shutDown(m: Machine): Move | undefined {
  if (m.state === "dead") return undefined;
  const serves = isServing(m.state) || m.state === "switching_to_standalone";
  return go(serves ? "destroying" : "dead", "role dead");
}

function inDestroying(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (!m.drained) return undefined;
  if (peer?.tookOver === true) return go("dead", "the peer serves alone");
  return peer?.state === "switching_to_standalone" ? undefined : go("dead", "nobody to hand over to");
}

function takesPart(peer: Announcement): boolean {
  return peer.state !== "dead" && peer.state !== "destroying";
}

function pinned(side: { readonly wanted: HaRole }): boolean {
  return side.wanted === "standalone";
}

/**
 * Which of two sides leads, by the same rule on both: pinned standalone, then the higher term, then the one that wants
 * `active`, then the lower address.
 */
export function leads(us: Announcement, them: Announcement): boolean {
  if (pinned(us) !== pinned(them)) return pinned(us);
  if (us.term !== them.term) return us.term > them.term;
  const wants = us.wanted === "active";
  if (wants !== (them.wanted === "active")) return wants;
  return us.ip < them.ip;
}

function follow(): Move {
  return go("initializing_to_standby", "the peer leads");
}

/** `connected`: who leads, and whether the peer is ready to be led. */
function elect(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (peer === undefined) return go("connecting", "peer lost");
  switch (peer.state) {
    case "dead":
    case "destroying":
      return go("connecting", "peer left");
    case "connected":
      if (!leads(announcementOf(m), peer)) return pinned(peer) ? undefined : follow();
      if (pinned(m)) return go("pending_standalone_activation", "pinned standalone");
      return go("initializing_to_active", "won the election");
    case "initializing_to_standby":
      return go("initializing_to_active", "the peer follows");
    case "initializing_to_active":
    case "pending_active_activation":
    case "active":
      return follow();
    case "standalone":
      return pinned(peer) ? undefined : follow();
    // These move on when they hear from us.
    case "connecting":
    case "pending_standalone_activation":
    case "pending_standby_activation":
    case "standby":
    case "switching_to_standalone":
      return undefined;
    default:
      return unreachable(peer.state);
  }
}

function inLeaderToBe(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (peer === undefined) return go("connecting", "peer lost");
  if (!takesPart(peer) || peer.state === "connecting") return go("connecting", "peer left");
  if (isDecider(peer.state) || peer.state === "switching_to_standalone") {
    return go("connected", "the peer decides already");
  }
  const alsoLeads = peer.state === "initializing_to_active" || peer.state === "pending_active_activation";
  if (alsoLeads && peer.ip < m.ip) return go("connected", "both lead, the lower address stays");
  if (m.state === "pending_active_activation") {
    return peer.state === "connected" ? go("connecting", "the peer started again") : undefined;
  }
  return isFollower(peer.state) && peer.synced
    ? go("pending_active_activation", "the peer holds the flows")
    : undefined;
}

function inFollowerToBe(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (peer === undefined) return go("connecting", "peer lost");
  if (!takesPart(peer) || peer.state === "connecting") return go("connecting", "peer left");
  if (isFollower(peer.state)) {
    return m.ip < peer.ip ? go("connected", "both follow, the lower address votes again") : undefined;
  }
  if (m.state === "pending_standby_activation") {
    if (peer.state === "connected" || peer.state === "pending_standalone_activation") {
      return go("connecting", "the peer started again");
    }
    return peer.state === "standalone" ? go("initializing_to_standby", "the peer sends no flows") : undefined;
  }
  if (peer.state === "standalone" && pinned(peer)) return go("connected", "the peer is pinned standalone");
  return m.synced ? go("pending_standby_activation", "bulk sync done") : undefined;
}

function inPendingStandalone(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (peer === undefined || !takesPart(peer)) return undefined;
  if (!pinned(m)) return go("connected", "a peer turned up");
  const yields = peer.state === "pending_standalone_activation" && pinned(peer) && peer.ip < m.ip;
  return isDecider(peer.state) || yields ? go("connected", "the peer decides already") : undefined;
}

function inActive(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (pinned(m)) return go("standalone", "pinned standalone");
  if (peer === undefined) return go("standalone", "peer lost");
  switch (peer.state) {
    case "destroying":
      return go("switching_to_standalone", "the peer shuts down");
    case "initializing_to_standby":
    case "pending_standby_activation":
    case "standby":
    case "switching_to_standalone":
      return undefined;
    case "active":
    case "standalone":
      return go("standalone", "the peer decides too");
    case "dead":
    case "connecting":
    case "connected":
    case "initializing_to_active":
    case "pending_active_activation":
    case "pending_standalone_activation":
      return go("standalone", "peer left");
    default:
      return unreachable(peer.state);
  }
}

function inStandby(m: Machine, peer: Announcement | undefined): Move | undefined {
  if (peer === undefined) return go("standalone", "peer lost");
  switch (peer.state) {
    case "destroying":
      return go("switching_to_standalone", "the peer shuts down");
    // The order of two approvals is free: the peer may still wait for its own.
    case "initializing_to_active":
    case "pending_active_activation":
    case "active":
    case "standalone":
    case "switching_to_standalone":
      return undefined;
    case "standby":
      return m.ip < peer.ip ? go("standalone", "both are standby, the lower address serves") : undefined;
    case "dead":
    case "connecting":
    case "connected":
    case "initializing_to_standby":
    case "pending_standby_activation":
    case "pending_standalone_activation":
      return go("standalone", "peer left");
    default:
      return unreachable(peer.state);
  }
}

function inStandalone(m: Machine, peer: Announcement | undefined): Move | undefined {
  return isFollower(peer?.state) && !pinned(m) ? go("active", "the peer follows") : undefined;
}

function inSwitching(peer: Announcement | undefined): Move | undefined {
  if (peer === undefined) return go("standalone", "peer lost");
  return peer.state === "destroying" ? undefined : go("standalone", "the peer is dead");
}

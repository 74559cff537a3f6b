import type { Millis } from "@tandem/base";
import { formatFid, sameFid } from "../fid.js";
import type { HaMessage } from "../motr/message.js";
import type { ConnectionId } from "./desk-ports.js";
import type { LinkId, LinkInfo, LinkView, TroubleKind } from "./ha-link.js";
import type { Lane } from "./lane.js";

/** How a fault of a link or its connection is told: `fatal` ends the connection. */
export interface Complaint {
  readonly trouble: TroubleKind;
  readonly detail: string;
  readonly fatal: boolean;
  readonly link?: LinkId;
}

export interface Link {
  readonly info: LinkInfo;
  readonly wireId: bigint;
  readonly lane: Lane;
  /** Undefined while no connection carries it. */
  connection: ConnectionId | undefined;
  peer: string;
  /** `going`: the peer said that the link ends. `asked`: Disconnect was written; what comes is ignored. */
  state: "connected" | "silent" | "going" | "asked";
  reason: string;
  /** When the state is over without the peer. */
  deadline: Millis | undefined;
}

/** 32 hex digits. */
export function linkIdOf(wireId: bigint): LinkId {
  return wireId.toString(16).padStart(32, "0") as LinkId;
}

export function viewOf({ info, lane, state, peer }: Link): LinkView {
  return {
    ...info,
    state: state === "going" || state === "asked" ? "disconnecting" : state,
    peer,
    queued: lane.queued,
    inFlight: lane.inFlight,
    unacknowledged: lane.owed,
    lastSent: lane.lastSent,
    lastDelivered: lane.lastDelivered,
    lastReceived: lane.lastReceived,
    lastAcknowledged: lane.lastAcknowledged,
  };
}

/** Why a message cannot come from the process of its link. */
export function whyNotFrom({ process }: LinkInfo, { data, fid, sourceProcess }: HaMessage): string | undefined {
  const expected = formatFid(process);
  if (data.type === "EVENT_PROCESS" && !sameFid(fid, process))
    return `event of process ${formatFid(fid)} over the link of ${expected}`;
  if ((sourceProcess.container !== 0n || sourceProcess.key !== 0n) && !sameFid(sourceProcess, process))
    return `message of process ${formatFid(sourceProcess)} over the link of ${expected}`;
  return undefined;
}

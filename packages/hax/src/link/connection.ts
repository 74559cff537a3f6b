import type { Millis } from "@tandem/base";
import type { Fid } from "../fid.js";
import type { ConnectionId } from "./desk-ports.js";
import type { ErrorCode } from "./frame.js";
import type { RequestId, TroubleKind } from "./ha-link.js";

/** An entrypoint request that waits for its reply, or for its link. */
export interface Request {
  readonly id: RequestId;
  readonly wireId: bigint;
  readonly connection: ConnectionId;
  readonly process: Fid;
  replied: boolean;
}

/** What the desk knows of one connection. */
export interface Connection {
  readonly id: ConnectionId;
  readonly address: string;
  readonly since: Millis;
  /** Undefined before Hello. */
  name: string | undefined;
  lastHeard: Millis;
  lastWritten: Millis;
  /** Frames that may come now; refills with time. */
  frames: number;
  refilled: Millis;
  /** Oldest first. Replied ones stay until the link is announced. */
  readonly requests: Map<bigint, Request>;
}

/** What a peer is told of a trouble. */
export const CODES: Readonly<Record<TroubleKind, ErrorCode>> = {
  garbage: "garbage",
  oversize: "garbage",
  version: "version",
  outOfTurn: "outOfTurn",
  flood: "flood",
  liesAboutFid: "liesAboutFid",
  tagOutOfOrder: "outOfTurn",
  peerComplains: "outOfTurn",
  tls: "garbage",
  silent: "silent",
};

/** Who it is, for people. */
export function peerOf({ name, address }: Connection): string {
  return name === undefined || name === "" ? address : `${name} (${address})`;
}

/** A name as it may stand in a log line. */
export function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}

import type { Brand, Result } from "@tandem/base";
import { type Fid, formatFid } from "../fid.js";
import type { HaMessage } from "../motr/message.js";

/** A link with one Motr process; 32 hex digits, chosen by the peer that made it. */
export type LinkId = Brand<string, "LinkId">;

/** One entrypoint request of one connection; opaque. */
export type RequestId = Brand<string, "RequestId">;

/** A Motr process asks where the configuration servers are. */
export interface EntrypointRequest {
  readonly requestId: RequestId;
  /** The process's own endpoint. */
  readonly endpoint: string;
  readonly process: Fid;
  readonly gitRev: string;
  readonly pid: bigint;
  /** False once this process had any reply. */
  readonly firstRequest: boolean;
}

/** Answer `rc` of a reply that has nothing to tell: the process asks again at once. */
export const EAGAIN = 11;

/** `rc` is 0 or EAGAIN; it does not travel to Motr, where anything but 0 becomes the control QUERY. */
export interface EntrypointReply {
  readonly rc: number;
  readonly confds: readonly { readonly fid: Fid; readonly endpoint: string }[];
  readonly quorum: number;
  readonly rmFid: Fid;
  readonly rmEndpoint: string | null;
}

export interface LinkInfo {
  readonly id: LinkId;
  readonly process: Fid;
  readonly endpoint: string;
}

/** What a peer did that no well-behaved one does. */
export type TroubleKind =
  /** Bytes that are no frame, or no message of Motr's. */
  | "garbage"
  /** A frame longer than agreed. */
  | "oversize"
  | "version"
  /** A frame that has no place in the conversation as it stands. */
  | "outOfTurn"
  /** More than agreed: frames in a second, messages before their answers, requests, links. */
  | "flood"
  /** Speaks for a process that is another's, or that its link is not of. */
  | "liesAboutFid"
  /** A message whose tag is not the next: dropped, and the peer sends it again. */
  | "tagOutOfOrder"
  /** The peer says that hax does wrong. */
  | "peerComplains"
  /** A TLS handshake that failed. */
  | "tls"
  /** Nothing heard for longer than agreed. */
  | "silent";

/** One clear error of one peer. */
export interface Trouble {
  readonly kind: "trouble";
  readonly trouble: TroubleKind;
  /** Who: its address, and its name once it has given one. */
  readonly peer: string;
  readonly link?: LinkId;
  /** What came, what was expected, and what happens now. */
  readonly detail: string;
}

export type LinkEvent =
  | { readonly kind: "entrypoint"; readonly request: EntrypointRequest }
  /** `requestId` is undefined when a peer announces its link again after a lost connection or a restart of hax. */
  | {
      readonly kind: "linkConnected" | "linkReused";
      readonly requestId: RequestId | undefined;
      readonly link: LinkInfo;
    }
  | { readonly kind: "linkAbsent"; readonly requestId: RequestId }
  /** Handed over once per life of a link, in the order of its tags. `delivered` is owed. */
  | { readonly kind: "message"; readonly link: LinkId; readonly tag: bigint; readonly message: HaMessage }
  /** Exactly one of the two for each message sent, in the order of their tags as far as the peer keeps it. */
  | { readonly kind: "delivered" | "notDelivered"; readonly link: LinkId; readonly tag: bigint }
  | { readonly kind: "linkDisconnecting" | "linkDisconnected"; readonly link: LinkId; readonly reason: string }
  | Trouble;

/** Why a call was refused. */
export type LinkError =
  | { readonly kind: "noSuchRequest"; readonly request: RequestId }
  | { readonly kind: "alreadyReplied"; readonly request: RequestId }
  | { readonly kind: "noSuchLink"; readonly link: LinkId }
  /** The link is being closed for it; the peer comes back and replays. */
  | { readonly kind: "queueFull"; readonly link: LinkId; readonly limit: number }
  /** A receiver of this message would abort. */
  | { readonly kind: "wouldPanic"; readonly rule: string };

export function describeLinkError(error: LinkError): string {
  switch (error.kind) {
    case "noSuchRequest":
      return `entrypoint request ${error.request}: nobody waits for it; its connection is gone`;
    case "alreadyReplied":
      return `entrypoint request ${error.request}: replied already`;
    case "noSuchLink":
      return `link ${error.link}: not connected`;
    case "queueFull":
      return `link ${error.link}: ${error.limit} messages wait for the process; the link is closed, and the process comes back`;
    case "wouldPanic":
      return `message not sent, the process would abort: ${error.rule}`;
  }
}

/** A link as `show` prints it. */
export interface LinkView extends LinkInfo {
  readonly state: "connected" | "silent" | "disconnecting";
  readonly peer: string;
  /** Messages not yet answered by the process, sent or not. */
  readonly queued: number;
  /** Of those, how many are on their way. */
  readonly inFlight: number;
  /** Messages handed over whose `delivered` is owed. */
  readonly unacknowledged: number;
  /** Tags of the last message sent, answered, received and acknowledged; 0: none yet. */
  readonly lastSent: bigint;
  readonly lastDelivered: bigint;
  readonly lastReceived: bigint;
  readonly lastAcknowledged: bigint;
}

/** The server side of HA links: `m0_halon_interface` as a port. No call blocks; events come one at a time. */
export interface HaLink extends AsyncDisposable {
  /** Gives what ends the listening. A listener that throws is a bug of the caller. */
  onEvent(listener: (event: LinkEvent) => void): () => void;
  /** Exactly one per request. */
  replyEntrypoint(id: RequestId, reply: EntrypointReply): Result<void, LinkError>;
  /** Queues a message; gives its tag. A link whose queue (256) is full is closed. */
  send(link: LinkId, message: Omit<HaMessage, "tag">): Result<bigint, LinkError>;
  /** The message is safe here: the peer forgets it. A tag that is owed no answer is ignored. */
  delivered(link: LinkId, tag: bigint): void;
  /** Asks the peer to end the link; what is not answered within 5 s counts as not delivered. */
  disconnect(link: LinkId, reason: string): void;
  links(): readonly LinkInfo[];
  /** The same links with queues and tags, for people. */
  view(): readonly LinkView[];
}

/** `r:0x10 at inet:tcp:…`, for logs. */
export function describeLink({ process, endpoint }: LinkInfo): string {
  return `${formatFid(process)} at ${endpoint}`;
}

import type { Clock, Millis } from "@tandem/base";
import type { Fid } from "../fid.js";
import type { Frame, Located } from "../link/frame.js";
import type { HaMessage, ProcessType } from "../motr/message.js";

/** What an emulated process tells whoever watches it. */
export type M0dEvent =
  /** `another`: not the hax that it talked to before. */
  | { readonly kind: "connected"; readonly hax: string; readonly another: boolean }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "entrypointAsked"; readonly first: boolean }
  | {
      readonly kind: "entrypointAnswered";
      readonly control: "CONSUME" | "QUERY";
      readonly confds: readonly Located[];
      readonly quorum: number;
      readonly rmFid: Fid;
      readonly rmEndpoint: string | null;
    }
  | { readonly kind: "linked"; readonly reused: boolean }
  | { readonly kind: "unlinked"; readonly reason: string }
  | { readonly kind: "sent"; readonly tag: bigint; readonly message: HaMessage; readonly repeated: boolean }
  | { readonly kind: "delivered" | "notDelivered"; readonly tag: bigint }
  | { readonly kind: "received"; readonly tag: bigint; readonly message: HaMessage }
  | { readonly kind: "getAnswered"; readonly idOfGet: bigint }
  /** A rule is broken at which a Motr process aborts; it says nothing any more. */
  | { readonly kind: "panic"; readonly why: string }
  | { readonly kind: "complaint"; readonly text: string };

/** Where a process may be made to die. */
export const CRASH_STEPS = [
  ...(["hello", "entrypoint", "linked", "starting", "started", "get", "message", "stopping", "stopped"] as const),
] as const;
export type CrashStep = (typeof CRASH_STEPS)[number];

/** How an emulated process differs from a well-behaved one. */
export interface M0dManners {
  /** Between a QUERY and the next request; Motr asks at once. */
  readonly queryPace: Millis;
  /** Between a message and its `delivered`. */
  readonly slow: Millis;
  /** Messages of hax are never answered. */
  readonly noAnswer: boolean;
  /** Of two messages that may go, the later goes first. */
  readonly outOfOrder: boolean;
}

export const GOOD_MANNERS: M0dManners = {
  queryPace: 0 as Millis,
  slow: 0 as Millis,
  noAnswer: false,
  outOfOrder: false,
};

export interface M0dIdentity {
  readonly process: Fid;
  readonly endpoint: string;
  readonly type: ProcessType;
  readonly gitRev: string;
  readonly pid: bigint;
  /** Of this life: hax knows the link by it. 128 bits. */
  readonly linkId: bigint;
}

/** What an emulated process asks of the world. */
export interface PeerPorts {
  write(frame: Frame): void;
  readonly clock: Clock;
  tell(event: M0dEvent): void;
  /** Returns, or the process is gone. */
  reach(step: CrashStep): void;
}

import type { ConnectionId } from "../connection-info.js";
import type { ConfigFault } from "./config.js";

/** What an operator may want to know of a swbusd; messages are only counted. */
export type SwbusdEvent =
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "badConfig"; readonly fault: ConfigFault }
  | { readonly kind: "configured"; readonly path: string; readonly endpoint: string; readonly peers: number }
  | { readonly kind: "listening"; readonly endpoint: string }
  /** Tried again until it works or the configuration changes. */
  | { readonly kind: "listenFailed"; readonly endpoint: string; readonly detail: string }
  | { readonly kind: "connected"; readonly connection: ConnectionId; readonly type: string; readonly path: string }
  | {
      readonly kind: "disconnected";
      readonly connection: ConnectionId;
      readonly path: string;
      readonly code: number;
      readonly detail: string;
    }
  /** First failure of an outage, or a failure of another kind; repeats are only counted. */
  | { readonly kind: "dialFailed"; readonly endpoint: string; readonly detail: string }
  /** `times` of this address and reason is 1, 2, 4, 8, …: repeats between are only counted. */
  | ({ readonly kind: "refused"; readonly times: number } & RefusedStream)
  /** Refusals of the last seconds that got no line of their own. */
  | { readonly kind: "refusedMore"; readonly count: number; readonly reasons: string }
  /** Many in a row: two processes use one path. `times` as for `refused`. */
  | {
      readonly kind: "replaced";
      readonly old: ConnectionId;
      readonly by: ConnectionId;
      readonly path: string;
      readonly times: number;
    }
  | { readonly kind: "badMessage"; readonly connection: ConnectionId; readonly detail: string; readonly times: number }
  | { readonly kind: "badRoutes"; readonly connection: ConnectionId; readonly detail: string; readonly times: number }
  /** A connection takes no more: senders get QUEUE_FULL until it drains. */
  | { readonly kind: "queueFull"; readonly connection: ConnectionId; readonly path: string };

/** Who was turned away, and why. */
export interface RefusedStream {
  readonly remote: string;
  /** What it said that it is; empty when it did not get as far as to say. */
  readonly claimed: string;
  /** Who it proved to be: its certificate's names; empty without one. */
  readonly certificate: string;
  readonly reason: string;
  readonly detail: string;
  /** What happens now. */
  readonly effect: string;
}

/** Receives each event as it happens; must not throw. */
export type SwbusdObserver = (event: SwbusdEvent) => void;

/** Whether the `times`-th repeat of something is worth a line: 1, 2, 4, 8, … */
export function worthSaying(times: number): boolean {
  return (times & (times - 1)) === 0;
}

export interface SwbusdStats {
  received: number;
  forwarded: number;
  badMessages: number;
  dropped: number;
  announcementsSent: number;
  announcementsReceived: number;
  routesRefused: number;
  dialFailures: number;
  connectionsRefused: number;
  queueFull: number;
  paced: number;
  configFaults: number;
  waits: number;
  /** Answers that this swbusd gave itself, by error code. */
  readonly answered: Map<number, number>;
  /** Everybody turned away, by reason. */
  readonly refused: Map<string, number>;
}

export function emptyStats(): SwbusdStats {
  return {
    received: 0,
    forwarded: 0,
    badMessages: 0,
    dropped: 0,
    announcementsSent: 0,
    announcementsReceived: 0,
    routesRefused: 0,
    dialFailures: 0,
    connectionsRefused: 0,
    queueFull: 0,
    paced: 0,
    configFaults: 0,
    waits: 0,
    answered: new Map(),
    refused: new Map(),
  };
}

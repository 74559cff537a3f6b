import type { Millis, Result } from "@tandem/base";
import type { AsicError, EndError } from "./asic-error.js";
import type { AsicNotification } from "./notification.js";
import type { ChannelMode } from "./op.js";
import type { AsicReply } from "./reply.js";
import type { AsicRequest } from "./request.js";

export const TRANSPORT_NAMES = ["list-pubsub", "streams", "grpc", "grpc-queue", "zmq", "shm"] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];

/** What a transport promises. The contract suite reads these and holds it to each one. */
export interface TransportTraits {
  readonly name: TransportName;
  readonly modes: readonly ChannelMode[];
  /** What is sent while the server is down arrives once it is back. */
  readonly survivesServerRestart: boolean;
  /** What was accepted goes on when the client dies. */
  readonly survivesClientRestart: boolean;
  /** A request that was taken and not finished is taken again, marked as repeated. */
  readonly redeliversUnacked: boolean;
  /** Replies name their request; else they are matched by order alone. */
  readonly correlation: "id" | "order";
  /** Requests that may wait at a time; the next one is answered `queueFull`. */
  readonly requestsInFlightMax: number;
  /** Their bytes, where they are bounded. */
  readonly bytesInFlightMax: number | undefined;
  /** What waits grows with the keys of state that changes, not with the changes; see `CoalescingClient`. */
  readonly coalesces?: true;
  /** Of what was accepted in async mode and then refused its client hears, as `refusedLater`. */
  readonly tellsRefusals?: true;
  /** Read-only consumers beside the server. */
  readonly observers: boolean;
  /** Notifications sent while the client is away arrive later. */
  readonly keepsNotifications: boolean;
  /** An unmodified orchagent or syncd can sit at the other end. */
  readonly upstreamPeers: boolean;
}

/** How a request ended. */
export type AsicAnswer =
  /** The server executed or refused it: its status says which. */
  | { readonly kind: "replied"; readonly reply: AsicReply }
  /** Stored where the server will find it; in async mode nobody tells how it ends. */
  | { readonly kind: "accepted" };

/** Upstream's time for one reply. */
export const REPLY_TIMEOUT_DEFAULT = 60_000 as Millis;

/** The orchagent end of a channel. Only one at a time. */
export interface AsicClient extends AsyncDisposable {
  readonly traits: TransportTraits;
  readonly mode: ChannelMode;
  /**
   * Sends one request behind those before it. Resolves in request order, by its deadline at the latest; nothing passes
   * a `notify` before that is answered. Rejects only when `signal` aborts, and then it may still be executed.
   */
  request(request: AsicRequest, signal?: AbortSignal): Promise<Result<AsicAnswer, AsicError>>;
  /** Port, FDB and BFD events, oldest first. Ends when `signal` aborts, or the client is closed. */
  notifications(signal: AbortSignal): AsyncIterable<AsicNotification>;
}

/** One request as a server takes it. */
export interface Delivery {
  readonly request: AsicRequest;
  /** The same at each delivery of one request; absent where upstream's format has none. */
  readonly id: string | undefined;
  /** A server took it before and did not finish: it may have been executed. */
  readonly repeated: boolean;
  /** Nobody waits for the reply; it is dropped. */
  readonly unanswered: boolean;
  /** Its rows were written when it was taken (upstream's async mode). */
  readonly rowsWritten: boolean;
}

/** What executes requests. */
export interface AsicHandler {
  /** Before the prefix of rows that are written as requests are taken: `TEMP_` while a view is being built. */
  rowPrefix(): "" | "TEMP_";
  /** Whether rows may be written as requests are taken, of which this handler refuses some else; absent: yes. */
  takesRows?(): boolean;
  /** Executes one request and settles its rows before it resolves. A request that fails is a reply; it never rejects. */
  handle(delivery: Delivery): Promise<AsicReply>;
}

/** The syncd end of a channel. Only one at a time. */
export interface AsicServer extends AsyncDisposable {
  readonly traits: TransportTraits;
  /**
   * Takes requests, one after the other in the order sent, until `signal` aborts: the one in hand is finished first.
   * A request counts as done, and is not delivered again, only after the handler has settled it.
   */
  serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>>;
  /** Publishes one event to the client. */
  notify(notification: AsicNotification): Promise<Result<void, AsicError>>;
}

/** What an observer sees, in order. */
export type Observed =
  | { readonly kind: "request"; readonly id: string | undefined; readonly request: AsicRequest; readonly at: number }
  | { readonly kind: "reply"; readonly id: string | undefined; readonly reply: AsicReply; readonly at: number }
  | { readonly kind: "notification"; readonly notification: AsicNotification; readonly at: number }
  /** It was too slow: this many events are missing here. */
  | { readonly kind: "gap"; readonly count: number | undefined };

/** A read-only consumer. It cannot slow the server: what it does not read in time becomes a gap. */
export interface AsicObserver extends AsyncDisposable {
  events(signal: AbortSignal): AsyncIterable<Observed>;
}

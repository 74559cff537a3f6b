import type { Result } from "@tandem/base";
import type { ServicePath } from "../service-path.js";
import type { EdgeMessage, Handler, SendError, Visibility } from "./types.js";

/** Messages of one edge. */
export interface EdgeCounts {
  /** Handed over within the process. */
  readonly local: number;
  /** Sent to swbusd. */
  readonly sent: number;
  /** Come from swbusd. */
  readonly received: number;
}

/**
 * One service's end of the bus: a stream to the local swbusd, and the handlers of this process.
 *
 * A destination is looked up exactly, then without its resource id, then also without its resource type. What is found
 * is called at once, without serialisation; everything else goes to swbusd, except paths of this very service, which
 * nobody else can have.
 */
export interface EdgeRuntime extends AsyncDisposable {
  /** Node and service, no resource: `region.cluster.node/hamgrd/0`. */
  readonly basePath: ServicePath;
  /** Messages since it began, answers included. */
  readonly counts: EdgeCounts;
  /** Whether a stream to swbusd stands. */
  readonly connected: boolean;
  /** The newest registration of a path counts. The returned function removes this one and no later one. */
  register(path: ServicePath, visibility: Visibility, handler: Handler): () => void;
  /** Hands over without waiting: delivered in this process, or queued for swbusd. Never a silent drop. */
  send(message: EdgeMessage): Result<void, SendError>;
  /** Unique per service and across restarts. */
  newId(): bigint;
  /** Called at each later connection to swbusd. Returns the unsubscriber. */
  onConnect(listener: () => void): () => void;
  /** Called when the stream to swbusd ends: what was queued may be lost. Returns the unsubscriber. */
  onDisconnect(listener: () => void): () => void;
}

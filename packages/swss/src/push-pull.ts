import type { Result } from "@tandem/base";

/** Why a message was not queued for its receiver. */
export type PushError =
  /** The high-water mark is reached: nobody reads, or nobody is there. */
  | { readonly kind: "full"; readonly endpoint: string; readonly limit: number }
  | { readonly kind: "closed"; readonly endpoint: string }
  | { readonly kind: "tooLarge"; readonly endpoint: string; readonly limit: number };

/** The sending end of a one-way socket (ZMQ PUSH, connects). Queues up to `limit` messages while nobody is there. */
export interface Push extends AsyncDisposable {
  readonly endpoint: string;
  /** Queues without waiting. Queued is not received: see docs of ZMQ PUSH. */
  push(message: Uint8Array): Promise<Result<void, PushError>>;
  /** Called when the socket (re)connects to a receiver: what was in flight before may be lost. */
  onConnect(listener: () => void): () => void;
}

/** The receiving end (ZMQ PULL, binds). */
export interface Pull extends AsyncDisposable {
  readonly endpoint: string;
}

/** Why an endpoint could not be listened at; usually another process holds it. */
export type BindError = { readonly kind: "bindFailed"; readonly endpoint: string; readonly detail: string };

/** The socket port. Real: `zmqSockets`. Simulated: `MemoryWires` in `./testing`. Both pass `socketContract`. */
export interface Sockets extends AsyncDisposable {
  /** `endpoint` as ZMQ writes it: `tcp://host:port`, `ipc://path`. */
  push(endpoint: string): Push;
  /** `listener` gets each message in order; a promise that it returns holds back the next (back-pressure). */
  pull(endpoint: string, listener: (message: Uint8Array) => void | Promise<void>): Promise<Result<Pull, BindError>>;
}

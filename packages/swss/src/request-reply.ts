import type { Millis, Result } from "@tandem/base";
import type { BindError } from "./push-pull.js";

/** Why a request has no reply. After `timeout` and `closed` it may have been carried out. */
export type RequestError =
  | { readonly kind: "timeout"; readonly endpoint: string; readonly limit: Millis }
  /** The request before it is not answered yet: there is one at a time. */
  | { readonly kind: "busy"; readonly endpoint: string }
  | { readonly kind: "tooLarge"; readonly endpoint: string; readonly limit: number }
  | { readonly kind: "closed"; readonly endpoint: string };

/** The asking end of a one-to-one socket (ZMQ REQ, connects). */
export interface Requester extends AsyncDisposable {
  readonly endpoint: string;
  /** One at a time. A request that got no reply in time leaves the socket usable: a late reply is dropped. */
  request(message: Uint8Array, limit: Millis): Promise<Result<Uint8Array, RequestError>>;
}

/** The answering end (ZMQ REP, binds). */
export interface Replier extends AsyncDisposable {
  readonly endpoint: string;
}

/** The port of one-to-one sockets. Real: `zmqRequestSockets`. Simulated: `MemoryRequestWires`. */
export interface RequestSockets extends AsyncDisposable {
  requester(endpoint: string): Requester;
  /** `answer` is asked for one reply at a time and must give it. */
  replier(endpoint: string, answer: (message: Uint8Array) => Promise<Uint8Array>): Promise<Result<Replier, BindError>>;
}

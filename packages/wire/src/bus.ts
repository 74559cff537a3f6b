import type { Result } from "@tandem/base";
import type { PeerCertificate } from "./certificate.js";
import type { Refusal } from "./refusal.js";

/** Metadata of a stream: lower-case ASCII names, ASCII values. */
export type Metadata = Readonly<Record<string, string>>;

/** An `ip:port`, IPv6 in brackets. */
export type Endpoint = string;

/** How a stream ended. */
export interface StreamEnd {
  /** gRPC status code (0 = OK); 14 (UNAVAILABLE) when the transport broke. */
  readonly code: number;
  readonly detail: string;
}

/**
 * One end of a bidirectional stream of byte messages: a gRPC method with request and response streams.
 *
 * Messages written in one tick travel in one DATA frame. `send` never blocks: beyond the high-water mark it still
 * queues and returns false; the caller then awaits `drained` (or drops, and says so). A message longer than
 * `MESSAGE_BYTES_MAX`, or a queue that a caller let grow to 64 MiB, ends the stream with RESOURCE_EXHAUSTED (8).
 * A message that was sent belongs to the stream: the caller no longer changes it.
 */
export interface BusStream {
  /** What the other end sent first: request headers at a server, response headers at a client. */
  readonly metadata: Metadata;
  /** The other end's `ip:port`. */
  readonly remote: Endpoint;
  /** With TLS: who the other end proved to be. */
  readonly certificate?: PeerCertificate | undefined;
  /** False when more than the high-water mark is queued. After the end of the stream it does nothing. */
  send(message: Uint8Array): boolean;
  /** Bytes that were sent and still wait here; 0 after the end of the stream. */
  readonly queuedBytes: number;
  /** Resolves when the queue is below the mark, or at the end of the stream. */
  drained(): Promise<void>;
  /**
   * Messages in order, all that arrived together in one batch; after the end of the stream what came before it, then
   * the end. One reader, and while it does not read, flow control stops the sender. Copy what is kept for long: a
   * message may be a view into a larger buffer.
   */
  readonly batches: AsyncIterable<readonly Uint8Array[]>;
  /**
   * Ends the stream; queued messages go out first when `code` is 0, as far as the peer takes them within a second.
   * A server's code and detail reach the client; a client's other than 0 reaches the server as CANCELLED (1). Idempotent.
   */
  close(code?: number, detail?: string): void;
  readonly ended: Promise<StreamEnd>;
}

/** A server's answer to an incoming stream: initial metadata to send at once, or a refusal. */
export type Accept =
  | { readonly accept: true; readonly metadata: Metadata; readonly serve: (stream: BusStream) => void }
  | { readonly accept: false; readonly code: number; readonly detail: string };

/** The connection that a stream came over. */
export interface Arrival {
  /** Our end, `ip:port`. */
  readonly local: Endpoint;
  /** With TLS: who the other end proved to be. Without: `undefined`, its words are all there is. */
  readonly certificate?: PeerCertificate | undefined;
}

export interface BusServer extends AsyncDisposable {
  /** The bound address, with the port that was chosen when 0 was asked for. */
  readonly endpoint: Endpoint;
}

export type ListenError = { readonly kind: "listenFailed"; readonly endpoint: Endpoint; readonly detail: string };
export type DialError =
  | { readonly kind: "unreachable"; readonly endpoint: Endpoint; readonly detail: string }
  | { readonly kind: "refused"; readonly endpoint: Endpoint; readonly code: number; readonly detail: string };

export interface ListenOptions {
  readonly endpoint: Endpoint;
  /** Full method path, e.g. `/swbus.SwbusService/StreamMessages`. */
  readonly method: string;
  /** Decides on each stream from its request metadata; must not throw. */
  readonly accept: (metadata: Metadata, remote: Endpoint, arrival: Arrival) => Accept;
  /** Told of everybody who did not get as far as `accept`; must not throw. */
  readonly refused?: (refusal: Refusal) => void;
}

export interface DialOptions {
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly metadata: Metadata;
}

/** The bus port. Real: `grpcBus`. Simulated: `MemoryBus` in `./testing`. Both pass `busContract`. */
export interface Bus {
  listen(options: ListenOptions): Promise<Result<BusServer, ListenError>>;
  /** Resolves when the server's initial metadata has arrived, so that the first message is always routable. */
  dial(options: DialOptions, signal?: AbortSignal): Promise<Result<BusStream, DialError>>;
}

import { type ClientHttp2Stream, constants, type ServerHttp2Stream } from "node:http2";
import type { Clock, Millis, Timer } from "@tandem/base";
import type { BusStream, Endpoint, Metadata, StreamEnd } from "./bus.js";
import type { PeerCertificate } from "./certificate.js";
import { describeFrameError, encodeFrames, FRAME_PREFIX_BYTES, FrameDecoder } from "./frame.js";
import { Inbox } from "./inbox.js";
import { encodeStatusMessage, GrpcStatus, statusOf, statusOfReset } from "./status.js";

/** Largest single write; more than this waits for the next round, so that copies stay small. */
const WRITE_BYTES = 256 * 1024;

export interface StreamLimits {
  /** A longer message ends the stream with RESOURCE_EXHAUSTED, whoever sends it. */
  readonly messageBytesMax: number;
  /** Queued bytes from which `send` returns false. */
  readonly highWater: number;
  /** Queued bytes at which the stream ends with RESOURCE_EXHAUSTED: its peer does not read. */
  readonly queueBytesMax: number;
  /** Unread bytes at which no more are taken from the network. */
  readonly inboxBytes: number;
  /** How long an end may take before the stream is cut off. */
  readonly closeGrace: Millis;
}

/** The connection below a stream. */
export interface Transport {
  readonly clock: Clock;
  readonly limits: StreamLimits;
  /** Why the connection is no more; `undefined` while it is up. */
  broken(): string | undefined;
  /** Bytes arrived. */
  heard(): void;
}

/** One gRPC stream on one HTTP/2 stream, either end. Initial headers are the business of whoever makes it. */
export class GrpcStream implements BusStream {
  readonly metadata: Metadata;
  readonly remote: Endpoint;
  readonly certificate: PeerCertificate | undefined;
  readonly batches: AsyncIterable<readonly Uint8Array[]>;
  readonly ended: Promise<StreamEnd>;

  readonly #http2: ClientHttp2Stream | ServerHttp2Stream;
  readonly #transport: Transport;
  readonly #role: "client" | "server";
  readonly #inbox: Inbox;
  readonly #decoder: FrameDecoder;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flushScheduled = false;
  #writeBlocked = false;
  #drainWaiters: (() => void)[] = [];
  #paused = false;
  #closing: StreamEnd | undefined;
  #remoteStatus: StreamEnd | undefined;
  #grace: Timer | undefined;
  #finished = false;
  #resolveEnded: (end: StreamEnd) => void = () => {};

  constructor(
    role: "client" | "server",
    http2: ClientHttp2Stream | ServerHttp2Stream,
    transport: Transport,
    peer: {
      readonly metadata: Metadata;
      readonly remote: Endpoint;
      readonly certificate?: PeerCertificate | undefined;
    },
  ) {
    this.metadata = peer.metadata;
    this.remote = peer.remote;
    this.certificate = peer.certificate;
    this.#role = role;
    this.#http2 = http2;
    this.#transport = transport;
    this.#decoder = new FrameDecoder(transport.limits.messageBytesMax);
    this.#inbox = new Inbox(() => this.#resume());
    this.batches = this.#inbox;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    http2.on("data", (chunk: Buffer) => this.#onData(chunk));
    // A reset or a lost connection shows as an end first; one turn later "close" has said which.
    http2.on("end", () => setImmediate(() => this.#onRemoteEnd()));
    http2.on("drain", () => this.#onDrain());
    http2.on("close", () => this.#onClosed());
    if (role === "client") http2.on("trailers", (headers) => this.#onTrailers(headers));
    else http2.on("wantTrailers", () => this.#sendTrailers());
  }

  send(message: Uint8Array): boolean {
    if (this.#closing !== undefined || this.#finished) return false;
    const { limits } = this.#transport;
    if (message.length > limits.messageBytesMax) {
      const error = { kind: "tooLarge", code: 8, length: message.length, limit: limits.messageBytesMax } as const;
      this.close(error.code, describeFrameError(error));
      return false;
    }
    this.#queue.push(message);
    this.#queuedBytes += message.length + FRAME_PREFIX_BYTES;
    if (this.#queuedBytes > limits.queueBytesMax) {
      this.close(GrpcStatus.resourceExhausted, `${this.#queuedBytes} bytes queued: the peer does not read`);
      return false;
    }
    if (!this.#flushScheduled && !this.#writeBlocked) {
      this.#flushScheduled = true;
      setImmediate(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
    return this.#queuedBytes <= limits.highWater;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  drained(): Promise<void> {
    if (this.#finished || this.#queuedBytes <= this.#transport.limits.highWater) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(code: number = GrpcStatus.ok, detail = ""): void {
    if (this.#closing !== undefined || this.#finished) return;
    this.#closing = { code, detail };
    this.#inbox.end();
    this.#grace = this.#transport.clock.setTimer(this.#transport.limits.closeGrace, () => this.#cut());
    if (code !== GrpcStatus.ok) {
      this.#dropQueue();
      if (this.#role === "client") {
        // A client has no way to say a status: its end is a cancellation.
        this.#cut();
        return;
      }
    }
    this.#resume();
    this.#flush();
  }

  #flush(): void {
    if (this.#finished || this.#http2.destroyed) return;
    while (this.#queue.length > 0 && !this.#writeBlocked) {
      if (!this.#http2.write(encodeFrames(this.#takeForWrite()))) this.#writeBlocked = true;
    }
    this.#wakeDrained();
    if (this.#closing !== undefined && this.#queue.length === 0) this.#http2.end();
  }

  #takeForWrite(): readonly Uint8Array[] {
    const queue = this.#queue;
    let bytes = 0;
    let count = 0;
    while (count < queue.length) {
      const size = (queue[count] as Uint8Array).length + FRAME_PREFIX_BYTES;
      if (count > 0 && bytes + size > WRITE_BYTES) break;
      bytes += size;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    if (count === queue.length) {
      this.#queue = [];
      return queue;
    }
    return queue.splice(0, count);
  }

  #onDrain(): void {
    this.#writeBlocked = false;
    this.#flush();
  }

  #wakeDrained(): void {
    if (this.#drainWaiters.length === 0) return;
    if (!this.#finished && this.#queuedBytes > this.#transport.limits.highWater) return;
    for (const wake of this.#drainWaiters.splice(0)) wake();
  }

  #dropQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wakeDrained();
  }

  #onData(chunk: Buffer): void {
    this.#transport.heard();
    if (this.#closing !== undefined) return;
    const { messages, error } = this.#decoder.push(chunk);
    this.#inbox.push(messages);
    if (error !== undefined) {
      this.close(error.code, describeFrameError(error));
      return;
    }
    if (!this.#paused && this.#inbox.bytes > this.#transport.limits.inboxBytes) {
      this.#paused = true;
      this.#http2.pause();
    }
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#http2.resume();
  }

  #onTrailers(headers: Readonly<Record<string, unknown>>): void {
    this.#transport.heard();
    this.#remoteStatus ??= statusOf(headers);
  }

  /** The other end will send no more: at a server the call is over, at a client the status says how it went. */
  #onRemoteEnd(): void {
    if (this.#finished || this.#http2.aborted || (this.#http2.rstCode ?? 0) !== 0) return;
    const error = this.#closing === undefined ? this.#decoder.finish() : undefined;
    if (error !== undefined) {
      this.close(error.code, describeFrameError(error));
      return;
    }
    if (this.#role === "server") {
      this.close(GrpcStatus.ok);
      return;
    }
    const status = this.#remoteStatus ?? this.#closing ?? this.#whyClosed();
    this.#finish(status);
    this.#http2.close(constants.NGHTTP2_NO_ERROR);
  }

  #sendTrailers(): void {
    const end = this.#closing ?? { code: GrpcStatus.ok, detail: "" };
    if (this.#http2.destroyed || !("sendTrailers" in this.#http2)) return;
    this.#http2.sendTrailers({
      "grpc-status": String(end.code),
      ...(end.detail !== "" && { "grpc-message": encodeStatusMessage(end.detail) }),
    });
  }

  #cut(): void {
    const end = this.#closing ?? this.#whyClosed();
    if (!this.#http2.closed) this.#http2.close(constants.NGHTTP2_CANCEL);
    this.#finish(end);
  }

  #onClosed(): void {
    this.#finish(this.#closing ?? this.#remoteStatus ?? this.#whyClosed());
  }

  #whyClosed(): StreamEnd {
    const broken = this.#transport.broken();
    if (broken !== undefined) return { code: GrpcStatus.unavailable, detail: broken };
    const reset = this.#http2.rstCode ?? constants.NGHTTP2_NO_ERROR;
    return { code: statusOfReset(reset), detail: `the peer reset the stream (HTTP/2 code ${reset})` };
  }

  #finish(end: StreamEnd): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#grace?.cancel();
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wakeDrained();
    this.#inbox.end();
    this.#resume();
    this.#resolveEnded(end);
  }
}

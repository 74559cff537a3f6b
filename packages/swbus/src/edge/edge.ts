import { backoffDelay, type Clock, err, millis, ok, type Random, type Result, seconds, sleep } from "@tandem/base";
import { type Bus, type BusStream, MESSAGE_BYTES_MAX } from "@tandem/wire";
import { formatConnectionType } from "../connection-info.js";
import { METHOD, PATH_HEADER, TYPE_HEADER } from "../daemon/admission.js";
import { readEnvelope } from "../envelope.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { messageIds } from "../message-id.js";
import { cannotSend } from "../router.js";
import { describeNames, mayClaim, NAME_PREFIX } from "../security/certificate-names.js";
import type { ServicePath } from "../service-path.js";
import { PathDecoder } from "../wire-path.js";
import { decodeEdgeMessage, encodeEdgeMessage, isKnownManagement } from "./codec.js";
import type { EdgeRuntime } from "./edge-runtime.js";
import { HandlerMap } from "./handler-map.js";
import { type Answer, answerTo } from "./messages.js";
import type { EdgeMessage, Handler, Origin, SendError, Visibility } from "./types.js";

/** Bytes that may wait for swbusd before `send` refuses. */
export const EDGE_BACKLOG_BYTES_MAX = 4 * 1024 * 1024;

/** Between two dials of the local swbusd. */
const REDIAL = { first: millis(10), max: seconds(1) };
/** A stream that lasted this long was a good one: the next dial starts at the shortest delay again. */
const GOOD_STREAM = seconds(1);

/** What an edge tells its owner; messages are only counted. */
export type EdgeEvent =
  | { readonly kind: "connected"; readonly endpoint: string }
  | { readonly kind: "disconnected"; readonly endpoint: string; readonly code: number; readonly detail: string }
  /** First failure of an outage; repeats are silent. */
  | { readonly kind: "dialFailed"; readonly endpoint: string; readonly detail: string }
  | { readonly kind: "badMessage"; readonly detail: string };

export interface EdgeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  /** The local swbusd's `ip:port`. */
  readonly endpoint: string;
  /** Node and service. No two processes may use one path: they would evict each other. */
  readonly basePath: ServicePath;
  /** `inNode` for services, `client` for tools. */
  readonly type: "inNode" | "client";
  readonly observer?: (event: EdgeEvent) => void;
}

/** Starts an edge; it connects, and connects again, in the background. */
export function startEdge(options: EdgeOptions): EdgeRuntime {
  return new Edge(options);
}

class Edge implements EdgeRuntime {
  readonly basePath: ServicePath;
  readonly newId: () => bigint;
  readonly counts = { local: 0, sent: 0, received: 0 };
  readonly #options: EdgeOptions;
  readonly #handlers = new HandlerMap();
  readonly #paths = new PathDecoder();
  readonly #onConnect = new Set<() => void>();
  readonly #onDisconnect = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #stream: BusStream | undefined;

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.basePath = options.basePath.servicePath;
    this.newId = messageIds(options.clock);
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#stream !== undefined;
  }

  register(path: ServicePath, visibility: Visibility, handler: Handler): () => void {
    return this.#handlers.register(path, visibility, handler);
  }

  onConnect(listener: () => void): () => void {
    this.#onConnect.add(listener);
    return () => this.#onConnect.delete(listener);
  }

  onDisconnect(listener: () => void): () => void {
    this.#onDisconnect.add(listener);
    return () => this.#onDisconnect.delete(listener);
  }

  send(message: EdgeMessage): Result<void, SendError> {
    const { destination } = message;
    const handler = this.#handlers.find(destination, "local");
    if (handler !== undefined) {
      this.counts.local += 1;
      return this.#deliver(handler, message, "local");
    }
    if (this.#isOurs(destination)) {
      if (isProbe(message) && destination.equals(this.basePath)) return this.#answer(message);
      return err({ kind: "noRoute", destination });
    }
    return this.#sendOut(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(STOPPED);
    this.#stream?.close();
    await this.#running;
  }

  /** A path of this service: nobody else on the bus can have it. */
  #isOurs(path: ServicePath): boolean {
    return path.servicePrefix === this.basePath.servicePrefix;
  }

  #deliver(handler: Handler, message: EdgeMessage, origin: Origin): Result<void, SendError> {
    if (isProbe(message)) return this.#answer(message);
    const taken = handler(message, origin);
    return taken ? ok() : err({ kind: "queueFull", destination: message.destination });
  }

  #sendOut(message: EdgeMessage): Result<void, SendError> {
    const { destination } = message;
    const stream = this.#stream;
    if (stream === undefined) return err({ kind: "notConnected", destination });
    const bytes = encodeEdgeMessage(message);
    const size = bytes.length;
    if (size > MESSAGE_BYTES_MAX && message.body.kind === "response" && message.body.content !== undefined)
      return this.#sendOut(withoutContent(message, message.body.requestId, cannotSend(size)));
    if (size > MESSAGE_BYTES_MAX) return err({ kind: "tooLarge", destination, size, limit: MESSAGE_BYTES_MAX });
    if (stream.queuedBytes + size > EDGE_BACKLOG_BYTES_MAX)
      return err({ kind: "queueFull", destination, limit: EDGE_BACKLOG_BYTES_MAX });
    stream.send(bytes);
    this.counts.sent += 1;
    return ok();
  }

  async #run(): Promise<void> {
    const { clock, random, endpoint, observer } = this.#options;
    const { signal } = this.#stop;
    let attempt = 0;
    let failing = false;
    try {
      for (;;) {
        const dialed = await this.#dial(signal);
        let good = false;
        if (dialed.ok) {
          failing = false;
          const began = clock.monotonic();
          await this.#serve(dialed.value);
          good = clock.monotonic() - began >= GOOD_STREAM;
        } else if (!failing) {
          failing = true;
          observer?.({ kind: "dialFailed", endpoint, detail: dialed.error.detail });
        }
        if (good) attempt = 0;
        await sleep(clock, backoffDelay(REDIAL, attempt, random), signal);
        attempt += 1;
      }
    } catch (reason) {
      if (reason !== STOPPED) throw reason;
    }
  }

  async #dial(signal: AbortSignal): ReturnType<Bus["dial"]> {
    const { bus, endpoint, type } = this.#options;
    const metadata = { [PATH_HEADER]: this.basePath.servicePrefix, [TYPE_HEADER]: formatConnectionType(type) };
    const dialed = await bus.dial({ endpoint, method: METHOD, metadata }, signal);
    if (!dialed.ok) return dialed;
    const { certificate } = dialed.value;
    const node = this.basePath.swbusdPath;
    if (certificate === undefined || mayClaim(certificate.uris, node)) return dialed;
    dialed.value.close();
    const detail = `the certificate of ${certificate.subject} names ${describeNames(certificate.uris)}: expected ${NAME_PREFIX}${node}`;
    return err({ kind: "unreachable", endpoint, detail });
  }

  async #serve(stream: BusStream): Promise<void> {
    const { endpoint, observer } = this.#options;
    if (this.#stop.signal.aborted) {
      stream.close();
      return;
    }
    this.#stream = stream;
    observer?.({ kind: "connected", endpoint });
    for (const listener of [...this.#onConnect]) listener();
    for await (const batch of stream.batches) for (const bytes of batch) this.#receive(bytes);
    const { code, detail } = await stream.ended;
    this.#stream = undefined;
    observer?.({ kind: "disconnected", endpoint, code, detail });
    for (const listener of [...this.#onDisconnect]) listener();
  }

  #receive(bytes: Uint8Array): void {
    const read = readEnvelope(bytes, this.#paths);
    if (!read.ok) {
      this.#options.observer?.({ kind: "badMessage", detail: read.error.detail });
      return;
    }
    const message = decodeEdgeMessage(read.value);
    if (message === undefined) return;
    this.counts.received += 1;
    if (isUnknownManagement(message)) {
      this.#refuse(message, { code: SwbusErrorCode.INVALID_ARGS, text: "Unsupported request type" });
      return;
    }
    const handler = this.#handlers.find(message.destination, "bus");
    if (handler === undefined) {
      // What came from swbusd never goes back there: that would end when its TTL does.
      if (isProbe(message) && message.destination.equals(this.basePath)) void this.#answer(message);
      else this.#refuse(message, { code: SwbusErrorCode.NO_ROUTE, text: "Route not found", source: this.basePath });
      return;
    }
    const delivered = this.#deliver(handler, message, "bus");
    if (!delivered.ok) this.#refuse(message, { code: SwbusErrorCode.QUEUE_FULL, text: "Queue full" });
  }

  /** Tells the sender why not; nothing answers an answer. */
  #refuse(message: EdgeMessage, answer: Answer): void {
    if (message.body.kind !== "response") void this.#answer(message, answer);
  }

  /** An answer that cannot be sent is like one that was lost: the asker asks again. */
  #answer(message: EdgeMessage, answer: Answer = {}): Result<void, SendError> {
    return this.send(answerTo(message, this.newId(), answer));
  }
}

/** Pings and trace-routes are answered by whoever has the path, in its name. */
function isProbe({ body }: EdgeMessage): boolean {
  return body.kind === "ping" || body.kind === "traceRoute";
}

function isUnknownManagement({ body }: EdgeMessage): boolean {
  return body.kind === "management" && !isKnownManagement(body.type);
}

/** The answer in the place of one that is too large: its asker is not left waiting. */
function withoutContent(message: EdgeMessage, requestId: bigint, text: string): EdgeMessage {
  return { ...message, body: { kind: "response", requestId, code: SwbusErrorCode.FAIL, text } };
}

const STOPPED = new Error("the edge was stopped");

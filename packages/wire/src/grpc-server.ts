import { once } from "node:events";
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { type Clock, err, ok, type Result } from "@tandem/base";
import type { BusServer, Endpoint, ListenError, ListenOptions } from "./bus.js";
import { Connection, type ConnectionLimits, type PingPolicy } from "./connection.js";
import { formatEndpoint, parseEndpoint } from "./endpoint.js";
import { GrpcStream } from "./grpc-stream.js";
import { metadataFault, metadataOf } from "./metadata.js";
import { encodeStatusMessage, GrpcStatus } from "./status.js";

export interface ServerLimits extends ConnectionLimits {
  /** Connections beyond this are closed at once. */
  readonly connectionsMax: number;
  /** Streams beyond this, over all connections, are refused with RESOURCE_EXHAUSTED. */
  readonly streamsMax: number;
}

/** Clients bear pings. */
const PINGS_WANTED: PingPolicy = { wanted: true, tooMany: () => {} };

/** Starts to listen; a bad or taken endpoint is a result. */
export async function listen(
  clock: Clock,
  limits: ServerLimits,
  options: ListenOptions,
): Promise<Result<BusServer, ListenError>> {
  const { endpoint } = options;
  const target = parseEndpoint(endpoint);
  if (!target.ok) return err({ kind: "listenFailed", endpoint, detail: target.error });
  const http2 = createServer({ settings: { maxConcurrentStreams: Math.min(limits.streamsMax, 1024) } });
  http2.maxConnections = limits.connectionsMax;
  const server = new GrpcServer(clock, limits, options, http2);
  try {
    http2.listen(target.value.port, target.value.host);
    await once(http2, "listening");
  } catch (error) {
    return err({ kind: "listenFailed", endpoint, detail: (error as Error).message });
  }
  server.bound();
  return ok(server);
}

class GrpcServer implements BusServer {
  #endpoint: Endpoint = "";
  readonly #connections = new Map<ServerHttp2Session, Connection>();
  readonly #streams = new Set<GrpcStream>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: ServerLimits,
    private readonly options: ListenOptions,
    private readonly http2: Http2Server,
  ) {
    // A session comes into being while its socket's "connection" is told.
    let socket: Socket | undefined;
    http2.prependListener("connection", (accepted) => {
      socket = accepted;
    });
    http2.on("session", (session) => {
      if (socket !== undefined) this.#onSession(session, socket);
    });
    http2.on("stream", (stream, headers) => this.#onStream(stream, headers));
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** The socket is bound: from now on an error of the listener (out of descriptors) only costs the one connection. */
  bound(): void {
    const { address, port } = this.http2.address() as AddressInfo;
    this.#endpoint = formatEndpoint(address, port);
    this.http2.on("error", () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.http2.close(() => resolve()));
    for (const stream of this.#streams) stream.close(GrpcStatus.unavailable, "the server is shutting down");
    for (const session of this.#connections.keys()) session.close();
    const grace = this.clock.setTimer(this.limits.closeGrace, () => {
      for (const connection of this.#connections.values()) connection.destroy("the server is shutting down");
    });
    await closed;
    grace.cancel();
  }

  #onSession(session: ServerHttp2Session, socket: Socket): void {
    this.#connections.set(session, new Connection(this.clock, this.limits, session, socket, PINGS_WANTED));
    session.on("close", () => this.#connections.delete(session));
  }

  #onStream(http2: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // Its reasons are read from the connection and the reset code when it closes.
    http2.on("error", () => {});
    const connection = this.#connections.get(http2.session as ServerHttp2Session);
    if (connection === undefined) {
      http2.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    connection.heard();
    if (headers[":method"] !== "POST" || !(headers["content-type"] ?? "").startsWith("application/grpc")) {
      http2.respond({ ":status": headers[":method"] === "POST" ? 415 : 405 }, { endStream: true });
      this.#discard(http2);
      return;
    }
    if (headers[":path"] !== this.options.method) {
      this.#refuse(http2, GrpcStatus.unimplemented, `unknown method ${headers[":path"]}`);
      return;
    }
    if (this.#streams.size >= this.limits.streamsMax) {
      this.#refuse(http2, GrpcStatus.resourceExhausted, `no more than ${this.limits.streamsMax} streams`);
      return;
    }
    const { remoteAddress, remotePort } = http2.session?.socket ?? {};
    const remote = formatEndpoint(remoteAddress ?? "0.0.0.0", remotePort ?? 0);
    const metadata = metadataOf(headers);
    const answer = this.options.accept(metadata, remote);
    if (!answer.accept) {
      this.#refuse(http2, answer.code, answer.detail);
      return;
    }
    const fault = metadataFault(answer.metadata);
    if (fault !== undefined) {
      this.#refuse(http2, GrpcStatus.internal, fault);
      return;
    }
    const stream = new GrpcStream("server", http2, connection, { metadata, remote });
    this.#streams.add(stream);
    void stream.ended.then(() => this.#streams.delete(stream));
    // The stream is served before its headers leave: a dialer that has them may rely on being known.
    answer.serve(stream);
    if (http2.destroyed || http2.closed) return;
    http2.respond(
      { ":status": 200, "content-type": "application/grpc", ...answer.metadata },
      { waitForTrailers: true },
    );
  }

  #refuse(http2: ServerHttp2Stream, code: number, detail: string): void {
    http2.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": String(code),
        "grpc-message": encodeStatusMessage(detail),
      },
      { endStream: true },
    );
    this.#discard(http2);
  }

  /** The answer is given; what the client still sends is not read, and the stream does not linger. */
  #discard(http2: ServerHttp2Stream): void {
    http2.resume();
    const grace = this.clock.setTimer(this.limits.closeGrace, () => http2.close(constants.NGHTTP2_NO_ERROR));
    http2.on("close", () => grace.cancel());
  }
}

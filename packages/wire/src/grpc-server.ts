import { once } from "node:events";
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { type Clock, err, type Millis, ok, type Result, type Timer } from "@tandem/base";
import type { BusServer, Endpoint, ListenError, ListenOptions } from "./bus.js";
import { Connection, type ConnectionLimits, type PingPolicy } from "./connection.js";
import { formatEndpoint, parseEndpoint } from "./endpoint.js";
import { GrpcStream } from "./grpc-stream.js";
import { type Admitted, Listener, type ListenerLimits } from "./listener.js";
import { metadataFault, metadataOf } from "./metadata.js";
import { setPatience } from "./patience.js";
import type { RefusalReason } from "./refusal.js";
import { encodeStatusMessage, GrpcStatus } from "./status.js";
import type { TlsOptions } from "./tls.js";

export interface ServerLimits extends ConnectionLimits, ListenerLimits {
  /** Longest time that a connection is kept without a stream. */
  readonly idleTimeout: Millis;
  /** Streams beyond this, over all connections, are refused with RESOURCE_EXHAUSTED. */
  readonly streamsMax: number;
  /** The same for those of one connection. */
  readonly streamsPerConnectionMax: number;
  /** A request with more than this in its headers is reset. */
  readonly headerBytesMax: number;
}

/** Clients bear pings. */
const PINGS_WANTED: PingPolicy = { wanted: true, tooMany: () => {} };

/** Headers of one request, by count. */
const HEADER_PAIRS_MAX = 64;

/** Streams that one connection may have refused before it is closed. */
const REFUSALS_MAX = 32;

/** Starts to listen, by TLS where `tls` is given; a bad or taken endpoint is a result. */
export async function listen(
  clock: Clock,
  limits: ServerLimits,
  tls: TlsOptions | undefined,
  options: ListenOptions,
): Promise<Result<BusServer, ListenError>> {
  const { endpoint } = options;
  const target = parseEndpoint(endpoint);
  if (!target.ok) return err({ kind: "listenFailed", endpoint, detail: target.error });
  try {
    const server = new GrpcServer(clock, limits, tls, options);
    const socket = server.listener.server;
    socket.listen(target.value.port, target.value.host);
    await once(socket, "listening");
    server.bound();
    return ok(server);
  } catch (error) {
    return err({ kind: "listenFailed", endpoint, detail: (error as Error).message });
  }
}

/** One connection and what it was used for. */
interface Client {
  readonly admitted: Admitted;
  readonly connection: Connection;
  /** Whether it began as HTTP/2 does, or was told of already: then nothing needs to be said of its end. */
  known: boolean;
  streams: number;
  refusals: number;
  /** Runs while it has no stream. */
  idle: Timer;
}

class GrpcServer implements BusServer {
  readonly listener: Listener;
  #endpoint: Endpoint = "";
  readonly #clients = new Map<ServerHttp2Session, Client>();
  readonly #streams = new Set<GrpcStream>();
  readonly #http2: Http2Server;
  /** The connection whose session comes into being right now. */
  #admitting: Admitted | undefined;
  #closing = false;

  constructor(
    private readonly clock: Clock,
    private readonly limits: ServerLimits,
    tls: TlsOptions | undefined,
    private readonly options: ListenOptions,
  ) {
    const { streamsMax, streamsPerConnectionMax, headerBytesMax } = limits;
    this.#http2 = createServer({
      // One more than is served, so that the first one too many is told so in words.
      settings: {
        maxConcurrentStreams: Math.min(streamsMax, streamsPerConnectionMax) + 1,
        maxHeaderListSize: headerBytesMax,
      },
      maxHeaderListPairs: HEADER_PAIRS_MAX,
    });
    this.#http2.on("session", (session) => this.#onSession(session));
    this.#http2.on("stream", (stream, headers) => this.#onStream(stream, headers));
    this.listener = new Listener({
      clock,
      limits,
      tls,
      admitted: (admitted) => {
        this.#admitting = admitted;
        this.#http2.emit("connection", admitted.socket);
        this.#admitting = undefined;
      },
      refused: (refusal) => options.refused?.(refusal),
    });
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** The socket is bound: from now on an error of the listener (out of descriptors) only costs the one connection. */
  bound(): void {
    const { address, port } = this.listener.server.address() as AddressInfo;
    this.#endpoint = formatEndpoint(address, port);
    this.listener.server.on("error", () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const closed = this.listener.close();
    for (const stream of this.#streams) stream.close(GrpcStatus.unavailable, "the server is shutting down");
    for (const session of this.#clients.keys()) session.close();
    const grace = this.clock.setTimer(this.limits.closeGrace, () => {
      for (const { connection } of this.#clients.values()) connection.destroy("the server is shutting down");
      this.listener.destroy();
    });
    await closed;
    grace.cancel();
  }

  #onSession(session: ServerHttp2Session): void {
    const admitted = this.#admitting;
    if (admitted === undefined) {
      session.destroy();
      return;
    }
    const connection = new Connection(this.clock, this.limits, session, admitted.socket, "server", PINGS_WANTED);
    const client: Client = {
      admitted,
      connection,
      known: false,
      streams: 0,
      refusals: 0,
      idle: this.#armIdle(session),
    };
    this.#clients.set(session, client);
    session.on("remoteSettings", () => {
      client.known = true;
    });
    session.on("close", () => {
      client.idle.cancel();
      this.#clients.delete(session);
      if (client.known || this.#closing) return;
      const spoken =
        admitted.certificate === undefined ? "no HTTP/2, perhaps TLS where plaintext is spoken" : "no HTTP/2";
      this.#tell(client, "notHttp2", `${spoken}: ${connection.broken()}`, "the connection is closed");
    });
  }

  #armIdle(session: ServerHttp2Session): Timer {
    const { idleTimeout } = this.limits;
    return setPatience(this.clock, idleTimeout, () => {
      const client = this.#clients.get(session);
      if (client === undefined) return;
      client.known = true;
      this.#tell(client, "noStream", `no stream for ${idleTimeout} ms`, "the connection is closed");
      this.#drop(client);
    });
  }

  /** Says goodbye, then hangs up. */
  #drop({ connection }: Client): void {
    connection.session.close();
    const grace = this.clock.setTimer(this.limits.closeGrace, () => connection.destroy("it was of no use"));
    connection.session.on("close", () => grace.cancel());
  }

  #tell({ admitted }: Client, reason: RefusalReason, detail: string, effect: string): void {
    const { remote, certificate } = admitted;
    this.options.refused?.({ reason, remote, certificate, detail, effect });
  }

  #onStream(http2: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // Its reasons are read from the connection and the reset code when it closes.
    http2.on("error", () => {});
    const session = http2.session as ServerHttp2Session;
    const client = this.#clients.get(session);
    if (client === undefined) {
      http2.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    client.connection.heard();
    if (headers[":method"] !== "POST" || !(headers["content-type"] ?? "").startsWith("application/grpc")) {
      const what = `${headers[":method"]} of ${headers["content-type"]}`;
      this.#tell(client, "badRequest", `${what}: expected a POST of application/grpc`, "the stream is refused");
      http2.respond({ ":status": headers[":method"] === "POST" ? 415 : 405 }, { endStream: true });
      this.#discard(client, http2);
      return;
    }
    if (headers[":path"] !== this.options.method) {
      const detail = `unknown method ${headers[":path"]}`;
      this.#tell(client, "badRequest", detail, "the stream is refused");
      this.#refuse(client, http2, GrpcStatus.unimplemented, detail);
      return;
    }
    const { streamsMax, streamsPerConnectionMax } = this.limits;
    const tooMany =
      this.#streams.size >= streamsMax
        ? `no more than ${streamsMax} streams`
        : client.streams >= streamsPerConnectionMax
          ? `no more than ${streamsPerConnectionMax} streams on one connection`
          : undefined;
    if (tooMany !== undefined) {
      this.#tell(client, "tooManyStreams", tooMany, "the stream is refused");
      this.#refuse(client, http2, GrpcStatus.resourceExhausted, tooMany);
      return;
    }
    const { remote, local, certificate } = client.admitted;
    const metadata = metadataOf(headers);
    const answer = this.options.accept(metadata, remote, { local, certificate });
    if (!answer.accept) {
      this.#refuse(client, http2, answer.code, answer.detail);
      return;
    }
    const fault = metadataFault(answer.metadata);
    if (fault !== undefined) {
      this.#refuse(client, http2, GrpcStatus.internal, fault);
      return;
    }
    const stream = new GrpcStream("server", http2, client.connection, { metadata, remote, certificate });
    this.#streams.add(stream);
    client.streams += 1;
    client.idle.cancel();
    void stream.ended.then(() => {
      this.#streams.delete(stream);
      client.streams -= 1;
      if (client.streams === 0 && this.#clients.has(session)) client.idle = this.#armIdle(session);
    });
    // The stream is served before its headers leave: a dialer that has them may rely on being known.
    answer.serve(stream);
    if (http2.destroyed || http2.closed) return;
    http2.respond(
      { ":status": 200, "content-type": "application/grpc", ...answer.metadata },
      { waitForTrailers: true },
    );
  }

  #refuse(client: Client, http2: ServerHttp2Stream, code: number, detail: string): void {
    http2.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": String(code),
        "grpc-message": encodeStatusMessage(detail),
      },
      { endStream: true },
    );
    this.#discard(client, http2);
  }

  /** The answer is given; what the client still sends is not read, and the stream does not linger. */
  #discard(client: Client, http2: ServerHttp2Stream): void {
    client.refusals += 1;
    if (client.refusals === REFUSALS_MAX) this.#drop(client);
    http2.resume();
    const grace = this.clock.setTimer(this.limits.closeGrace, () => http2.close(constants.NGHTTP2_NO_ERROR));
    http2.on("close", () => grace.cancel());
  }
}

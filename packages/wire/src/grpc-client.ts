import { connect, constants } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, TLSSocket } from "node:tls";
import { type Clock, err, type Millis, ok, type Result } from "@tandem/base";
import type { BusStream, DialError, DialOptions } from "./bus.js";
import { Connection, type ConnectionLimits, type PingPolicy } from "./connection.js";
import { formatEndpoint, type HostPort, parseEndpoint } from "./endpoint.js";
import { GrpcStream } from "./grpc-stream.js";
import { metadataFault, metadataOf } from "./metadata.js";
import { GrpcStatus, statusOf, statusOfHttp, statusOfReset } from "./status.js";
import { ALPN, peerCertificateOf, TLS_VERSION } from "./tls.js";

export interface ClientLimits extends ConnectionLimits {
  /** Longest time from the start of a dial to the server's initial headers. */
  readonly dialTimeout: Millis;
}

export interface ClientEnd {
  readonly clock: Clock;
  readonly limits: ClientLimits;
  readonly pings: PingPolicy;
}

/** Opens a connection of its own for one stream; it goes with the stream. With `secure`: over TLS. */
export async function dial(
  { clock, limits, pings }: ClientEnd,
  secure: SecureContext | undefined,
  options: DialOptions,
  signal?: AbortSignal,
): Promise<Result<BusStream, DialError>> {
  const { endpoint, method, metadata } = options;
  signal?.throwIfAborted();
  const target = parseEndpoint(endpoint);
  if (!target.ok) return err({ kind: "unreachable", endpoint, detail: target.error });
  const fault = metadataFault(metadata);
  if (fault !== undefined) return err({ kind: "refused", endpoint, code: GrpcStatus.invalidArgument, detail: fault });

  const socket = openSocket(target.value, secure);
  const session = connect(`${secure === undefined ? "http" : "https"}://${endpoint}`, {
    createConnection: () => socket,
    settings: { enablePush: false },
  });
  const connection = new Connection(clock, limits, session, socket, pings);
  const http2 = session.request({
    ":method": "POST",
    ":path": method,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "grpc-node-tandem/0.1",
    ...metadata,
  });
  // Its reasons are read from the connection and the reset code when it closes.
  http2.on("error", () => {});

  const remote = formatEndpoint(target.value.host, target.value.port);
  const answer = await new Promise<Answer>((resolve) => {
    const timer = clock.setTimer(limits.dialTimeout, () => done({ kind: "timeout" }));
    const onAbort = (): void => done({ kind: "aborted" });
    const onClosed = (): void => done({ kind: "closed" });
    const onResponse = (headers: Record<string, unknown>, flags: number): void => {
      connection.heard();
      const status = judge(headers, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
      if (status !== undefined) done({ kind: "refused", ...status });
      // Made here and now: data may follow in the same tick.
      else
        done({
          kind: "stream",
          stream: new GrpcStream("client", http2, connection, {
            metadata: metadataOf(headers),
            remote,
            certificate: socket instanceof TLSSocket ? peerCertificateOf(socket) : undefined,
          }),
        });
    };
    const done = (outcome: Answer): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      http2.off("close", onClosed);
      http2.off("response", onResponse);
      resolve(outcome);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    http2.on("close", onClosed);
    http2.on("response", onResponse);
  });

  if (answer.kind === "stream") {
    void answer.stream.ended.then(() => afterEnd(clock, limits, connection));
    return ok(answer.stream);
  }
  // The session tells its reason after its streams have closed.
  await new Promise((resolve) => setImmediate(resolve));
  const why = connection.broken();
  const reset = http2.rstCode;
  connection.destroy("the dial was given up");
  switch (answer.kind) {
    case "aborted":
      throw signal?.reason;
    case "timeout":
      return err({ kind: "unreachable", endpoint, detail: `no answer within ${limits.dialTimeout} ms` });
    case "refused":
      return err({ kind: "refused", endpoint, code: answer.code, detail: answer.detail });
    case "closed":
      return why === undefined
        ? err({ kind: "refused", endpoint, code: statusOfReset(reset), detail: `reset (HTTP/2 code ${reset})` })
        : err({ kind: "unreachable", endpoint, detail: `${why}${hint(socket)}` });
  }
}

function openSocket(target: HostPort, secure: SecureContext | undefined): Socket {
  if (secure === undefined) return connectSocket({ ...target, noDelay: true });
  const socket = connectTls({
    ...target,
    secureContext: secure,
    minVersion: TLS_VERSION,
    ALPNProtocols: [ALPN],
    rejectUnauthorized: true,
    // A node's certificate names its service path, whatever address it is dialed at: `BusStream.certificate`.
    checkServerIdentity: () => undefined,
  });
  socket.setNoDelay(true);
  return socket;
}

/** What an end without words may mean where TLS is spoken. */
function hint(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return "";
  return socket.authorized
    ? " (after the TLS handshake: its log says what is wrong with our certificate)"
    : " (in the TLS handshake)";
}

type Answer =
  | { readonly kind: "stream"; readonly stream: GrpcStream }
  | { readonly kind: "refused"; readonly code: number; readonly detail: string }
  | { readonly kind: "timeout" | "aborted" | "closed" };

/** Why the initial headers are a refusal; `undefined` when they open the stream. */
function judge(headers: Record<string, unknown>, endOfStream: boolean): { code: number; detail: string } | undefined {
  const http = Number(headers[":status"]);
  if (headers["grpc-status"] !== undefined) return statusOf(headers);
  if (http !== 200) return { code: statusOfHttp(http), detail: `HTTP status ${http}` };
  if (!String(headers["content-type"]).startsWith("application/grpc"))
    return { code: GrpcStatus.unknown, detail: `content type ${headers["content-type"]} is not gRPC` };
  return endOfStream ? statusOf(headers) : undefined;
}

/** A stream's connection goes with it: politely, then by force. */
function afterEnd(clock: Clock, limits: ClientLimits, connection: Connection): void {
  if (connection.session.destroyed) return;
  const grace = clock.setTimer(limits.closeGrace, () => connection.destroy("the stream ended"));
  connection.session.on("close", () => grace.cancel());
  connection.session.close();
}

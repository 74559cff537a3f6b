import { connect, constants } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, TLSSocket } from "node:tls";
import { type Clock, err, type Millis, millis, ok, type Result } from "@tandem/base";
import type { BusStream, DialError, DialOptions } from "./bus.js";
import { Connection, type ConnectionLimits, type PingPolicy } from "./connection.js";
import type { DialGate, Leave } from "./dial-gate.js";
import { formatEndpoint, type HostPort, parseEndpoint } from "./endpoint.js";
import { GrpcStream } from "./grpc-stream.js";
import { metadataFault, metadataOf } from "./metadata.js";
import { setPatience } from "./patience.js";
import { GrpcStatus, statusOf, statusOfHttp, statusOfReset } from "./status.js";
import { ALPN, peerCertificateOf, TLS_VERSION } from "./tls.js";

export interface ClientLimits extends ConnectionLimits {
  /** Longest time until the socket stands, and again from there to the server's initial headers. */
  readonly dialTimeout: Millis;
}

export interface ClientEnd {
  readonly clock: Clock;
  readonly limits: ClientLimits;
  readonly gate: DialGate;
  readonly pings: PingPolicy;
}

/** A dial whose socket does not open within this time lets others pass: nobody may be there at all. */
const PATIENCE = millis(250);

/** Opens a connection of its own for one stream; it goes with the stream. With `secure`: over TLS. */
export async function dial(
  end: ClientEnd,
  secure: SecureContext | undefined,
  options: DialOptions,
  signal?: AbortSignal,
): Promise<Result<BusStream, DialError>> {
  const { limits } = end;
  const { endpoint, metadata } = options;
  signal?.throwIfAborted();
  const target = parseEndpoint(endpoint);
  if (!target.ok) return err({ kind: "unreachable", endpoint, detail: target.error });
  const fault = metadataFault(metadata);
  if (fault !== undefined) return err({ kind: "refused", endpoint, code: GrpcStatus.invalidArgument, detail: fault });

  // Whoever dials many peers will soon have as many connections: none of them is judged by the few that stand yet.
  limits.silence.opened();
  try {
    return await dialTarget(end, target.value, secure, options, signal);
  } finally {
    limits.silence.closed();
  }
}

async function dialTarget(
  end: ClientEnd,
  target: HostPort,
  secure: SecureContext | undefined,
  { endpoint, method, metadata }: DialOptions,
  signal: AbortSignal | undefined,
): Promise<Result<BusStream, DialError>> {
  const { clock, limits, pings } = end;
  const opened = await open(end, () => openSocket(target, secure), signal);
  if (!opened.ok) return err({ kind: "unreachable", endpoint, detail: opened.error });
  const { socket, leave } = opened.value;
  const session = connect(`${secure === undefined ? "http" : "https"}://${endpoint}`, {
    createConnection: () => socket,
    settings: { enablePush: false },
  });
  const connection = new Connection(clock, limits, session, socket, "client", pings);
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

  // A peer of many connections may answer later, as it may be silent for longer.
  const patience = millis(Math.ceil(limits.dialTimeout * limits.silence.factor));
  const remote = formatEndpoint(target.host, target.port);
  const answer = await new Promise<Answer>((resolve) => {
    const timer = setPatience(clock, patience, () => done({ kind: "timeout" }));
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
    if (signal?.aborted) return done({ kind: "aborted" });
    signal?.addEventListener("abort", onAbort, { once: true });
    http2.on("close", onClosed);
    http2.on("response", onResponse);
  });

  leave();
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
      return err({ kind: "unreachable", endpoint, detail: `no answer within ${patience} ms` });
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

interface Opened {
  readonly socket: Socket;
  readonly leave: Leave;
}

/**
 * A socket that stands, and a place in the gate for what follows. A session costs a hundred times what a socket does, so
 * it is made when there is somebody to talk to.
 */
async function open(
  { clock, limits, gate }: ClientEnd,
  connectTo: () => Socket,
  signal: AbortSignal | undefined,
): Promise<Result<Opened, string>> {
  const leave = await gate.enter(signal);
  let isSlow = false;
  const slow = setPatience(clock, PATIENCE, () => {
    isSlow = true;
    leave();
  });
  const socket = connectTo();
  const failure = await untilOpen(socket, clock, limits.dialTimeout, signal);
  slow.cancel();
  if (failure !== undefined) {
    leave();
    signal?.throwIfAborted();
    return err(failure);
  }
  try {
    const place = isSlow ? await gate.enterFirst(signal) : leave;
    if (signal?.aborted) place();
    signal?.throwIfAborted();
    return ok({ socket, leave: place });
  } catch (reason) {
    socket.destroy();
    throw reason;
  }
}

/** Waits until the socket is connected. Says why when it is not; it is destroyed then. */
function untilOpen(
  socket: Socket,
  clock: Clock,
  limit: Millis,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const done = (failure: string | undefined): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      socket.off("connect", onOpen);
      socket.off("close", onClose);
      if (failure !== undefined) socket.destroy();
      resolve(failure);
    };
    const timer = setPatience(clock, limit, () => done(`no answer within ${limit} ms`));
    const onAbort = (): void => done("given up");
    const onOpen = (): void => done(undefined);
    const onClose = (): void => done("the connection was closed");
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", onOpen);
    socket.on("close", onClose);
    // Stays: an error of a socket that waits in the gate, or was given up, is told by its end.
    socket.on("error", (error) => done(error.message));
  });
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

import { constants } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { Clock, Millis, Timer } from "@tandem/base";
import type { Endpoint } from "./bus.js";
import type { PeerCertificate } from "./certificate.js";
import { formatEndpoint } from "./endpoint.js";
import { setPatience } from "./patience.js";
import { type Refusal, type RefusalReason, refusalOfHandshake, refusalOfVerdict } from "./refusal.js";
import { ALPN, peerCertificateOf, reasonOf, TLS_VERSION, type TlsMaterial, type TlsOptions } from "./tls.js";

export interface ListenerLimits {
  /** Connections beyond this are closed at once. */
  readonly connectionsMax: number;
  /** The same for those of one address. */
  readonly connectionsPerAddressMax: number;
  /** The same for those whose TLS handshake is not done yet. */
  readonly handshakesMax: number;
  /** Longest TLS handshake. */
  readonly handshakeTimeout: Millis;
}

/** A connection that may speak HTTP/2 now. */
export interface Admitted {
  readonly socket: Socket;
  readonly remote: Endpoint;
  /** Our end. */
  readonly local: Endpoint;
  /** With TLS: a trusted one. */
  readonly certificate?: PeerCertificate;
}

export interface ListenerOptions {
  readonly clock: Clock;
  readonly limits: ListenerLimits;
  /** Without it: plaintext. */
  readonly tls: TlsOptions | undefined;
  readonly admitted: (connection: Admitted) => void;
  readonly refused: (refusal: Refusal) => void;
}

/** Without tickets nobody resumes a session whose certificate would no longer be accepted. */
const SECURE = { minVersion: TLS_VERSION, secureOptions: constants.SSL_OP_NO_TICKET } as const;

/** A handshake on its way. */
interface Pending {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly timer: Timer;
  error?: Error & { readonly code?: string };
}

/** Takes connections in, as many as the limits allow, and hands on those that got through the TLS handshake. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  #material: TlsMaterial | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  /** By the remote endpoint, which is distinct among live connections. */
  readonly #pending = new Map<Endpoint, Pending>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
    if (options.tls !== undefined) this.#tls = this.#tlsServer(options.tls);
  }

  get server(): Server {
    return this.#server;
  }

  /** Stops to take connections in; resolves when none is left. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { timer } of this.#pending.values()) timer.cancel();
    return closed;
  }

  /** Ends what stands. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #tlsServer(tls: TlsOptions): TlsServer {
    this.#material = tls.material();
    const { cert, key, ca } = this.#material;
    const server = createTlsServer({
      cert,
      key,
      ca,
      ...SECURE,
      ALPNProtocols: [ALPN],
      requestCert: true,
      // Judged below, where it can be told why.
      rejectUnauthorized: false,
      // Ours comes first: it runs on the clock port.
      handshakeTimeout: this.#options.limits.handshakeTimeout + 60_000,
    });
    server.on("secureConnection", (socket) => this.#onSecure(socket));
    server.on("tlsClientError", (error, socket) => {
      const pending = this.#pending.get(endpointOf(socket.remoteAddress, socket.remotePort));
      if (pending !== undefined) pending.error ??= error;
      socket.destroy();
    });
    return server;
  }

  #onConnection(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const remote = endpointOf(address, socket.remotePort);
    const local = endpointOf(socket.localAddress, socket.localPort);
    // Whoever takes the socket over reads its reasons elsewhere.
    socket.on("error", () => {});
    const full = this.#whyFull(address);
    if (full !== undefined) {
      socket.destroy();
      this.#refuse(remote, full[0], full[1]);
      return;
    }
    this.#sockets.add(socket);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    if (this.#tls === undefined) this.#options.admitted({ socket, remote, local });
    else this.#startHandshake(this.#tls, socket, remote, local);
  }

  #whyFull(address: string): [RefusalReason, string] | undefined {
    const { connectionsMax, connectionsPerAddressMax, handshakesMax } = this.#options.limits;
    if (this.#sockets.size >= connectionsMax)
      return ["tooManyConnections", `${this.#sockets.size} connections are open, at most ${connectionsMax} are served`];
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (ofAddress >= connectionsPerAddressMax)
      return [
        "tooManyFromAddress",
        `${ofAddress} connections of this address are open, at most ${connectionsPerAddressMax} are served`,
      ];
    if (this.#pending.size >= handshakesMax)
      return [
        "tooManyHandshakes",
        `${this.#pending.size} TLS handshakes are under way, at most ${handshakesMax} at a time`,
      ];
    return undefined;
  }

  #startHandshake(tls: TlsServer, socket: Socket, remote: Endpoint, local: Endpoint): void {
    const { clock, limits, tls: options } = this.#options;
    const material = options?.material();
    if (material !== undefined && material !== this.#material) {
      this.#material = material;
      const { cert, key, ca } = material;
      tls.setSecureContext({ cert, key, ca, ...SECURE });
    }
    const timer = setPatience(clock, limits.handshakeTimeout, () => {
      this.#pending.delete(remote);
      socket.destroy();
      this.#refuse(remote, "handshakeTimeout", `no TLS handshake within ${limits.handshakeTimeout} ms`);
    });
    this.#pending.set(remote, { remote, local, timer });
    socket.on("close", () => this.#onLost(remote));
    tls.emit("connection", socket);
  }

  /** A connection ended; if its handshake was not done, that was a failed one. */
  #onLost(remote: Endpoint): void {
    const pending = this.#pending.get(remote);
    if (pending === undefined) return;
    this.#done(pending);
    const { error } = pending;
    const { reason, detail } = refusalOfHandshake(
      error === undefined ? "ECONNRESET" : (error.code ?? ""),
      error === undefined ? "" : reasonOf(error),
    );
    this.#refuse(remote, reason, detail);
  }

  #onSecure(socket: TLSSocket): void {
    const pending = this.#pending.get(endpointOf(socket.remoteAddress, socket.remotePort));
    if (pending === undefined) {
      socket.destroy();
      return;
    }
    this.#done(pending);
    const { remote, local } = pending;
    const certificate = peerCertificateOf(socket);
    const why = judge(socket, certificate);
    if (why !== undefined || certificate === undefined) {
      socket.on("error", () => {});
      socket.destroy();
      if (why !== undefined) this.#refuse(remote, why.reason, why.detail, certificate);
      return;
    }
    this.#options.admitted({ socket, remote, local, certificate });
  }

  #done(pending: Pending): void {
    pending.timer.cancel();
    this.#pending.delete(pending.remote);
  }

  #refuse(remote: Endpoint, reason: RefusalReason, detail: string, certificate?: PeerCertificate): void {
    this.#options.refused({ reason, remote, certificate, detail, effect: "the connection is closed" });
  }
}

/** Why the other end of a finished handshake is not let in. */
function judge(
  socket: TLSSocket,
  certificate: PeerCertificate | undefined,
): { readonly reason: RefusalReason; readonly detail: string } | undefined {
  if (certificate === undefined) return { reason: "noCertificate", detail: "it shows no certificate" };
  if (!socket.authorized) return refusalOfVerdict(String(socket.authorizationError));
  if (socket.alpnProtocol !== ALPN)
    return { reason: "notHttp2", detail: "it does not ask for HTTP/2 (ALPN h2) in the TLS handshake" };
  return undefined;
}

function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  return formatEndpoint(address ?? "0.0.0.0", port ?? 0);
}

import { constants, type Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "@tandem/base";
import type { StreamLimits, Transport } from "./grpc-stream.js";
import { Keepalive, type KeepaliveEnd } from "./keepalive.js";
import type { Silence } from "./silence.js";
import { reasonOf } from "./tls.js";

/** What a bus end promises about its connections and streams. */
export interface ConnectionLimits extends StreamLimits {
  /** Longest time without a sign of life; shared by all connections of a bus. */
  readonly silence: Silence;
}

/**
 * Whether the peer bears our pings. The gRPC C core, as a server, sends a client away that pings a quiet connection
 * more often than every five minutes; such a peer is watched by TCP keepalive alone.
 */
export interface PingPolicy {
  readonly wanted: boolean;
  /** The peer asked us to calm down. */
  tooMany(): void;
}

/** One HTTP/2 connection, either end: watched for silence, and remembering why it broke. */
export class Connection implements Transport {
  readonly #keepalive: Keepalive | undefined;
  #broken: string | undefined;

  constructor(
    readonly clock: Clock,
    readonly limits: ConnectionLimits,
    readonly session: Http2Session,
    private readonly socket: Socket,
    end: KeepaliveEnd,
    private readonly pings: PingPolicy,
  ) {
    const { silence } = limits;
    silence.opened();
    if (pings.wanted) {
      this.#keepalive = new Keepalive(clock, end, () => silence.limit, {
        ping: () => this.#ping(),
        dead: () => this.destroy(`nothing heard for ${silence.limit} ms`),
      });
    } else {
      socket.setKeepAlive(true, silence.limit);
    }
    // First of all listeners: the session's own one ends every stream, and those ask us why.
    socket.prependListener("close", () => this.#mark("the connection was closed"));
    socket.prependListener("error", (error: Error) => this.#mark(reasonOf(error)));
    session.on("error", (error: Error) => this.#mark(reasonOf(error)));
    session.on("goaway", (code: number) => {
      if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) this.pings.tooMany();
      if (code !== 0) this.#mark(`the peer went away (HTTP/2 code ${code})`);
    });
    session.on("ping", () => this.heard());
    session.on("close", () => {
      this.#mark("the connection was closed");
      this.#keepalive?.stop();
      silence.closed();
    });
  }

  broken(): string | undefined {
    return this.#broken ?? (this.session.destroyed ? "the connection was closed" : undefined);
  }

  heard(): void {
    this.#keepalive?.heard();
  }

  /** Ends the connection and all its streams at once. */
  destroy(why: string): void {
    this.#mark(why);
    this.#keepalive?.stop();
    if (!this.session.destroyed) this.session.destroy();
    // A session that is closing already would still wait for the peer.
    this.socket.destroy();
  }

  #mark(why: string): void {
    this.#broken ??= why;
  }

  #ping(): void {
    if (this.session.closed || this.session.destroyed) return;
    this.session.ping((error) => {
      if (error === null) this.heard();
    });
  }
}

import { type Clock, type Millis, seconds } from "@tandem/base";
import type { Bus, Endpoint } from "./bus.js";
import type { PingPolicy } from "./connection.js";
import { DialGate } from "./dial-gate.js";
import { MESSAGE_BYTES_MAX } from "./frame.js";
import { dial } from "./grpc-client.js";
import { listen } from "./grpc-server.js";
import { Silence } from "./silence.js";
import { SecureContexts, speaksTls, type TlsOptions } from "./tls.js";

export interface GrpcBusOptions {
  readonly clock: Clock;
  /**
   * A connection that gave no sign of life for this long is dead. HTTP/2 pings ask for one. Default 3 s; longer from the
   * 129th connection on, see `Silence`.
   */
  readonly silence?: Millis;
  /** Longest wait for a server's initial headers. Default 3 s. */
  readonly dialTimeout?: Millis;
  /** Longest message, in and out. Default `MESSAGE_BYTES_MAX`. */
  readonly messageBytesMax?: number;
  /** Queued bytes from which `send` returns false. Default 1 MiB. */
  readonly highWater?: number;
  /** Queued bytes at which a stream ends with RESOURCE_EXHAUSTED. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** Mutual TLS. Without it all is plaintext. */
  readonly tls?: TlsOptions;
  /** Connections that a server holds at most; more are closed at once. Default 1,024. */
  readonly connectionsMax?: number;
  /** The same for the connections of one address. Default 512. */
  readonly connectionsPerAddressMax?: number;
  /** The same for TLS handshakes under way. Default 512. */
  readonly handshakesMax?: number;
  /** Longest TLS handshake at a server. Default 5 s. */
  readonly handshakeTimeout?: Millis;
  /** Longest time that a server keeps a connection without a stream. Default 10 s. */
  readonly idleTimeout?: Millis;
  /** Streams that a server holds at most; more are refused. Default 1,024. */
  readonly streamsMax?: number;
  /** The same for the streams of one connection. Default 128. */
  readonly streamsPerConnectionMax?: number;
  /** Longest headers of a request, with names; a longer one is reset. Default 16 KiB. */
  readonly headerBytesMax?: number;
}

/** Unread bytes of a stream at which HTTP/2 flow control stops its sender. */
const INBOX_BYTES = 1024 * 1024;

/** Dials of one bus that are at work at a time. */
const DIALS_AT_WORK = 32;

/** Endpoints that are remembered for not bearing pings. */
const CALM_MAX = 1024;

/**
 * gRPC bidirectional streams over HTTP/2: plaintext with prior knowledge, or mutual TLS where that is configured. One
 * connection per dialed stream.
 */
export function grpcBus(options: GrpcBusOptions): Bus {
  const { clock } = options;
  const limits = {
    silence: new Silence(options.silence ?? seconds(3)),
    dialTimeout: options.dialTimeout ?? seconds(3),
    messageBytesMax: options.messageBytesMax ?? MESSAGE_BYTES_MAX,
    highWater: options.highWater ?? 1024 * 1024,
    queueBytesMax: options.queueBytesMax ?? 64 * 1024 * 1024,
    connectionsMax: options.connectionsMax ?? 1024,
    connectionsPerAddressMax: options.connectionsPerAddressMax ?? 512,
    handshakesMax: options.handshakesMax ?? 512,
    handshakeTimeout: options.handshakeTimeout ?? seconds(5),
    idleTimeout: options.idleTimeout ?? seconds(10),
    streamsMax: options.streamsMax ?? 1024,
    streamsPerConnectionMax: options.streamsPerConnectionMax ?? 128,
    headerBytesMax: options.headerBytesMax ?? 16 * 1024,
    inboxBytes: INBOX_BYTES,
    closeGrace: seconds(1),
  };
  const gate = new DialGate(DIALS_AT_WORK);
  /** Endpoints that asked for fewer pings, oldest first. */
  const calm = new Set<Endpoint>();
  const pingPolicy = (endpoint: Endpoint): PingPolicy => ({
    wanted: !calm.has(endpoint),
    tooMany: () => {
      calm.add(endpoint);
      if (calm.size > CALM_MAX) calm.delete(calm.values().next().value as Endpoint);
    },
  });
  const { tls } = options;
  const contexts = tls === undefined ? undefined : new SecureContexts(tls);
  return {
    listen: (listenOptions) =>
      listen(clock, limits, speaksTls(tls, listenOptions.endpoint) ? tls : undefined, listenOptions),
    dial: (dialOptions, signal) =>
      dial(
        { clock, limits, gate, pings: pingPolicy(dialOptions.endpoint) },
        speaksTls(tls, dialOptions.endpoint) ? contexts?.current : undefined,
        dialOptions,
        signal,
      ),
  };
}

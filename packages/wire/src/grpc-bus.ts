import { type Clock, type Millis, seconds } from "@tandem/base";
import type { Bus, Endpoint } from "./bus.js";
import type { PingPolicy } from "./connection.js";
import { MESSAGE_BYTES_MAX } from "./frame.js";
import { dial } from "./grpc-client.js";
import { listen } from "./grpc-server.js";

export interface GrpcBusOptions {
  readonly clock: Clock;
  /** A connection that gave no sign of life for this long is dead. HTTP/2 pings ask for one. Default 3 s. */
  readonly silence?: Millis;
  /** Longest wait for a server's initial headers. Default 3 s. */
  readonly dialTimeout?: Millis;
  /** Longest message, in and out. Default `MESSAGE_BYTES_MAX`. */
  readonly messageBytesMax?: number;
  /** Queued bytes from which `send` returns false. Default 1 MiB. */
  readonly highWater?: number;
  /** Queued bytes at which a stream ends with RESOURCE_EXHAUSTED. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** Connections that a server holds at most. Default 1,024. */
  readonly connectionsMax?: number;
  /** Streams that a server holds at most. Default 1,024. */
  readonly streamsMax?: number;
}

/** Unread bytes of a stream at which HTTP/2 flow control stops its sender. */
const INBOX_BYTES = 1024 * 1024;

/** Endpoints that are remembered for not bearing pings. */
const CALM_MAX = 1024;

/** gRPC bidirectional streams over plaintext HTTP/2 with prior knowledge. One connection per dialed stream. */
export function grpcBus(options: GrpcBusOptions): Bus {
  const { clock } = options;
  const limits = {
    silence: options.silence ?? seconds(3),
    dialTimeout: options.dialTimeout ?? seconds(3),
    messageBytesMax: options.messageBytesMax ?? MESSAGE_BYTES_MAX,
    highWater: options.highWater ?? 1024 * 1024,
    queueBytesMax: options.queueBytesMax ?? 64 * 1024 * 1024,
    connectionsMax: options.connectionsMax ?? 1024,
    streamsMax: options.streamsMax ?? 1024,
    inboxBytes: INBOX_BYTES,
    closeGrace: seconds(1),
  };
  /** Endpoints that asked for fewer pings, oldest first. */
  const calm = new Set<Endpoint>();
  const pingPolicy = (endpoint: Endpoint): PingPolicy => ({
    wanted: !calm.has(endpoint),
    tooMany: () => {
      calm.add(endpoint);
      if (calm.size > CALM_MAX) calm.delete(calm.values().next().value as Endpoint);
    },
  });
  return {
    listen: (listenOptions) => listen(clock, limits, listenOptions),
    dial: (dialOptions, signal) => dial(clock, limits, pingPolicy(dialOptions.endpoint), dialOptions, signal),
  };
}

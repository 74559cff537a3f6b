import { type Clock, type CrashPoint, type Millis, seconds, systemClock } from "@tandem/base";
import { type Bus, type Endpoint, grpcBus } from "@tandem/wire";
import type { Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";

/** What an end of the gRPC channel needs. */
export interface GrpcChannelOptions {
  /** Where the channel is, `ip:port`. */
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Who this end is, in the words that a second one is refused with. */
  readonly owner: Owner;
  /** Default: `channelBus()`. */
  readonly bus?: Bus;
  readonly crash?: CrashPoint;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
}

export interface GrpcServerOptions extends GrpcChannelOptions {
  /** Where unary calls, subscriptions, observers and reflection are answered; without it they are not. */
  readonly serviceEndpoint?: Endpoint;
  /** What a client finds done before its first request is: awaited when that has arrived. */
  readonly beforeFirst?: () => Promise<void>;
}

export interface GrpcClientOptions extends GrpcChannelOptions {
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Requests that may wait for their replies. Default 100,000. */
  readonly requestsMax?: number;
  /** Bytes of them. Default 64 MiB. */
  readonly bytesMax?: number;
}

/** Longest message. A bulk request of 30,000 routes has about 10 MB. */
export const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Both ends are on one machine: a process that is gone has closed its connection, so silence means one that stands still,
 * as syncd does in a call of the ASIC that takes long. Upstream's watchdog speaks after as much.
 */
const SILENCE_MAX = seconds(30);

/** HTTP/2 as the channel uses it: beyond 1 MiB that the server has not read, flow control stops the client. */
export function channelBus(clock: Clock = systemClock): Bus {
  const bytes = { messageBytesMax: MESSAGE_BYTES_MAX, queueBytesMax: 3 * MESSAGE_BYTES_MAX };
  return grpcBus({ clock, silence: SILENCE_MAX, ...bytes });
}

/** Ports of the context 0; each further context has the next two. */
const PORT_FIRST = 50_551;

/** Where the channel and the service of a context are, on this machine. */
export function grpcEndpoints(guid: number): GrpcEndpoints {
  return endpointsFrom(PORT_FIRST, guid);
}

export interface GrpcEndpoints {
  readonly endpoint: Endpoint;
  readonly serviceEndpoint: Endpoint;
}

/** `first`: the port of the channel of context 0. */
export function endpointsFrom(first: number, guid: number): GrpcEndpoints {
  const port = first + 2 * guid;
  return { endpoint: `127.0.0.1:${port}`, serviceEndpoint: `127.0.0.1:${port + 1}` };
}

import type { Millis } from "@tandem/base";
import type { Stores } from "@tandem/swss";
import { endpointsFrom, type GrpcChannelOptions, type GrpcEndpoints } from "../grpc/options.js";
import type { ChannelMode } from "../op.js";
import type { FallbackName } from "./fallback.js";

/** Ports of the context 0: behind those of all contexts of gRPC without a queue, so that a syncd can serve both. */
const PORT_FIRST = 51_063;

/** Where the channel and the service of a context are, on this machine. */
export function grpcQueueEndpoints(guid: number): GrpcEndpoints {
  return endpointsFrom(PORT_FIRST, guid);
}

/** What an end of the channel needs beside those of gRPC. */
export interface GrpcQueueOptions extends GrpcChannelOptions {
  readonly stores: Stores;
  /** Database that carries the queue; default `ASIC_DB`. */
  readonly db?: string;
  readonly mode: ChannelMode;
}

export interface GrpcQueueServerOptions extends GrpcQueueOptions {
  /** Where unary calls, subscriptions, observers and reflection are answered; without it they are not. */
  readonly serviceEndpoint?: string;
}

export interface GrpcQueueClientOptions extends GrpcQueueOptions {
  /** Where requests wait for a server that is away; a server drains either. Default `stream`. */
  readonly fallback?: FallbackName;
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Requests that may wait for their execution here, and again in the queue. Default 100,000. */
  readonly requestsMax?: number;
  /** Bytes of those that wait here. Default 64 MiB. */
  readonly bytesMax?: number;
}

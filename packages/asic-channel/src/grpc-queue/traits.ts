import type { TransportTraits } from "../transport.js";

/** Requests that may wait in a client, and again in the queue. */
export const REQUESTS_MAX_DEFAULT = 100_000;
export const BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

/** What gRPC promises while both ends are there, and a queue in Redis while the server is not. */
export function grpcQueueTraits(
  requestsInFlightMax = REQUESTS_MAX_DEFAULT,
  bytesInFlightMax = BYTES_MAX_DEFAULT,
): TransportTraits {
  return {
    name: "grpc-queue",
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: true,
    redeliversUnacked: true,
    correlation: "id",
    requestsInFlightMax,
    bytesInFlightMax,
    tellsRefusals: true,
    observers: true,
    keepsNotifications: false,
    upstreamPeers: false,
  };
}

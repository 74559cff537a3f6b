import type { TransportTraits } from "../transport.js";

/** Requests that may wait in a client, sent or not. */
export const REQUESTS_MAX_DEFAULT = 100_000;
/** And their bytes. */
export const BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

/** What a connection alone can promise: nothing is stored, so what is on it goes with it. */
export function grpcTraits(
  requestsInFlightMax = REQUESTS_MAX_DEFAULT,
  bytesInFlightMax = BYTES_MAX_DEFAULT,
): TransportTraits {
  return {
    name: "grpc",
    modes: ["sync"],
    survivesServerRestart: false,
    survivesClientRestart: false,
    redeliversUnacked: false,
    correlation: "id",
    requestsInFlightMax,
    bytesInFlightMax,
    observers: true,
    keepsNotifications: false,
    upstreamPeers: false,
  };
}

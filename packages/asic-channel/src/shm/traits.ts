import type { TransportTraits } from "../transport.js";
import { RING_SIZES_DEFAULT } from "./wire.js";

/** Requests that may be unfinished in the ring. */
export const REQUESTS_MAX_DEFAULT = 100_000;

/** What rings in a file promise: all that is committed survives both processes, and nothing survives the machine. */
export function shmTraits(
  requestsInFlightMax = REQUESTS_MAX_DEFAULT,
  bytesInFlightMax = RING_SIZES_DEFAULT.requests,
): TransportTraits {
  return {
    name: "shm",
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: true,
    redeliversUnacked: true,
    correlation: "id",
    requestsInFlightMax,
    bytesInFlightMax,
    tellsRefusals: true,
    observers: false,
    keepsNotifications: true,
    upstreamPeers: false,
  };
}

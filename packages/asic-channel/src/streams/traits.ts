import { REQUESTS_MAX_DEFAULT } from "../redis/channel-options.js";
import type { TransportTraits } from "../transport.js";

/** Of keys, ops and fields of the requests that wait. */
export const BYTES_MAX_DEFAULT = 256 * 1024 * 1024;
/** Entries of both streams that stay when everybody has them: what observers and history see. */
export const KEEP_DEFAULT = 20_000;
/** Entries of both streams when an archiver does not get on; then requests are refused. */
export const RETAINED_MAX_DEFAULT = 2_000_000;

export function streamsTraits(
  requestsInFlightMax = REQUESTS_MAX_DEFAULT,
  bytesInFlightMax = BYTES_MAX_DEFAULT,
): TransportTraits {
  return {
    name: "streams",
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: true,
    redeliversUnacked: true,
    correlation: "id",
    requestsInFlightMax,
    bytesInFlightMax,
    tellsRefusals: true,
    observers: true,
    keepsNotifications: true,
    upstreamPeers: false,
  };
}

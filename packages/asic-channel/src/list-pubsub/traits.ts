import { REQUESTS_MAX_DEFAULT } from "../redis/channel-options.js";
import type { TransportTraits } from "../transport.js";

/** What upstream's list can promise: it keeps what was not popped, and nothing else. */
export function listPubsubTraits(requestsInFlightMax = REQUESTS_MAX_DEFAULT): TransportTraits {
  return {
    name: "list-pubsub",
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: true,
    redeliversUnacked: false,
    correlation: "order",
    requestsInFlightMax,
    bytesInFlightMax: undefined,
    observers: false,
    keepsNotifications: false,
    upstreamPeers: true,
  };
}

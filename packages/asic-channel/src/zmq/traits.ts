import type { TransportTraits } from "../transport.js";

/** Requests that may wait in a client: one is out, the others are behind it. */
export const REQUESTS_MAX_DEFAULT = 1000;
/** Requests that an outbox holds. */
export const OUTBOX_MAX_DEFAULT = 100_000;

/**
 * What upstream's ZMQ sockets can promise. Nothing is stored: a request goes with either end. Notifications are kept for a
 * client that is away, up to the high-water mark; those on the wire when it left are lost.
 */
export function zmqTraits(requestsInFlightMax = REQUESTS_MAX_DEFAULT): TransportTraits {
  return {
    name: "zmq",
    modes: ["sync"],
    survivesServerRestart: false,
    survivesClientRestart: false,
    redeliversUnacked: false,
    correlation: "order",
    requestsInFlightMax,
    bytesInFlightMax: undefined,
    observers: false,
    keepsNotifications: true,
    upstreamPeers: true,
  };
}

/** With an outbox at the client, and a server of ours. Against another one nothing is sent twice: see docs/asic-channel.md. */
export function zmqOutboxTraits(requestsInFlightMax = OUTBOX_MAX_DEFAULT): TransportTraits {
  return {
    ...zmqTraits(requestsInFlightMax),
    modes: ["async", "sync"],
    survivesServerRestart: true,
    survivesClientRestart: true,
    redeliversUnacked: true,
    correlation: "id",
  };
}

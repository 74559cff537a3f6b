import { type Millis, seconds } from "@tandem/base";

/** Bounds of one server of HA links. What happens at each stands beside it. */
export interface LinkLimits {
  /** Longest frame in bytes, either way. A longer one ends the connection. */
  readonly frameMax: number;
  /** Messages of a peer that may wait for `delivered`, per link. One more closes the link. */
  readonly window: number;
  /** Messages of hax on their way to one process before its answers; the others wait in the queue. */
  readonly inFlightMax: number;
  /** Messages of hax for one link, answered by nobody yet. One more closes the link; the peer comes back. */
  readonly queueMax: number;
  /** Entrypoint requests of one connection that wait for a reply. One more ends the connection. */
  readonly requestsMax: number;
  /** Links of one connection. One more ends the connection. */
  readonly linksMax: number;
  /** Connections at a time; one more is closed at once. */
  readonly connectionsMax: number;
  /** Frames that one connection may send in a second, and in one burst. One more ends the connection. */
  readonly framesPerSecond: number;
  /** Bytes that wait for a peer to read before messages wait in their queues instead. */
  readonly writeHigh: number;
  /** Bytes that wait for a peer to read at which its connection is ended. */
  readonly writeMax: number;
  /** From connection to Hello. Longer ends the connection. */
  readonly helloWithin: Millis;
  /** Nothing to send for this long: a ping. */
  readonly pingEvery: Millis;
  /** Nothing heard for this long ends the connection. */
  readonly silenceMax: Millis;
  /** How long a link outlives its connection. Then what is unanswered is not delivered, and the link is over. */
  readonly resumeWithin: Millis;
  /** From `disconnect` to the peer's word that it is done; then the link is over without it. */
  readonly disconnectWithin: Millis;
}

export const LINK_LIMITS: LinkLimits = {
  frameMax: 128 * 1024,
  window: 32,
  inFlightMax: 16,
  queueMax: 256,
  requestsMax: 1024,
  linksMax: 4096,
  connectionsMax: 4096,
  framesPerSecond: 50_000,
  writeHigh: 1024 * 1024,
  writeMax: 16 * 1024 * 1024,
  helloWithin: seconds(5),
  pingEvery: seconds(5),
  silenceMax: seconds(15),
  resumeWithin: seconds(5),
  disconnectWithin: seconds(5),
};

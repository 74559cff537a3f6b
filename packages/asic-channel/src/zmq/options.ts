import type { Clock, CrashPoint, Millis } from "@tandem/base";
import type { Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { AsicContext } from "../context-config.js";
import { FRAME_BYTES_MAX } from "./wire.js";

/** What an end of upstream's ZMQ channel needs. */
export interface ZmqChannelOptions {
  /** Where the sockets are. */
  readonly context: Pick<AsicContext, "zmqEndpoint" | "zmqNotificationEndpoint">;
  readonly clock: Clock;
  /** Who this end is, in the words that a second one on this machine is refused with. */
  readonly owner: Owner;
  readonly crash?: CrashPoint;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
  /** Messages that a socket holds in each direction. Default 1,000, as libzmq and therefore upstream has it. */
  readonly highWaterMark?: number;
  /** A frame of this size or more is not sent, and ends the connection of whoever sends it. Default 128 MiB. */
  readonly frameBytesMax?: number;
}

/** And its client. */
export interface ZmqClientOptions extends ZmqChannelOptions {
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Requests that may wait for those before them. Default 1,000. */
  readonly requestsMax?: number;
  /**
   * `careful` sends only while a connection stands and drops what it gave up. `upstream` does as libsairedis: it sends
   * into the socket whoever is there, and what it gave up is delivered late, when a server comes.
   */
  readonly sending?: "careful" | "upstream";
}

export const HIGH_WATER_MARK_DEFAULT = 1000;

/** The sockets of one end. */
export function socketOptions(options: ZmqChannelOptions, lingerMs: number) {
  const { highWaterMark = HIGH_WATER_MARK_DEFAULT, frameBytesMax = FRAME_BYTES_MAX } = options;
  return { highWaterMark, messageBytesMax: frameBytesMax - 1, lingerMs };
}

import type { Clock, CrashPoint, Millis } from "@tandem/base";
import type { Stores } from "@tandem/swss";
import type { Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { ChannelMode } from "../op.js";

/** What an end of a channel through Redis needs. */
export interface RedisChannelOptions {
  readonly stores: Stores;
  /** Database that carries the channel; default `ASIC_DB`. */
  readonly db?: string;
  readonly clock: Clock;
  /** Who this end is, in the words that a second one is refused with. */
  readonly owner: Owner;
  readonly mode: ChannelMode;
  readonly crash?: CrashPoint;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
}

/** And its client. */
export interface RedisClientOptions extends RedisChannelOptions {
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Requests that may wait for the server. Default 300,000. */
  readonly requestsMax?: number;
}

/** More than the largest burst that a full table of routes makes. */
export const REQUESTS_MAX_DEFAULT = 300_000;

export const DB_DEFAULT = "ASIC_DB";

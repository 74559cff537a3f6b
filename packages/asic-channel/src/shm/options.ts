import type { Clock, CrashPoint, Millis } from "@tandem/base";
import type { Owner } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { ChannelMode } from "../op.js";
import type { RingSizes } from "./wire.js";

/** What an end of a channel in shared memory needs. */
export interface ShmChannelOptions {
  /** The ring file; it is made when there is none. Beside it stand two FIFOs and a lock for each end. */
  readonly path: string;
  readonly mode: ChannelMode;
  readonly clock: Clock;
  /** Who this end is, in the words that a second one is refused with. */
  readonly owner: Owner;
  readonly crash?: CrashPoint;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
  /** Of a new file, and expected of one that is there. Default `RING_SIZES_DEFAULT`. */
  readonly sizes?: RingSizes;
  /**
   * Turns of the event loop that an end looks on for before it sleeps, at most; what it really takes follows from how
   * often looking on paid. 0 sleeps at once. Default 32.
   */
  readonly spinTurnsMax?: number;
}

export interface ShmClientOptions extends ShmChannelOptions {
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
  /** Requests that may be unfinished. Default 100,000. */
  readonly requestsMax?: number;
  /** Bytes of them in the ring. Default: the ring. */
  readonly bytesMax?: number;
}

/** Where the ring file of a channel is: memory, whose files outlive processes. */
export function ringPath(db: string): string {
  return `/dev/shm/tandem-asic-${db}.ring`;
}

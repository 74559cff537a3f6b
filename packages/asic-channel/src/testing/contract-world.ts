import type { Millis, Result } from "@tandem/base";
import type { VirtualClock } from "@tandem/base/testing";
import type { EndError } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { ChannelMode } from "../op.js";
import type { AsicClient, AsicObserver, AsicServer, TransportTraits } from "../transport.js";

/** How a case wants one end to be. */
export interface EndWish {
  /** Default: the first mode of the traits. */
  readonly mode?: ChannelMode;
  /** Name of the owner; default `client` or `server`. */
  readonly name?: string;
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
}

export interface ClientWish extends EndWish {
  /** Virtual time. Default: that of the transport. */
  readonly replyTimeout?: Millis;
  readonly requestsMax?: number;
  readonly bytesMax?: number;
}

/** What carries a channel, where it is a process of its own. */
export interface Carrier {
  /** Ends it as `kill -9`. Resolves when both ends have noticed. */
  stop(): Promise<void>;
  /** Starts it again with what it has saved. */
  start(): Promise<void>;
  /** From now on it refuses what is written to it. */
  refuse(how: "outOfMemory" | "readOnly"): Promise<void>;
  relent(): Promise<void>;
}

/** What a contract case runs on: one channel, with both ends in this process, under virtual time. */
export interface ContractWorld extends AsyncDisposable {
  readonly traits: TransportTraits;
  /** The time of deadlines and ticks at both ends. What the wire takes is real time. */
  readonly clock: VirtualClock;
  client(wish?: ClientWish): Promise<Result<AsicClient, EndError>>;
  server(wish?: EndWish): Promise<Result<AsicServer, EndError>>;
  observer?(): Promise<AsicObserver>;
  /** Ends one end of this world as `kill -9` ends its process: nothing is said to anybody. */
  kill(end: AsicClient | AsicServer): Promise<void>;
  /** Puts something on the wire that is no request. */
  garble?(): Promise<void>;
  readonly carrier?: Carrier;
}

/** What is known of a transport before a world of it is opened. */
export interface ContractFacts {
  readonly traits: TransportTraits;
  /** Its worlds have a `carrier`. */
  readonly carrier: boolean;
  /** Its worlds can `garble`. */
  readonly garble: boolean;
}

/** One promise of a transport, as a test to run on a world of its own. */
export interface TransportCase {
  readonly name: string;
  /** Whether it is a promise of such a transport; default: of all. */
  readonly when?: (facts: ContractFacts) => boolean;
  run(world: ContractWorld): Promise<void>;
}

import type { HaMessage } from "../motr/message.js";

/** Tags of one direction are two apart: odd from hax, even from the peer. */
export const TAG_STEP = 2n;

/** A message as it is handed in; the lane gives the tag. */
export type Untagged = Omit<HaMessage, "tag">;

export interface Outgoing {
  readonly tag: bigint;
  readonly message: Untagged;
}

/** What a tag that arrives means. */
export type Arrival =
  /** The next: hand it over. */
  | "new"
  /** Handed over before, `delivered` is owed. */
  | "repeated"
  /** Handed over and acknowledged: say so again. */
  | "acknowledged"
  /** One is missing before it: drop it. */
  | "ahead"
  /** As many as agreed wait for `delivered`. */
  | "tooMany";

/** Both directions of one link: which messages wait for their answers, and which tags are still to come. */
export class Lane {
  /** Unanswered, oldest first; the first `#sent` of them are on their way. */
  #queue: Outgoing[] = [];
  #sent = 0;
  #nextOut: bigint;
  #nextIn: bigint;
  /** Tags that were handed over, oldest first; true: done, and waits for those before it. */
  readonly #owed = new Map<bigint, boolean>();
  #lastSent = 0n;
  #lastDelivered = 0n;
  #lastAcknowledged = 0n;

  /** Tags of the next message out and the next message in. */
  constructor(nextOut: bigint, nextIn: bigint) {
    this.#nextOut = nextOut;
    this.#nextIn = nextIn;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get inFlight(): number {
    return this.#sent;
  }

  get owed(): number {
    return this.#owed.size;
  }

  get lastSent(): bigint {
    return this.#lastSent;
  }

  get lastDelivered(): bigint {
    return this.#lastDelivered;
  }

  get lastReceived(): bigint {
    return this.#nextIn > TAG_STEP ? this.#nextIn - TAG_STEP : 0n;
  }

  get lastAcknowledged(): bigint {
    return this.#lastAcknowledged;
  }

  /** Tag of the next message in. */
  get nextIn(): bigint {
    return this.#nextIn;
  }

  /** Tag of the next message out. */
  get nextOut(): bigint {
    return this.#nextOut;
  }

  /** Tag of the oldest message out that is not answered, else of the next one. */
  get oldestOut(): bigint {
    return this.#queue[0]?.tag ?? this.#nextOut;
  }

  /** Queues a message; gives its tag, or undefined when `limit` wait. */
  offer(message: Untagged, limit: number): bigint | undefined {
    if (this.#queue.length >= limit) return undefined;
    const tag = this.#nextOut;
    this.#nextOut += TAG_STEP;
    this.#queue.push({ tag, message });
    return tag;
  }

  /** The next message to write, unless `inFlightMax` are unanswered. */
  next(inFlightMax: number): Outgoing | undefined {
    if (this.#sent >= inFlightMax) return undefined;
    const item = this.#queue[this.#sent];
    if (item === undefined) return undefined;
    this.#sent += 1;
    if (item.tag > this.#lastSent) this.#lastSent = item.tag;
    return item;
  }

  /** An answer came: "settled" the first time, "again" later; "never" for a tag that was not sent. */
  answered(tag: bigint): "settled" | "again" | "never" {
    const at = this.#queue.findIndex((item) => item.tag === tag);
    if (at >= 0 && tag <= this.#lastSent) {
      this.#queue.splice(at, 1);
      if (at < this.#sent) this.#sent -= 1;
      this.#lastDelivered = tag;
      return "settled";
    }
    return at < 0 && tag > 0n && tag < this.#nextOut && (tag - this.#nextOut) % TAG_STEP === 0n ? "again" : "never";
  }

  /** All that is unanswered is to be written again. */
  rewind(): void {
    this.#sent = 0;
  }

  /** The first unanswered message that is meant. */
  find(meant: (message: Untagged) => boolean): Outgoing | undefined {
    return this.#queue.find(({ message }) => meant(message));
  }

  /** Takes out what is unanswered. */
  drain(): readonly Outgoing[] {
    this.#sent = 0;
    return this.#queue.splice(0);
  }

  arrive(tag: bigint, window: number): Arrival {
    if (this.#owed.has(tag)) return "repeated";
    if (tag < this.#nextIn) return "acknowledged";
    if (tag > this.#nextIn) return "ahead";
    if (this.#owed.size >= window) return "tooMany";
    this.#owed.set(tag, false);
    this.#nextIn += TAG_STEP;
    return "new";
  }

  /**
   * A message is done; gives the tags for which `delivered` may go out now. They go in order: who is told of one knows
   * that those before it are done too, and repeats no tag behind a gap that nobody would take.
   */
  acknowledge(tag: bigint): readonly bigint[] {
    if (!this.#owed.has(tag)) return [];
    this.#owed.set(tag, true);
    const released: bigint[] = [];
    for (const [oldest, done] of this.#owed) {
      if (!done) break;
      this.#owed.delete(oldest);
      released.push(oldest);
      this.#lastAcknowledged = oldest;
    }
    return released;
  }
}

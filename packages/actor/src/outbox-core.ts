import { type BackoffLimits, backoffDelay, type Json, type Millis, millis, type Random } from "@tandem/base";
import { type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import type { SentLog } from "./sent-log.js";
import { markTrace, traceMark } from "./trace.js";

/** First re-send at the earliest; also the floor while no round trip has been measured. */
export const RESEND_FIRST_MIN = millis(50);
export const RESEND_MAX = millis(2000);
/** A goodbye that nobody answers is given up after this long. */
export const GOODBYE_MAX = millis(60_000);
/** The first re-send comes after this many smoothed round trips. */
const ROUND_TRIPS = 4;

/** What a message is for: decides which answers settle it. */
export type Purpose =
  /** Delivered only by OK. */
  | "message"
  /** A row for a producer bridge: as a message; Del then Set becomes one replace. */
  | "row"
  /** State for a subscriber in this process: one that does not exist any more settles it. */
  | "state"
  /** A deregistration or a farewell: a receiver that does not exist settles it too. */
  | "goodbye";

/** What a sender wants delivered. */
export interface Dispatch {
  readonly source: ServicePath;
  readonly destination: ServicePath;
  /** Message key on the wire. */
  readonly key: string;
  readonly data: Json;
  readonly purpose: Purpose;
  /** Row key inside the envelope, for bridges. */
  readonly rowKey?: string;
  /** Where the sender keeps what its dump shows. */
  readonly log?: SentLog;
  /** Called once when it is settled: acknowledged, or superfluous. Not when it is superseded or cancelled. */
  readonly onSettled?: (settled: Settled) => void;
  /** Answered with an error that does not settle it: it will be sent again. */
  readonly onRefused?: (refusal: Refusal) => void;
}

export interface Settled {
  readonly code: SwbusErrorCode;
  readonly source: ServicePath | undefined;
}

export interface Refusal {
  readonly code: SwbusErrorCode;
  readonly text: string;
  /** Since it was first handed over. */
  readonly after: Millis;
}

/** A message that is not settled yet. */
export interface OutboxEntry extends Dispatch {
  readonly slot: string;
  /** The same on every re-send. */
  readonly id: bigint;
  /** What goes along to another process; the same on every re-send, or the receiver would not know the repeat. */
  wireTrace: Json | undefined;
  readonly createdAt: Millis;
  /** Sendings since it was put in or its receiver appeared: sets the back-off. */
  attempts: number;
  /** All sendings. */
  sends: number;
  sentAt: Millis;
  dueAt: Millis;
  /** Last answer that did not settle it. */
  refusal: Refusal | undefined;
}

/**
 * What is to be delivered, newest only per (source, destination, message key, row key). Bounded by the number of those.
 * Pure apart from the ids and random numbers that it is given; times are monotonic.
 */
export class OutboxCore {
  readonly #newId: () => bigint;
  readonly #random: Random;
  readonly #bySlot = new Map<string, OutboxEntry>();
  readonly #byId = new Map<bigint, OutboxEntry>();
  /** Smoothed round trip per destination service, in milliseconds. */
  readonly #roundTrips = new Map<string, number>();

  constructor(newId: () => bigint, random: Random) {
    this.#newId = newId;
    this.#random = random;
  }

  get size(): number {
    return this.#bySlot.size;
  }

  entries(): Iterable<OutboxEntry> {
    return this.#bySlot.values();
  }

  /** Puts a dispatch in, in the place of an older one for the same slot. The caller sends it now. */
  put(dispatch: Dispatch, now: Millis): OutboxEntry {
    const slot = slotOf(dispatch);
    const older = this.#bySlot.get(slot);
    const data = older === undefined ? dispatch.data : supersedingData(older, dispatch);
    if (older !== undefined) this.#remove(older);
    if (data !== dispatch.data) {
      const mark = traceMark(dispatch.data);
      if (mark !== undefined) markTrace(data, mark);
    }
    const entry: OutboxEntry = {
      ...dispatch,
      data,
      slot,
      id: this.#newId(),
      wireTrace: undefined,
      createdAt: now,
      attempts: 0,
      sends: 0,
      sentAt: now,
      dueAt: now,
      refusal: undefined,
    };
    this.#bySlot.set(slot, entry);
    this.#byId.set(entry.id, entry);
    return entry;
  }

  /** The entry is being sent now: sets when it is sent again. */
  sent(entry: OutboxEntry, now: Millis): void {
    entry.sentAt = now;
    const limits = this.#limits(entry.destination);
    const delay = entry.attempts === 0 ? limits.first : backoffDelay(limits, entry.attempts, this.#random);
    entry.dueAt = millis(now + delay);
    entry.attempts += 1;
    entry.sends += 1;
  }

  /** Entries to send now. Goodbyes that are too old count as said. */
  due(now: Millis): readonly OutboxEntry[] {
    const due: OutboxEntry[] = [];
    for (const entry of [...this.#bySlot.values()]) {
      if (entry.dueAt > now) continue;
      if (entry.purpose === "goodbye" && now - entry.createdAt >= GOODBYE_MAX) {
        this.#remove(entry);
        entry.onSettled?.({ code: SwbusErrorCode.TIMEOUT, source: undefined });
      } else due.push(entry);
    }
    return due;
  }

  /** When the next entry is due. */
  nextDue(): Millis | undefined {
    let next: Millis | undefined;
    for (const { dueAt } of this.#bySlot.values()) if (next === undefined || dueAt < next) next = dueAt;
    return next;
  }

  /** Handles an answer; answers to superseded messages change nothing. */
  answer(requestId: bigint, code: SwbusErrorCode, text: string, source: ServicePath | undefined, now: Millis): void {
    const entry = this.#byId.get(requestId);
    if (entry === undefined) return;
    if (entry.sends === 1 && code === SwbusErrorCode.OK) this.#measure(entry.destination, now - entry.sentAt);
    if (code === SwbusErrorCode.OK || (code === SwbusErrorCode.NO_ROUTE && mayBeGone(entry.purpose))) {
      this.#remove(entry);
      entry.log?.answered(entry, code, text, source, true);
      entry.onSettled?.({ code, source });
      return;
    }
    entry.log?.answered(entry, code, text, source, false);
    entry.refusal = { code, text, after: (now - entry.createdAt) as Millis };
    entry.onRefused?.(entry.refusal);
  }

  /** Makes entries due now, with a fresh back-off: their receiver has just appeared. */
  kick(select: (entry: OutboxEntry) => boolean, now: Millis): void {
    for (const entry of this.#bySlot.values()) {
      if (!select(entry)) continue;
      entry.dueAt = now;
      entry.attempts = 0;
    }
  }

  /** Forgets entries; late answers to them change nothing. */
  cancel(select: (entry: OutboxEntry) => boolean): void {
    for (const entry of [...this.#bySlot.values()]) if (select(entry)) this.#remove(entry);
  }

  #remove(entry: OutboxEntry): void {
    this.#byId.delete(entry.id);
    if (this.#bySlot.get(entry.slot) === entry) this.#bySlot.delete(entry.slot);
  }

  #limits(destination: ServicePath): BackoffLimits {
    const roundTrip = this.#roundTrips.get(destination.servicePrefix) ?? 0;
    const first = Math.min(RESEND_MAX, Math.max(RESEND_FIRST_MIN, ROUND_TRIPS * roundTrip));
    return { first: millis(first), max: RESEND_MAX };
  }

  /** Weight 1/8 for the newest sample, as RFC 6298 §2; re-sent messages are not measured. */
  #measure(destination: ServicePath, sample: number): void {
    const smoothed = this.#roundTrips.get(destination.servicePrefix);
    this.#roundTrips.set(
      destination.servicePrefix,
      smoothed === undefined ? sample : smoothed + (sample - smoothed) / 8,
    );
  }
}

function mayBeGone(purpose: Purpose): boolean {
  return purpose === "goodbye" || purpose === "state";
}

function slotOf({ source, destination, key, rowKey }: Dispatch): string {
  return `${source.key}\0${destination.key}\0${key}\0${rowKey ?? ""}`;
}

/** A Set that supersedes a Del which may have been carried out or not, or a replace, has to be a replace itself. */
function supersedingData(older: OutboxEntry, newer: Dispatch): Json {
  if (newer.purpose !== "row" || !isRow(newer.data) || newer.data.operation !== "Set" || !isRow(older.data)) {
    return newer.data;
  }
  return older.data.operation === "Del" || older.data.replace === true ? { ...newer.data, replace: true } : newer.data;
}

function isRow(data: Json): data is { readonly operation: Json; readonly replace?: Json } {
  return typeof data === "object" && data !== null && !Array.isArray(data) && "operation" in data;
}

import { type Clock, err, type Millis, millis, type Result, type Timer } from "@tandem/base";
import type { AsicError } from "./asic-error.js";
import { type AsicRequest, checkRequest } from "./request.js";
import type { AsicAnswer } from "./transport.js";

export type AsicOutcome = Result<AsicAnswer, AsicError>;

/** One request on its way, as its client sees it. */
export interface Ticket {
  /** 1, 2, 3 … in the order in which requests were made. */
  readonly number: number;
  readonly request: AsicRequest;
  /** Monotonic. */
  readonly deadline: Millis;
}

interface Entry extends Ticket {
  /** `leaves` once it may have reached the wire. */
  state: "waits" | "leaves" | "over";
  outcome: AsicOutcome | undefined;
  readonly resolve: (outcome: AsicOutcome) => void;
  release: () => void;
  over: (() => void) | undefined;
}

export interface RequestLineOptions {
  readonly clock: Clock;
  /** From the call to `unknown`, or to `refused` for what has not left by then. */
  readonly replyTimeout: Millis;
  /** Requests without an outcome; the next one is answered `queueFull`. */
  readonly limit: number;
  /** Nothing leaves behind such a request before it has its outcome. */
  readonly holds: (request: AsicRequest) => boolean;
  /** There is something to take. */
  readonly onWaiting: () => void;
}

/**
 * The requests of one client, first in, first out: in what order they leave, when they are given up, and in what order
 * their callers hear. What carries them takes tickets and settles them; everything else is decided here.
 */
export class RequestLine {
  /** What keeps requests from leaving, in the words of the error of those that are given up. */
  obstacle = "the request before it has no reply yet";
  readonly #options: RequestLineOptions;
  /** Without those before `#head`, which are over and released. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #next = 0;
  #numbers = 0;
  #holder: Entry | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RequestLineOptions) {
    this.#options = options;
  }

  /** Requests whose callers have not heard yet. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  request({ op, key, fields }: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.resolve(err({ kind: "closed" }));
    const checked = checkRequest(op, key, fields);
    if (!checked.ok) return Promise.resolve(checked);
    const { clock, replyTimeout, limit, onWaiting } = this.#options;
    if (this.size >= limit) return Promise.resolve(err({ kind: "queueFull", unit: "requests", limit }));
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        number: ++this.#numbers,
        request: checked.value,
        deadline: millis(clock.monotonic() + replyTimeout),
        state: "waits",
        outcome: undefined,
        resolve,
        release: () => {},
        over: undefined,
      };
      if (signal !== undefined) {
        const onAbort = (): void => {
          reject(signal.reason);
          this.settle(entry, err({ kind: "closed" }));
        };
        signal.addEventListener("abort", onAbort, { once: true });
        entry.release = () => signal.removeEventListener("abort", onAbort);
      }
      this.#entries.push(entry);
      if (this.#timer === undefined) this.#expireAt(entry.deadline);
      onWaiting();
    });
  }

  /** The next requests in order, at most `max`; none while one that holds the others has no outcome. */
  take(max: number): Ticket[] {
    const taken: Ticket[] = [];
    while (taken.length < max && (this.#holder === undefined || this.#holder.outcome !== undefined)) {
      const entry = this.#entries[this.#next];
      if (entry === undefined) break;
      this.#next += 1;
      if (entry.outcome !== undefined) continue;
      taken.push(entry);
      this.#holder = this.#options.holds(entry.request) ? entry : undefined;
    }
    return taken;
  }

  /** From now on it may be executed. False when it was given up before, and must not leave any more. */
  leaves(ticket: Ticket): boolean {
    const entry = ticket as Entry;
    if (entry.state === "over") return false;
    entry.state = "leaves";
    return true;
  }

  isOver(ticket: Ticket): boolean {
    return (ticket as Entry).state === "over";
  }

  /** Calls `over` when the ticket gets its outcome, from whomever. One listener a ticket. */
  whenOver(ticket: Ticket, over: () => void): void {
    if (this.isOver(ticket)) over();
    else (ticket as Entry).over = over;
  }

  /** The first outcome counts. Its caller hears when those before it have heard. */
  settle(ticket: Ticket, outcome: AsicOutcome): void {
    const entry = ticket as Entry;
    if (entry.state === "over") return;
    entry.state = "over";
    entry.outcome = outcome;
    entry.over?.();
    this.#release();
    if (this.#holder === entry && this.#next < this.#entries.length) this.#options.onWaiting();
  }

  /** Everything gets its outcome: `unknown` for what has left, `closed` for the rest. */
  close(reason: string): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const entry of this.#entries.slice(this.#head)) {
      if (entry !== undefined)
        this.settle(entry, err(entry.state === "leaves" ? { kind: "unknown", reason } : { kind: "closed" }));
    }
  }

  #release(): void {
    for (;;) {
      const entry = this.#entries[this.#head];
      if (entry?.outcome === undefined) break;
      this.#entries[this.#head] = undefined;
      this.#head += 1;
      entry.release();
      entry.resolve(entry.outcome);
    }
    this.#next = Math.max(this.#next, this.#head);
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#next -= this.#head;
      this.#head = 0;
    }
  }

  #expireAt(deadline: Millis): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimer(millis(deadline - clock.monotonic()), () => this.#expire());
  }

  /** All requests have the same time, so the oldest is due first. */
  #expire(): void {
    const { clock, replyTimeout } = this.#options;
    this.#timer = undefined;
    for (;;) {
      const entry = this.#entries[this.#head];
      if (entry === undefined) return;
      if (entry.deadline > clock.monotonic()) {
        this.#expireAt(entry.deadline);
        return;
      }
      const left = entry.state === "leaves";
      const reason = left ? `no reply within ${replyTimeout} ms` : `it waited ${replyTimeout} ms: ${this.obstacle}`;
      this.settle(entry, err({ kind: left ? "unknown" : "refused", reason }));
    }
  }
}

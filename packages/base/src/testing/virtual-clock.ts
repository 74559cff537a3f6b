import { type Millis, millis } from "../brand.js";
import type { Clock, Timer } from "../clock.js";

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
  fired: boolean;
}

/** Cancelled timers that are kept until more than half of the timers are. */
const CANCELLED_MAX = 1024;

/** How a virtual clock differs from the default. */
export interface VirtualClockOptions {
  /** Wall time at the start, milliseconds since 1970; default 2026-01-01T00:00:00Z. */
  readonly epoch?: number;
  /**
   * Timers that fire in one turn of the event loop, default 1. More are faster, where nothing but promises goes on between
   * timers; whoever waits for a turn (a signal, a message of another process) then has it that much later.
   */
  readonly timersPerTurn?: number;
}

/** Wall time at which a virtual clock starts unless told otherwise: 2026-01-01T00:00:00Z. */
const EPOCH_DEFAULT = 1_767_225_600_000;

/**
 * Time that passes only when told to. Timers fire in order of due time, then of setting; after each one, everything
 * that it set in motion (promise reactions included) comes to rest before the next fires.
 */
export class VirtualClock implements Clock {
  #elapsed = 0;
  #order = 0;
  #fired = 0;
  #skew = 0;
  readonly #epoch: number;
  readonly #timersPerTurn: number;
  readonly #restListeners = new Set<() => void>();
  #heap: Entry[] = [];
  #cancelled = 0;

  constructor({ epoch = EPOCH_DEFAULT, timersPerTurn = 1 }: VirtualClockOptions = {}) {
    this.#epoch = epoch;
    this.#timersPerTurn = timersPerTurn;
  }

  now(): Millis {
    return millis(Math.floor(this.#epoch + this.#elapsed + this.#skew));
  }

  monotonic(): Millis {
    return millis(this.#elapsed);
  }

  setTimer(delay: Millis, fire: () => void): Timer {
    const entry: Entry = {
      due: this.#elapsed + Math.max(0, delay),
      order: this.#order++,
      fire,
      cancelled: false,
      fired: false,
    };
    this.#push(entry);
    return {
      cancel: () => {
        if (entry.cancelled || entry.fired) return;
        entry.cancelled = true;
        this.#cancelled += 1;
        if (this.#cancelled > CANCELLED_MAX && this.#cancelled * 2 > this.#heap.length) this.#compact();
      },
    };
  }

  /** Wall time jumps by `delta`; monotonic time and timers do not notice. */
  jump(delta: Millis): void {
    this.#skew += delta;
  }

  /** Calls `listener` each time everything has come to rest after a timer. Returns the unsubscriber. */
  onRest(listener: () => void): () => void {
    this.#restListeners.add(listener);
    return () => this.#restListeners.delete(listener);
  }

  /** Timers that have fired so far. */
  get fired(): number {
    return this.#fired;
  }

  /** Timers that have not fired and were not cancelled. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Time passes by `duration`; every timer due in it fires. */
  async advance(duration: Millis): Promise<void> {
    const until = this.#elapsed + duration;
    await settle();
    for (let next = this.#peek(); next !== undefined && next.due <= until; next = this.#peek()) await this.#fire();
    this.#elapsed = until;
  }

  /** Fires timers until `condition` holds or `limit` has passed; says whether it holds. */
  async advanceUntil(condition: () => boolean, limit: Millis): Promise<boolean> {
    const until = this.#elapsed + limit;
    await settle();
    while (!condition()) {
      const next = this.#peek();
      if (next === undefined || next.due > until) {
        this.#elapsed = until;
        return condition();
      }
      await this.#fire();
    }
    return true;
  }

  /** Resolves `work` while time passes as far as it needs, at most `limit`. Throws when it needs more. */
  async run<T>(work: Promise<T>, limit: Millis): Promise<T> {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    work.then(mark, mark);
    if (!(await this.advanceUntil(() => done, limit))) throw new Error(`not done after ${limit} ms of virtual time`);
    return work;
  }

  async #fire(): Promise<void> {
    const entry = this.#pop();
    this.#elapsed = Math.max(this.#elapsed, entry.due);
    entry.fired = true;
    entry.fire();
    this.#fired += 1;
    await (this.#fired % this.#timersPerTurn === 0 ? settle() : drain());
    for (const listener of this.#restListeners) listener();
  }

  #peek(): Entry | undefined {
    while (this.#heap[0]?.cancelled) {
      this.#pop();
      this.#cancelled -= 1;
    }
    return this.#heap[0];
  }

  #compact(): void {
    const live = this.#heap.filter((entry) => !entry.cancelled);
    this.#heap = [];
    this.#cancelled = 0;
    for (const entry of live) this.#push(entry);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[i] = heap[parent] as Entry;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!before(heap[child] as Entry, last)) break;
      heap[i] = heap[child] as Entry;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

/** Everything that promises have set in motion comes to rest, without a turn of the event loop. */
function drain(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Everything that promises have set in motion comes to rest; the event loop turns. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

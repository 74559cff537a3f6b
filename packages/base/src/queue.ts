import { invariant } from "./invariant.js";
import { err, ok, type Result } from "./result.js";

/** Why an item was not queued. */
export type QueueError = { readonly kind: "queueFull"; readonly limit: number } | { readonly kind: "queueClosed" };

/**
 * A first-in first-out queue with a bound. `tryPush` refuses beyond it, `push` waits for room.
 * Read with `for await` or `shift`; `close` ends it after what is queued. `undefined` cannot be an item.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly limit: number;
  #items: T[] = [];
  #head = 0;
  #closed = false;
  #readers: ((item: T | undefined) => void)[] = [];
  #writers: (() => void)[] = [];

  constructor(limit: number) {
    invariant(limit >= 1, `a queue of ${limit}`);
    this.limit = limit;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  tryPush(item: T): Result<void, QueueError> {
    if (this.#closed) return err({ kind: "queueClosed" });
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader(item);
      return ok();
    }
    if (this.size >= this.limit) return err({ kind: "queueFull", limit: this.limit });
    this.#items.push(item);
    return ok();
  }

  /** Waits for room; fails only when the queue is closed meanwhile. */
  async push(item: T): Promise<Result<void, QueueError>> {
    for (;;) {
      const pushed = this.tryPush(item);
      if (pushed.ok || pushed.error.kind === "queueClosed") return pushed;
      await new Promise<void>((resolve) => this.#writers.push(resolve));
    }
  }

  /** The oldest item without waiting. */
  tryShift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined as T;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#writers.shift()?.();
    return item;
  }

  /** The oldest item; `undefined` once the queue is closed and empty. */
  shift(): Promise<T | undefined> {
    if (this.size > 0) return Promise.resolve(this.tryShift());
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Refuses further items; queued ones can still be read. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) reader(undefined);
    for (const writer of this.#writers.splice(0)) writer();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const item = await this.shift();
      if (item === undefined) return;
      yield item;
    }
  }
}

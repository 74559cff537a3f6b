import { type Clock, type Result, systemClock, type Timer } from "@tandem/base";
import { RETRY_DELAY } from "./steady-subscription.js";
import { WakeUp } from "./wake-up.js";

/** What every reader takes. */
export interface ReaderOptions<E> {
  /** Most changes that the iterator takes at once. */
  readonly batch?: number;
  /** Hears of failures while the reader goes on: after `disconnected` it waits for the connection, else a second. */
  readonly onError?: (error: E) => void;
  readonly clock?: Clock;
}

/** What readers of all kinds have in common; for code that works with any of them. */
export interface ChangeReader<T> extends AsyncDisposable, AsyncIterable<readonly T[]> {
  pops(batch?: number): Promise<Result<readonly T[], { readonly kind: string }>>;
  ready(signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Changes that wait somewhere until one reader takes them. Either loop over it, or wait for `ready` and call `pops`
 * until it gives nothing. Two readers share the changes, they do not both get them.
 */
export abstract class ChangeSource<T, E extends { readonly kind: string }, R = E> implements ChangeReader<T> {
  protected readonly wake = new WakeUp();
  protected readonly clock: Clock;
  readonly #batch: number | undefined;
  readonly #onError: ((error: E | R) => void) | undefined;
  #retry: Timer | undefined;

  protected constructor(options: ReaderOptions<E | R>) {
    this.clock = options.clock ?? systemClock;
    this.#batch = options.batch;
    this.#onError = options.onError;
  }

  /** What waits now, at most `batch` changes, without waiting for more. Nothing is a normal answer. */
  abstract pops(batch?: number): Promise<Result<readonly T[], E>>;

  /** Resolves when there may be something to pop: true, or false once closed. Rejects only when `signal` aborts. */
  ready(signal?: AbortSignal): Promise<boolean> {
    return this.wake.wait(signal);
  }

  /** Non-empty batches, oldest first, until `close`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly T[], void> {
    while (await this.wake.wait()) {
      for (;;) {
        const popped = await this.pops(this.#batch);
        if (!popped.ok) {
          this.report(popped.error);
          if (popped.error.kind !== "disconnected") this.#retryLater();
          break;
        }
        if (popped.value.length === 0) break;
        yield popped.value;
      }
    }
  }

  async close(): Promise<void> {
    this.wake.close();
    this.#retry?.cancel();
    await this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives up what the source holds. */
  protected abstract release(): Promise<void>;

  protected report(error: E | R): void {
    this.#onError?.(error);
  }

  #retryLater(): void {
    this.#retry?.cancel();
    this.#retry = this.clock.setTimer(RETRY_DELAY, () => this.wake.raise());
  }
}

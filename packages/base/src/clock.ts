import type { Millis } from "./brand.js";

/** A timer that was set. `cancel` is idempotent, also after the timer fired. */
export interface Timer {
  cancel(): void;
}

/**
 * The clock port. Real: `systemClock`. Simulated: `VirtualClock` in `./testing`.
 *
 * Decisions and timers use `monotonic`; `now` is only for stamps that people or other programs read.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. May jump. */
  now(): Millis;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonic(): Millis;
  /** Calls `fire` once, `delay` from now. A `fire` that throws is a bug of the caller. */
  setTimer(delay: Millis, fire: () => void): Timer;
}

/** Resolves after `delay`, or rejects with the signal's reason when that aborts first. */
export function sleep(clock: Clock, delay: Millis, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delay, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The value of `work`, or `undefined` when `limit` passes first. `work` itself goes on. */
export async function within<T>(clock: Clock, limit: Millis, work: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const expiry = new Promise<undefined>((resolve) => {
    timer = clock.setTimer(limit, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    timer?.cancel();
  }
}

/** Resolves when `signal` aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

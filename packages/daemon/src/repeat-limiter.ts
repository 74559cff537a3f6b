import { type Clock, type Millis, seconds, type Timer } from "@tandem/base";

interface Window {
  repeats: number;
  timer: Timer;
}

/** Distinct texts that are watched at once; beyond this the oldest is forgotten. */
const TEXTS_MAX = 256;

/**
 * Lets the first of equal texts through and counts its repeats; a summary follows at the end of each window in which
 * there were some.
 */
export class RepeatLimiter {
  readonly #windows = new Map<string, Window>();
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly window: Millis = seconds(10),
  ) {}

  /** True when `text` is to be printed now; otherwise `summarize` is called later with the number of repeats. */
  admit(text: string, summarize: (repeats: number, window: Millis) => void): boolean {
    // Words said while a daemon ends are few, and must not keep its process alive.
    if (this.#stopped) return true;
    const open = this.#windows.get(text);
    if (open !== undefined) {
      open.repeats += 1;
      return false;
    }
    if (this.#windows.size >= TEXTS_MAX) this.#forget(this.#windows.keys().next().value as string);
    this.#windows.set(text, { repeats: 0, timer: this.#arm(text, summarize) });
    return true;
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#windows.values()) timer.cancel();
    this.#windows.clear();
  }

  #arm(text: string, summarize: (repeats: number, window: Millis) => void): Timer {
    return this.clock.setTimer(this.window, () => {
      const open = this.#windows.get(text);
      if (open === undefined) return;
      if (open.repeats === 0) {
        this.#windows.delete(text);
        return;
      }
      summarize(open.repeats, this.window);
      open.repeats = 0;
      open.timer = this.#arm(text, summarize);
    });
  }

  #forget(text: string): void {
    this.#windows.get(text)?.timer.cancel();
    this.#windows.delete(text);
  }
}

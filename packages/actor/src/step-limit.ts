import { type Millis, millis, seconds } from "@tandem/base";

/** Steps of one actor within a second; further ones wait 10 ms each and take what has gathered meanwhile. */
export const STEPS_PER_SECOND = 1000;
const WINDOW = seconds(1);
const PAUSE = millis(10);

/** Keeps an actor that makes itself busy (two that answer each other for ever) from starving the process. */
export class StepLimit {
  #windowFrom: Millis | undefined;
  #steps = 0;

  /** Counts a step at `now` (monotonic). Returns how long it has to wait, if it has to. */
  take(now: Millis): Millis | undefined {
    if (this.#windowFrom === undefined || now - this.#windowFrom >= WINDOW) {
      this.#windowFrom = now;
      this.#steps = 0;
    }
    this.#steps += 1;
    return this.#steps > STEPS_PER_SECOND ? PAUSE : undefined;
  }

  /** Whether the last step was the first of its window that had to wait. */
  get justReached(): boolean {
    return this.#steps === STEPS_PER_SECOND + 1;
  }
}

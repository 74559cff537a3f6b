import { type Clock, type Millis, millis, seconds, type Timer } from "@tandem/base";

/** Pause before something that stays due is tried again. */
const RING_AGAIN = seconds(1);

/** The one timer of a place: for the first thing that falls due, or for a rest. */
export class PlaceTimer {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rings at the first of these times; takes the place of what was set before. */
  arm(dues: readonly (Millis | undefined)[], ring: () => void): void {
    this.cancel();
    const due = dues.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
    if (due === undefined) return;
    const now = this.#clock.monotonic();
    // What is due and could not be done (a refresh behind a sink that does not answer) is looked at again later.
    this.#timer = this.#clock.setTimer(due > now ? millis(due - now) : RING_AGAIN, ring);
  }

  /** Takes the place of what was set before. */
  rest(pause: Millis, then: () => void): void {
    this.cancel();
    this.#timer = this.#clock.setTimer(pause, then);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

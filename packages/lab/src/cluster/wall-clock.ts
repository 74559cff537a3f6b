import { type Clock, type Millis, millis } from "@tandem/base";

/** How far the readings of a wobbling clock lie apart at most. */
const WOBBLE_MS = 10_000;
/** Prime to `WOBBLE_MS`, so that readings go through all of them, up and down. */
const WOBBLE_STEP = 7919;

/** The wall clock of one switch, and what may be wrong with it. Monotonic time does not notice. */
export class WallClock {
  readonly #clock: Pick<Clock, "now">;
  #offset = 0;
  #frozenAt: Millis | undefined;
  #wobbles = false;
  #readings = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  now(): Millis {
    if (this.#frozenAt !== undefined) return this.#frozenAt;
    const now = this.#clock.now() + this.#offset;
    if (!this.#wobbles) return millis(now);
    this.#readings += 1;
    return millis(now + ((this.#readings * WOBBLE_STEP) % WOBBLE_MS) - WOBBLE_MS / 2);
  }

  /** Jumps by `delta`, and stays there. */
  jump(delta: Millis): void {
    this.#offset += delta;
  }

  /** Stands still, or goes on from the right time. */
  setFrozen(frozen: boolean): void {
    this.#frozenAt = frozen ? this.now() : undefined;
  }

  /** Each reading is some seconds off, forward or back. */
  setWobbling(wobbles: boolean): void {
    this.#wobbles = wobbles;
  }

  /** Right again. */
  mend(): void {
    this.#offset = 0;
    this.#frozenAt = undefined;
    this.#wobbles = false;
  }
}

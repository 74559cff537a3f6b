import { backoffDelay, type Clock, type Millis, millis, minutes, type Random, seconds, type Timer } from "@tandem/base";

const RESTART = { first: millis(10), max: seconds(10) };
/** Without a crash for this long, the next one counts as the first. */
const CALM = minutes(1);

/** The crashes of one actor, and when it starts again: 10 ms after the first, doubling to 10 s while it goes on. */
export class Restarts {
  readonly #clock: Clock;
  readonly #random: Random;
  #inARow = 0;
  #total = 0;
  #lastAt: Millis | undefined;
  #lastError: string | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Crashes without a minute of calm between them. */
  get inARow(): number {
    return this.#inARow;
  }

  get total(): number {
    return this.#total;
  }

  /** Of the last crash, with its stack. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Whether a restart is due and has not come yet. */
  get pending(): boolean {
    return this.#timer !== undefined;
  }

  /** Notes a crash and calls `restart` later. Returns after how long. */
  crashed(error: unknown, restart: () => void): Millis {
    const now = this.#clock.monotonic();
    if (this.#lastAt !== undefined && now - this.#lastAt > CALM) this.#inARow = 0;
    this.#lastAt = now;
    this.#lastError = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const delay = backoffDelay(RESTART, this.#inARow, this.#random);
    this.#inARow += 1;
    this.#total += 1;
    this.#timer = this.#clock.setTimer(delay, () => {
      this.#timer = undefined;
      restart();
    });
    return delay;
  }

  close(): void {
    this.#timer?.cancel();
  }
}

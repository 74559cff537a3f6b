import type { Clock, Timer } from "@tandem/base";

/** The clock of one simulated process: `abandon` is its kill -9, after which none of its timers fires. */
export class AbandonableClock implements Clock {
  readonly #clock: Clock;
  readonly #wall: Pick<Clock, "now">;
  readonly #timers = new Set<Timer>();
  #abandoned = false;

  /** `wall`: the wall clock of the process' switch, when it differs. */
  constructor(clock: Clock, wall: Pick<Clock, "now"> = clock) {
    this.#clock = clock;
    this.#wall = wall;
  }

  now: Clock["now"] = () => this.#wall.now();

  monotonic: Clock["monotonic"] = () => this.#clock.monotonic();

  setTimer: Clock["setTimer"] = (delay, fire) => {
    if (this.#abandoned) return { cancel: () => {} };
    const timer = this.#clock.setTimer(delay, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  };

  abandon(): void {
    this.#abandoned = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

import { type Millis, millis } from "@tandem/base";

/** How fast one sender is read: so many messages a second, of which a second's worth may come at once. */
export class Pace {
  #credit: number;
  #at: number;

  constructor(
    private readonly perSecond: number,
    now: Millis,
  ) {
    this.#credit = perSecond;
    this.#at = now;
  }

  /** `count` messages were taken; the answer is how long to take no more. */
  take(count: number, now: Millis): Millis {
    this.#credit = Math.min(this.perSecond, this.#credit + ((now - this.#at) * this.perSecond) / 1000) - count;
    this.#at = now;
    return millis(this.#credit >= 0 ? 0 : Math.ceil((-this.#credit * 1000) / this.perSecond));
  }
}

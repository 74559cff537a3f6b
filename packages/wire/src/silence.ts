import { type Millis, millis } from "@tandem/base";

/** Pings that the connections of one bus cost together, sent and answered, at most each second. */
const PINGS_PER_SECOND = 128;
/** A connection is asked for a sign of life so often within the silence that it may keep. */
const PINGS_PER_SILENCE = 3;

/**
 * How long a connection may be silent. Pings cost the same whether or not anything else is said, so a process of very
 * many connections asks each of them less often: from 129 on the limit grows with their number.
 */
export class Silence {
  readonly #least: Millis;
  #open = 0;

  constructor(least: Millis) {
    this.#least = least;
  }

  get limit(): Millis {
    const bearable = millis(Math.ceil((PINGS_PER_SILENCE * 1000 * this.#open) / PINGS_PER_SECOND));
    return this.#open <= PINGS_PER_SECOND || bearable <= this.#least ? this.#least : bearable;
  }

  /** How much longer than it would be with few connections. */
  get factor(): number {
    return this.limit / this.#least;
  }

  opened(): void {
    this.#open += 1;
  }

  closed(): void {
    this.#open -= 1;
  }
}

/** Turns that an end looks on for when it begins. */
const FIRST = 4;

/**
 * For how long it pays to look on before sleeping: twice as long after something came while looking, half as long after
 * nothing did.
 */
export class SpinWindow {
  readonly #max: number;
  #turns: number;

  constructor(max: number) {
    this.#max = max;
    this.#turns = Math.min(FIRST, max);
  }

  get turns(): number {
    return this.#turns;
  }

  paid(): void {
    this.#turns = Math.min(this.#max, Math.max(1, this.#turns * 2));
  }

  wasted(): void {
    // Never nothing, where anything is allowed: else it could not be found out that it pays again.
    this.#turns = Math.min(this.#max, Math.max(1, this.#turns >> 1));
  }
}

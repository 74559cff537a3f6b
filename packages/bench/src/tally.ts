/** Counts what comes, and calls back when enough of it has. */
export class Tally {
  #count = 0;
  #wanted: { readonly count: number; readonly reached: () => void } | undefined;

  add(count: number): void {
    this.#count += count;
    this.#check();
  }

  /** Calls `reached` when `count` have come since the last time; one wish at a time. */
  whenReached(count: number, reached: () => void): void {
    this.#wanted = { count, reached };
    this.#check();
  }

  #check(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#count < wanted.count) return;
    this.#wanted = undefined;
    this.#count -= wanted.count;
    wanted.reached();
  }
}

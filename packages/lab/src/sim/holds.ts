/** Counts, by name, how many faults hold something down. */
export class Holds {
  readonly #counts = new Map<string, number>();

  /** Says whether this is the first hold on `name`. */
  take(name: string): boolean {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1;
  }

  /** Says whether that was the last hold on `name`; false also where there was none. */
  release(name: string): boolean {
    const count = this.#counts.get(name) ?? 0;
    if (count > 1) this.#counts.set(name, count - 1);
    else this.#counts.delete(name);
    return count === 1;
  }
}

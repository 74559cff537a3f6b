/** Counts repeats by owner and cause, for a bounded number of owners: the oldest is forgotten first. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(private readonly ownersMax: number) {}

  /** How often `cause` has now happened to `owner`. */
  count(owner: string, cause: string): number {
    let causes = this.#counts.get(owner);
    if (causes === undefined) {
      const oldest = this.#counts.size >= this.ownersMax ? this.#counts.keys().next().value : undefined;
      if (oldest !== undefined) this.#counts.delete(oldest);
      causes = new Map();
      this.#counts.set(owner, causes);
    }
    // A cause may quote what was sent: such owners share one count.
    const name = causes.has(cause) || causes.size < CAUSES_MAX ? cause : "others";
    const times = (causes.get(name) ?? 0) + 1;
    causes.set(name, times);
    return times;
  }

  forget(owner: string): void {
    this.#counts.delete(owner);
  }
}

const CAUSES_MAX = 16;

/**
 * One place per service: a newer snapshot takes the place of one that nobody has looked at, and its turn. Bounded by the
 * number of services; one more is refused.
 */
export class WatchBox<T> {
  readonly #waiting = new Map<string, T>();
  readonly #limit: number;
  #replaced = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there is room. */
  offer(service: string, snapshot: T): boolean {
    if (!this.#waiting.has(service) && this.#waiting.size >= this.#limit) return false;
    if (this.#waiting.has(service)) this.#replaced += 1;
    this.#waiting.set(service, snapshot);
    return true;
  }

  /** The service that has waited longest, with its newest snapshot. */
  take(): T | undefined {
    for (const [service, snapshot] of this.#waiting) {
      this.#waiting.delete(service);
      return snapshot;
    }
    return undefined;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Snapshots that a newer one made needless. */
  get replaced(): number {
    return this.#replaced;
  }
}

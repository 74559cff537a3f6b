/** Gives a place back; again it does nothing. */
export type Leave = () => void;

/**
 * At most so many dials of one process at work at a time, in the order in which they came; the others wait. Somebody who
 * dials hundreds of peers at once would otherwise serve none of them before their time is over.
 */
export class DialGate {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when a place is free. Rejects with the signal's reason. */
  async enter(signal?: AbortSignal): Promise<Leave> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  /** Resolves when somebody hands over a place. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting.delete(taken);
        signal?.removeEventListener("abort", onAbort);
      };
      const taken = (): void => {
        done();
        resolve();
      };
      const onAbort = (): void => {
        done();
        reject(signal?.reason);
      };
      this.#waiting.add(taken);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

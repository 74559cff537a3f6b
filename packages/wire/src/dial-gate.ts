/** Gives a place back; again it does nothing. */
export type Leave = () => void;

/**
 * At most so many dials of one process at work at a time; the others wait. Somebody who dials hundreds of peers at once
 * would otherwise serve none of them before their time is over. They go in as they came, but before all of them those
 * whose socket stands already: at its other end somebody waits for the first word.
 */
export class DialGate {
  #free: number;
  readonly #waiting = new Set<() => void>();
  readonly #waitingFirst = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when a place is free. Rejects with the signal's reason. */
  enter(signal?: AbortSignal): Promise<Leave> {
    return this.#enter(this.#waiting, signal);
  }

  /** The same for a dial whose socket stands. */
  enterFirst(signal?: AbortSignal): Promise<Leave> {
    return this.#enter(this.#waitingFirst, signal);
  }

  async #enter(queue: Set<() => void>, signal: AbortSignal | undefined): Promise<Leave> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(queue, signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next = this.#waiting.values().next().value] = this.#waitingFirst;
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  /** Resolves when somebody hands over a place. */
  #turn(queue: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        queue.delete(taken);
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
      queue.add(taken);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

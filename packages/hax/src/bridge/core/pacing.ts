import { type Millis, millis, seconds } from "@tandem/base";

export const PACE_FIRST = seconds(1);
export const PACE_MAX = seconds(8);
/** Processes that are remembered; the longest quiet one is forgotten, and begins anew. */
const PACED_MAX = 4096;

interface Pace {
  readonly until: number;
  readonly step: number;
}

/**
 * Spreads the EAGAINs of each process: Motr repeats its request at once. The first is said at once; the next waits 1 s
 * after it, the one after that 2 s, up to 8 s. A reply that says something begins anew.
 */
export class Pacing {
  readonly #paces = new Map<string, Pace>();

  /** How long a request of the process waits before it is looked at. */
  waitOf(process: string, now: Millis): Millis {
    const pace = this.#paces.get(process);
    return millis(pace === undefined ? 0 : Math.max(0, pace.until - now));
  }

  refused(process: string, now: Millis): void {
    const before = this.#paces.get(process);
    const step = before === undefined ? PACE_FIRST : Math.min(PACE_MAX, before.step * 2);
    this.#paces.delete(process);
    this.#paces.set(process, { until: now + step, step });
    const [oldest] = this.#paces.size > PACED_MAX ? this.#paces.keys() : [];
    if (oldest !== undefined) this.#paces.delete(oldest);
  }

  served(process: string): void {
    this.#paces.delete(process);
  }

  get size(): number {
    return this.#paces.size;
  }
}

import { type Millis, seconds } from "@tandem/base";
import { worthSaying } from "./events.js";
import { Tally } from "./tally.js";

/** Lines about refusals in one window; what is more is summed up at its end. */
const LINES_MAX = 20;
const WINDOW = seconds(10);

/** Addresses whose repeats are counted; beyond that the oldest is forgotten. */
const ADDRESSES_MAX = 1024;

export interface RefusalSummary {
  /** Refusals that got no line of their own. */
  readonly count: number;
  /** `handshakeFailed 12, noStream 3`. */
  readonly reasons: string;
}

/**
 * Which refusals are worth a line: of each address and reason the 1st, 2nd, 4th, 8th, …, and no more than 20 lines in
 * 10 s over all, so that garbage cannot flood the log.
 */
export class RefusalLog {
  readonly #tally = new Tally(ADDRESSES_MAX);
  readonly #unsaid = new Map<string, number>();
  #windowEnds: Millis | undefined;
  #lines = 0;

  /** How often this has happened, when a line is worth it. */
  note(address: string, reason: string, now: Millis): number | undefined {
    const times = this.#tally.count(address, reason);
    if (!worthSaying(times)) return undefined;
    if (this.#windowEnds === undefined || now >= this.#windowEnds) {
      this.#windowEnds = (now + WINDOW) as Millis;
      this.#lines = 0;
    }
    if (this.#lines < LINES_MAX) {
      this.#lines += 1;
      return times;
    }
    this.#unsaid.set(reason, (this.#unsaid.get(reason) ?? 0) + 1);
    return undefined;
  }

  /** When `summary` has something to say. */
  get due(): Millis | undefined {
    return this.#unsaid.size === 0 ? undefined : this.#windowEnds;
  }

  /** What got no line, once. */
  summary(): RefusalSummary | undefined {
    if (this.#unsaid.size === 0) return undefined;
    const counts = [...this.#unsaid].sort(([, a], [, b]) => b - a);
    this.#unsaid.clear();
    return {
      count: counts.reduce((sum, [, count]) => sum + count, 0),
      reasons: counts.map(([reason, count]) => `${reason} ${count}`).join(", "),
    };
  }
}

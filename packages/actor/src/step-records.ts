import type { Millis } from "@tandem/base";
import type { Change, Problem } from "./define-actor.js";
import type { StandingWait } from "./wait-book.js";

/** One step of one actor: what it saw, what it decided, and why. */
export interface StepRecord {
  /** Counts the steps of the process. */
  readonly number: number;
  readonly slot: string;
  readonly type: string;
  readonly id: string;
  readonly incarnation: number;
  /** Wall-clock time, milliseconds since the epoch. */
  readonly at: Millis;
  /** The same for all steps that one input set in motion, within this process. */
  readonly trace: string;
  readonly changes: readonly Change[];
  /** What `remember` drew, in order. */
  readonly draws: readonly (Millis | string)[];
  readonly memory: unknown;
  readonly reason: string;
  readonly waits: readonly StandingWait[];
  readonly problems: readonly Problem[];
  /** What was performed, a line each: `set <row>`, `del <row>`, `publish`, `register <path>`, … */
  readonly difference: readonly string[];
}

/** Steps kept per process unless told otherwise. */
export const RECORDS_LIMIT = 2048;

/** The last steps of a process, oldest first; older ones are overwritten. */
export class StepRecords {
  readonly #limit: number;
  readonly #ring: StepRecord[] = [];
  readonly #listeners = new Set<(record: StepRecord) => void>();
  #next = 0;

  constructor(limit = RECORDS_LIMIT) {
    this.#limit = limit;
  }

  add(record: Omit<StepRecord, "number">): StepRecord {
    const numbered = { ...record, number: this.#next };
    this.#ring[this.#next % this.#limit] = numbered;
    this.#next += 1;
    for (const listener of this.#listeners) listener(numbered);
    return numbered;
  }

  /** Those that are kept and pass `select`, oldest first. */
  list(select: (record: StepRecord) => boolean = () => true): readonly StepRecord[] {
    const start = this.#next % this.#limit;
    const ordered =
      this.#next <= this.#limit ? this.#ring : [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
    return ordered.filter(select);
  }

  /** Hears each record as it is added, for export; must not throw. Returns the unsubscriber. */
  onRecord(listener: (record: StepRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

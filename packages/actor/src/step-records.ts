import type { Millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { Change, Problem } from "./define-actor.js";
import type { StepInputs } from "./step-inputs.js";
import type { Trace } from "./trace.js";
import type { StandingWait } from "./wait-book.js";

/** One step of one actor: what it saw, what it decided, and why. */
export interface StepRecord {
  /** Counts the steps of the process. */
  readonly number: number;
  readonly slot: string;
  readonly type: string;
  readonly id: string;
  readonly incarnation: number;
  /** Wall-clock time of the decision, milliseconds since the epoch. */
  readonly at: Millis;
  /** What set it in motion: the same for all steps that one change sets in motion. */
  readonly trace: Trace;
  /** Further causes that the step took in; what follows from it goes on under `trace`. */
  readonly joined: readonly Trace[];
  /** Monotonic times: the first change arrived at the actor, and the decision was made. */
  readonly delivered: Millis;
  readonly decided: Millis;
  readonly changes: readonly Change[];
  /** What `remember` drew, in order. */
  readonly draws: readonly (Millis | string)[];
  readonly memory: unknown;
  readonly reason: string;
  readonly waits: readonly StandingWait[];
  readonly problems: readonly Problem[];
  /** What was performed, a line each: `set <row>`, `del <row>`, `publish`, `register <path>`, … */
  readonly difference: readonly string[];
  /** The changes of rows among them, and how far each has come. */
  readonly rows: readonly RowMoment[];
  /** Everything that the step was decided from; absent for a step that crashed. */
  readonly inputs: StepInputs | undefined;
}

/** One change of one row on its way. Times are monotonic; they are filled in as they come. */
export interface RowMoment {
  /** `<DB>|<TABLE>|<key>`. */
  readonly row: string;
  readonly op: "set" | "del";
  readonly fields: Fields | undefined;
  /** Number of the step that decided it. */
  step: number;
  /** It went to the bridge, or into the MULTI. */
  sent: Millis | undefined;
  /** The database, or ZMQ, has taken it. Stays unknown when the bridge found nothing to change. */
  written: Millis | undefined;
  acked: Millis | undefined;
}

/** Steps kept per process unless told otherwise. */
export const RECORDS_LIMIT = 1024;

/** The last steps of a process, oldest first; older ones are overwritten. */
export class StepRecords {
  readonly #limit: number;
  readonly #ring: StepRecord[] = [];
  readonly #listeners = new Set<(record: StepRecord) => void>();
  readonly #rowListeners = new Set<(row: RowMoment, by: RowOwner) => void>();
  #next = 0;
  #boot: Millis | undefined;

  constructor(limit = RECORDS_LIMIT) {
    this.#limit = limit;
  }

  /** Number that the next step gets. */
  get next(): number {
    return this.#next;
  }

  /** Number of the oldest step that is kept. */
  get first(): number {
    return Math.max(0, this.#next - this.#limit);
  }

  /** Wall-clock time of the first step: tells this process from an earlier one of the same name. */
  get boot(): Millis | undefined {
    return this.#boot;
  }

  add(record: Omit<StepRecord, "number">): StepRecord {
    const numbered: StepRecord = Object.assign(record, { number: this.#next });
    this.#boot ??= record.at;
    for (const row of record.rows) row.step = this.#next;
    this.#ring[this.#next % this.#limit] = numbered;
    this.#next += 1;
    for (const listener of this.#listeners) listener(numbered);
    return numbered;
  }

  /** A change of a row is acknowledged. */
  acknowledged(row: RowMoment, by: RowOwner): void {
    for (const listener of this.#rowListeners) listener(row, by);
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

  /** Hears of each row that was acknowledged after its step was recorded; must not throw. Returns the unsubscriber. */
  onAcknowledged(listener: (row: RowMoment, by: RowOwner) => void): () => void {
    this.#rowListeners.add(listener);
    return () => this.#rowListeners.delete(listener);
  }
}

/** Whose a row is. */
export interface RowOwner {
  readonly slot: string;
  readonly type: string;
  readonly id: string;
}

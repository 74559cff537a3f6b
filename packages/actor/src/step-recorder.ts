import type { Millis } from "@tandem/base";
import type { Mail } from "./mailbox.js";
import type { PlaceHost } from "./place-host.js";
import { RowMoments } from "./row-moments.js";
import type { RowOwner, StepRecord } from "./step-records.js";
import type { Trace } from "./trace.js";

/** What the place of an actor knows of a step. */
export type PlaceStep = Omit<
  StepRecord,
  "number" | "slot" | "type" | "id" | "at" | "trace" | "joined" | "delivered" | "decided"
>;

const NO_TRACES: readonly Trace[] = [];

/** Records the steps of one actor: when its changes arrived, under which trace it goes on, how far its rows come. */
export class StepRecorder {
  readonly moments: RowMoments;
  readonly #host: Pick<PlaceHost, "clock" | "records" | "newTrace">;
  readonly #owner: RowOwner;
  #trace: Trace;
  #joined = NO_TRACES;
  /** When the oldest change that waits, or went into the step under way, arrived. */
  #delivered: Millis | undefined;
  #decidedAt: Millis | undefined;

  constructor(host: Pick<PlaceHost, "clock" | "records" | "newTrace">, owner: RowOwner) {
    this.#host = host;
    this.#owner = owner;
    this.#trace = host.newTrace("start");
    this.moments = new RowMoments(host.records, owner, host.clock);
  }

  /** Of the last step. */
  get trace(): Trace {
    return this.#trace;
  }

  /** Wall-clock time of the last step. */
  get decidedAt(): Millis | undefined {
    return this.#decidedAt;
  }

  /** A change has arrived. */
  delivered(): void {
    this.#delivered ??= this.#host.clock.monotonic();
  }

  /** A step begins: it goes on under the trace of its first change; those of the others end in it. */
  begin(mail: readonly Mail[]): void {
    this.#trace = mail[0]?.trace ?? this.#host.newTrace("what it knows has changed");
    this.#joined = NO_TRACES;
    for (const { trace } of mail) {
      if (trace.id === this.#trace.id || this.#joined.some(({ id }) => id === trace.id)) continue;
      this.#joined = [...this.#joined, trace];
    }
  }

  /** The step is decided. */
  record(step: PlaceStep): void {
    const { clock, records } = this.#host;
    const decided = clock.monotonic();
    const delivered = this.#delivered ?? decided;
    this.#delivered = undefined;
    const at = clock.now();
    this.#decidedAt = at;
    const { slot, type, id } = this.#owner;
    const { incarnation, changes, draws, memory, reason, waits, problems, difference, rows, inputs } = step;
    // Member by member: spreading several objects into one costs more than many a step.
    records.add({
      slot,
      type,
      id,
      incarnation,
      at,
      trace: this.#trace,
      joined: this.#joined,
      delivered,
      decided,
      changes,
      draws,
      memory,
      reason,
      waits,
      problems,
      difference,
      rows,
      inputs,
    });
  }
}

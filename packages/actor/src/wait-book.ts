import type { Millis } from "@tandem/base";
import type { Wait } from "./define-actor.js";

/** A wait with its history. */
export interface StandingWait extends Wait {
  /** Monotonic time at which it began. */
  readonly since: Millis;
  /** Whether its deadline has passed. */
  readonly stuck: boolean;
}

/** The waits of one actor over its steps: the same name goes on waiting, a new one begins now. */
export class WaitBook {
  #waits = new Map<string, StandingWait>();

  get waits(): readonly StandingWait[] {
    return [...this.#waits.values()];
  }

  /** Replaces the waits by those of a new step. Returns the names of stuck waits that are over. */
  update(waits: readonly Wait[], now: Millis): readonly string[] {
    const before = this.#waits;
    this.#waits = new Map();
    for (const wait of waits) {
      const known = before.get(wait.for);
      before.delete(wait.for);
      this.#waits.set(wait.for, { ...wait, since: known?.since ?? now, stuck: known?.stuck ?? false });
    }
    return [...before.values()].filter(({ stuck }) => stuck).map((wait) => wait.for);
  }

  /** Marks the waits whose deadline has passed by `now` as stuck, and returns those that were not yet. */
  expire(now: Millis): readonly StandingWait[] {
    const expired: StandingWait[] = [];
    for (const wait of this.#waits.values()) {
      if (wait.stuck || wait.deadline === undefined || now < wait.since + wait.deadline) continue;
      const stuck = { ...wait, stuck: true };
      this.#waits.set(wait.for, stuck);
      expired.push(stuck);
    }
    return expired;
  }

  /** When the next deadline passes. */
  nextDeadline(): Millis | undefined {
    let next: Millis | undefined;
    for (const { stuck, since, deadline } of this.#waits.values()) {
      if (stuck || deadline === undefined) continue;
      const due = (since + deadline) as Millis;
      if (next === undefined || due < next) next = due;
    }
    return next;
  }
}

import type { Millis } from "@tandem/base";
import type { Wait } from "./define-actor.js";

/** A wait with its history. */
export interface StandingWait extends Wait {
  /** Monotonic time at which it began; its deadline counts from there. */
  readonly since: Millis;
  /** When the first wait under its alarm began. */
  readonly began: Millis;
  /** Whether a deadline under its alarm has passed. */
  readonly stuck: boolean;
}

/** A wait whose deadline has just passed. */
export interface ExpiredWait extends StandingWait {
  /** Whether its alarm has been told already, by a wait before it. */
  readonly told: boolean;
}

/** What waits are told as when they last too long: a wait of its own, unless it names an alarm. */
export function alarmOf(wait: Wait): string {
  return wait.alarm ?? wait.for;
}

interface Entry {
  readonly wait: Wait;
  readonly since: Millis;
  readonly expired: boolean;
}

/** The waits of one actor over its steps: the same name goes on waiting, a new one begins now. */
export class WaitBook {
  #entries = new Map<string, Entry>();
  /** When the first wait under each alarm that stands began, and whether it was told. */
  #alarms = new Map<string, { readonly began: Millis; readonly told: boolean }>();

  get waits(): readonly StandingWait[] {
    return [...this.#entries.values()].map((entry) => this.#standing(entry));
  }

  /** Replaces the waits by those of a new step. Returns the alarms that were told and are over. */
  update(waits: readonly Wait[], now: Millis): readonly string[] {
    const before = this.#entries;
    const alarms = this.#alarms;
    this.#entries = new Map();
    this.#alarms = new Map();
    for (const wait of waits) {
      const known = before.get(wait.for);
      const since = known?.since ?? now;
      this.#entries.set(wait.for, { wait, since, expired: known?.expired ?? false });
      const alarm = alarmOf(wait);
      this.#alarms.set(alarm, alarms.get(alarm) ?? this.#alarms.get(alarm) ?? { began: since, told: false });
    }
    return [...alarms].filter(([alarm, { told }]) => told && !this.#alarms.has(alarm)).map(([alarm]) => alarm);
  }

  /** Marks the waits whose deadline has passed by `now`, and returns those that were not yet. */
  expire(now: Millis): readonly ExpiredWait[] {
    const expired: ExpiredWait[] = [];
    for (const entry of this.#entries.values()) {
      const { wait, since } = entry;
      if (entry.expired || wait.deadline === undefined || now < since + wait.deadline) continue;
      this.#entries.set(wait.for, { ...entry, expired: true });
      const alarm = alarmOf(wait);
      const { began = since, told = false } = this.#alarms.get(alarm) ?? {};
      this.#alarms.set(alarm, { began, told: true });
      expired.push({ ...wait, since, began, stuck: true, told });
    }
    return expired;
  }

  /** When the next deadline passes. */
  nextDeadline(): Millis | undefined {
    let next: Millis | undefined;
    for (const { expired, since, wait } of this.#entries.values()) {
      if (expired || wait.deadline === undefined) continue;
      const due = (since + wait.deadline) as Millis;
      if (next === undefined || due < next) next = due;
    }
    return next;
  }

  #standing({ wait, since }: Entry): StandingWait {
    const { began = since, told = false } = this.#alarms.get(alarmOf(wait)) ?? {};
    return { ...wait, since, began, stuck: told };
  }
}

import { type Millis, seconds } from "@tandem/base";

/** What became of a message on one link. */
export type Fate = "delivered" | "notDelivered";

/** What became of a broadcast: of each message one fate, `late` where none came in time. */
export interface Outcome {
  readonly delivered: number;
  readonly notDelivered: number;
  readonly late: number;
}

interface Promised {
  readonly waiting: Set<string>;
  readonly deadline: number;
  readonly enough: "any" | "all";
  delivered: number;
  notDelivered: number;
  readonly settle: (outcome: Outcome) => void;
}

/** Fates that came before anybody asked for them: how many, and how long they are kept. */
const EARLY_MAX = 4096;
const EARLY_KEPT = seconds(10);

/**
 * Who waits for the delivery of what. A promise settles when enough of its messages are delivered, when none of them can
 * be any more, or at its deadline, so a dead peer delays nobody beyond that. A message that was not delivered counts as
 * not delivered. Time is told by the caller.
 */
export class Herald {
  readonly #promises = new Map<object, Promised>();
  readonly #byId = new Map<string, Promised>();
  readonly #early = new Map<string, { readonly fate: Fate; readonly at: number }>();

  /** Waits for `ids`; `settle` is called once, maybe before this returns. */
  expect(
    ids: readonly string[],
    { deadline, enough, now }: { readonly deadline: Millis; readonly enough: "any" | "all"; readonly now: Millis },
    settle: (outcome: Outcome) => void,
  ): void {
    const promised: Promised = {
      ...{ waiting: new Set(ids), deadline: now + deadline, enough },
      ...{ delivered: 0, notDelivered: 0, settle },
    };
    this.#promises.set(promised, promised);
    for (const id of ids) this.#byId.set(id, promised);
    for (const id of ids) {
      const early = this.#early.get(id);
      if (early === undefined) continue;
      this.#early.delete(id);
      this.#count(promised, id, early.fate);
    }
    this.#look(promised);
  }

  /** The fate of one message. */
  tell(id: string, fate: Fate, now: Millis): void {
    const promised = this.#byId.get(id);
    if (promised !== undefined) {
      this.#count(promised, id, fate);
      this.#look(promised);
      return;
    }
    this.#early.set(id, { fate, at: now });
    for (const [old, { at }] of this.#early) {
      if (this.#early.size <= EARLY_MAX && now - at < EARLY_KEPT) break;
      this.#early.delete(old);
    }
  }

  /** Settles what is past its deadline. */
  expire(now: Millis): void {
    for (const promised of [...this.#promises.values()]) if (promised.deadline <= now) this.#end(promised);
  }

  /** The next deadline, if anybody waits. */
  get nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { deadline } of this.#promises.values()) if (next === undefined || deadline < next) next = deadline;
    return next;
  }

  get waiting(): number {
    return this.#promises.size;
  }

  get early(): number {
    return this.#early.size;
  }

  #count(promised: Promised, id: string, fate: Fate): void {
    if (!promised.waiting.delete(id)) return;
    this.#byId.delete(id);
    promised[fate] += 1;
  }

  #look(promised: Promised): void {
    const { waiting, enough, delivered } = promised;
    if (waiting.size === 0 || (enough === "any" && delivered > 0)) this.#end(promised);
  }

  #end(promised: Promised): void {
    if (!this.#promises.delete(promised)) return;
    for (const id of promised.waiting) this.#byId.delete(id);
    const { delivered, notDelivered, waiting } = promised;
    promised.settle({ delivered, notDelivered, late: waiting.size });
  }
}

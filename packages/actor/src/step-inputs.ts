import type { Json } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import type { AnyStatePort, AnyTellPort } from "./define-actor.js";
import type { BookRow } from "./difference.js";

/** Who encodes an answer. */
export type About = AnyTable | AnyStatePort | AnyTellPort | undefined;

/** One thing that a definition asked of its inputs, and the answer. */
export interface Asked {
  /** How many changes of the step had been remembered by then: answers may differ within a step. */
  readonly phase: number;
  /** e.g. `read CONFIG_DB|DPU|sw0_dpu0`; see `questions`. */
  readonly question: string;
  /** Whose codec the answer has; absent for what needs none. */
  readonly about: About;
  /** A row, a state, fields, a boolean, or a map of them. Never changed afterwards. */
  readonly answer: unknown;
}

/** Where the inputs of one step come from, and what stood before it. Enough to take the step again. */
export interface StepInputs {
  readonly asked: readonly Asked[];
  /** Memory before the step. */
  readonly memory: unknown;
  /** Memory that an earlier process or step had stored, where the step began with it. */
  readonly restored: Json | undefined;
  /** Positions in `changes` that `remember` did not see: nothing existed then. */
  readonly unseen: readonly number[];
  /** Numbers of changes after which the incarnation had ended. */
  readonly ends: readonly number[];
  /** Who derived: the definition; or the runtime, because nothing exists, or because tables are still being read. */
  readonly by: "definition" | "nothing" | "reading";
  readonly exists: boolean;
  /** Rows that it may have written, as they were known before the step. */
  readonly book: readonly BookRow[];
  /** Monotonic time at which rows were compared. */
  readonly now: number;
  readonly keepInherited: boolean;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** What an actor asks of others and tells them. */
export interface Outcome {
  /** `<provider>/<id>`. */
  readonly wants: readonly string[];
  readonly tells: readonly (readonly [name: string, data: Json])[];
  readonly publish: Json | undefined;
}

/** Names of questions. Parts are joined by single blanks; the row key or actor id comes last and may hold any. */
export const questions = {
  row: (tableId: string): string => `row ${tableId}`,
  read: (tableId: string, key: string): string => `read ${tableId}|${key}`,
  all: (tableId: string): string => `all ${tableId}`,
  loaded: (tableId: string): string => `loaded ${tableId}`,
  hidesRow: (tableId: string): string => `hides ${tableId}`,
  state: (update: string, id: string): string => `state ${update}|${id}`,
  told: (key: string): string => `told ${key}`,
  written: (text: string): string => `written ${text}`,
} as const;

/** The last answer to one question. */
interface LastAsked {
  asked: Asked;
  /** The step in which it was noted last. */
  step: number;
}

/**
 * Notes what a definition asks within one step: the first answer to each question, and each that differs from the one
 * before. Equal answers of later steps are the same object, with their question, so that a ring of steps holds each once.
 */
export class AskedLog {
  /** Over all steps: as many as there are questions. */
  readonly #last = new Map<string, LastAsked>();
  #asked: Asked[] = [];
  #step = 0;
  #phase = 0;

  /** A step begins. */
  begin(): void {
    this.#asked = [];
    this.#step += 1;
    this.#phase = 0;
  }

  /** One more change has been remembered. */
  remembered(): void {
    this.#phase += 1;
  }

  /** Returns the answer. */
  note<T>(question: string, answer: T, about?: About): T {
    const phase = this.#phase;
    const last = this.#last.get(question);
    if (last === undefined) {
      const asked = { phase, question, about, answer };
      this.#last.set(question, { asked, step: this.#step });
      this.#asked.push(asked);
      return answer;
    }
    const before = last.asked;
    const same = before.answer === answer || sameMap(before.answer, answer);
    if (same && last.step === this.#step) return answer;
    if (!same || before.phase !== phase) {
      last.asked = { phase, question: before.question, about, answer: same ? before.answer : answer };
    }
    last.step = this.#step;
    this.#asked.push(last.asked);
    return answer;
  }

  /** What was asked since the step began. */
  get asked(): readonly Asked[] {
    return this.#asked;
  }

  /** Forgets answers whose questions have not been asked for long; called now and then. */
  prune(): void {
    for (const [question, { step }] of this.#last) {
      if (this.#step - step >= PRUNE_AFTER) this.#last.delete(question);
    }
  }
}

/** Steps after which an answer that nobody asked for again is forgotten. */
const PRUNE_AFTER = 64;

function sameMap(a: unknown, b: unknown): boolean {
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value || (value === undefined && !b.has(key))) return false;
  return true;
}

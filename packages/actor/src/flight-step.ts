import type { Json } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import type { AnyActor, AnyStatePort, AnyTellPort, Change } from "./define-actor.js";
import { type RecordingProcess, type StepSummary, summarizeStep } from "./record-pages.js";
import type { About, Asked, Outcome } from "./step-inputs.js";
import type { StepRecord } from "./step-records.js";

/** Names a value that many steps may share: `values` of the flight holds it once. */
export type ValueId = number;

/** An answer: a value by its id, or what needs none. */
export type FlightAnswer = { readonly v: ValueId } | boolean | null;

/** One step as a flight holds it: everything that it takes to take it again, and what it came to. */
export interface FlightStep {
  readonly n: number;
  readonly slot: string;
  readonly type: string;
  readonly id: string;
  readonly incarnation: number;
  readonly at: number;
  /** The same for people, with its trace and times. */
  readonly summary: StepSummary;
  readonly changes: readonly Json[];
  readonly draws: readonly (number | string)[];
  readonly memory: FlightAnswer;
  readonly reason: string;
  readonly waits: readonly Json[];
  readonly problems: readonly Json[];
  readonly difference: readonly string[];
  /** Fields of the rows that were set, by `<DB>|<TABLE>|<key>`. */
  readonly rows: { readonly [row: string]: ValueId | null };
  /** Absent for a step that crashed. */
  readonly inputs?: FlightInputs;
}

export interface FlightInputs {
  readonly asked: readonly (readonly [phase: number, question: string, answer: FlightAnswer])[];
  readonly memory: FlightAnswer;
  readonly restored: Json;
  readonly unseen: readonly number[];
  readonly ends: readonly number[];
  readonly by: "definition" | "nothing" | "reading";
  readonly exists: boolean;
  readonly book: readonly (readonly [
    row: string,
    order: number,
    acked: FlightAnswer,
    ackedAt: number,
    once: string | null,
    inherited: boolean,
  ])[];
  readonly now: number;
  readonly keepInherited: boolean;
  readonly before: FlightOutcome;
  readonly after: FlightOutcome;
}

export interface FlightOutcome {
  readonly wants: readonly string[];
  readonly tells: readonly (readonly [name: string, data: ValueId])[];
  readonly publish: FlightAnswer;
}

/** Gives each object an id, and encodes it when it is first named since `take`. */
export class ValuePool {
  readonly #ids = new WeakMap<object, ValueId>();
  #next = 1;
  #named = new Map<ValueId, Json>();

  name(value: object, encode: () => Json): ValueId {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#next++;
      this.#ids.set(value, id);
    }
    if (!this.#named.has(id)) this.#named.set(id, encode());
    return id;
  }

  /** Values named since the last call, by id. */
  take(): ReadonlyMap<ValueId, Json> {
    const named = this.#named;
    this.#named = new Map();
    return named;
  }
}

export function encodeFlightStep(
  step: StepRecord,
  definition: AnyActor | undefined,
  pool: ValuePool,
  by: RecordingProcess,
): FlightStep {
  const memory = (value: unknown): FlightAnswer =>
    isObjectValue(value) && definition?.remember !== undefined
      ? { v: pool.name(value, () => definition.remember?.encode(value as never) ?? null) }
      : null;
  const rows: Record<string, ValueId | null> = {};
  for (const { row, fields } of step.rows) rows[row] = fields === undefined ? null : pool.name(fields, () => fields);
  const { inputs } = step;
  return {
    n: step.number,
    slot: step.slot,
    type: step.type,
    id: step.id,
    incarnation: step.incarnation,
    at: step.at,
    summary: summarizeStep(step, by),
    changes: step.changes.map(encodeChange),
    draws: step.draws,
    memory: memory(step.memory),
    reason: step.reason,
    waits: step.waits.map((wait) => ({ for: wait.for, deadline: wait.deadline ?? null, then: wait.then })),
    problems: step.problems.map(({ code, severity, text }) => ({ code, severity, text })),
    difference: step.difference,
    rows,
    ...(inputs !== undefined && {
      inputs: {
        asked: inputs.asked.map((asked) => [asked.phase, asked.question, encodeAnswer(asked, pool)] as const),
        memory: memory(inputs.memory),
        restored: inputs.restored ?? null,
        unseen: inputs.unseen,
        ends: inputs.ends,
        by: inputs.by,
        exists: inputs.exists,
        book: inputs.book.map(({ ref, order, acked, ackedAt, once, inherited }) => {
          return [ref.text, order, encodeFields(acked, pool), ackedAt, once ?? null, inherited] as const;
        }),
        now: inputs.now,
        keepInherited: inputs.keepInherited,
        before: encodeOutcome(inputs.before, pool),
        after: encodeOutcome(inputs.after, pool),
      },
    }),
  };
}

function encodeAnswer({ question, about, answer }: Asked, pool: ValuePool): FlightAnswer {
  if (answer === undefined) return null;
  if (typeof answer === "boolean") return answer;
  if (!isObjectValue(answer)) return null;
  if (!(answer instanceof Map)) return { v: pool.name(answer, () => encodeWith(about, question, answer)) };
  const entries = (): Json => [...answer].map(([key, value]) => [String(key), nameIn(value, about, question, pool)]);
  return { v: pool.name(answer, entries) };
}

/** A member of a map: `null` for a state that its port encodes as nothing. */
function nameIn(value: unknown, about: About, question: string, pool: ValuePool): Json {
  return isObjectValue(value) ? pool.name(value, () => encodeWith(about, question, value)) : null;
}

function encodeWith(about: About, question: string, value: object): Json {
  if (about === undefined) return value as Json;
  if (question.startsWith("state ") || question.startsWith("told ")) {
    return (about as AnyStatePort | AnyTellPort).encode(value);
  }
  return (about as AnyTable).encodePlain(value as never);
}

function encodeFields(fields: Fields | undefined, pool: ValuePool): FlightAnswer {
  return fields === undefined ? null : { v: pool.name(fields, () => fields) };
}

function encodeOutcome({ wants, tells, publish }: Outcome, pool: ValuePool): FlightOutcome {
  const named = (data: Json): ValueId =>
    isObjectValue(data) ? pool.name(data, () => data) : pool.name({ data }, () => data);
  return {
    wants,
    tells: tells.map(([name, data]) => [name, named(data)] as const),
    publish: publish === undefined ? null : { v: named(publish) },
  };
}

function encodeChange(change: Change): Json {
  switch (change.kind) {
    case "start":
    case "deadline":
      return { ...change };
    case "row": {
      const encode = (row: unknown): Json => (row === undefined ? null : change.table.encodePlain(row as never));
      const { kind, table, key } = change;
      return { kind, table: table.id, key, row: encode(change.row), before: encode(change.before) };
    }
    case "state":
      return { kind: change.kind, update: change.port.update, id: change.id };
    case "told":
      return { kind: change.kind, port: change.port.key, id: change.id };
    case "written":
      return { kind: change.kind, table: change.table.id, key: change.key };
  }
}

function isObjectValue(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

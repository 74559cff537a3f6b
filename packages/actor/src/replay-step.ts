import { type Json, jsonEqual, type Millis } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import {
  type AnyActor,
  type AnyStatePort,
  type AnyTellPort,
  type Change,
  type Derived,
  type Draw,
  type Inputs,
  stands,
} from "./define-actor.js";
import { type BookRow, difference } from "./difference.js";
import type { FlightAnswer, FlightInputs, FlightOutcome, FlightStep, ValueId } from "./flight-step.js";
import { parseRowRef } from "./row-ref.js";
import { questions } from "./step-inputs.js";

/** What a flight's steps are taken again with. */
export interface ReplayWorld {
  readonly actors: readonly AnyActor[];
  readonly tables: readonly AnyTable[];
  readonly ports: readonly AnyStatePort[];
  readonly tells: readonly AnyTellPort[];
  readonly values: ReadonlyMap<ValueId, Json>;
}

/** One thing in which a step taken again differs from the one recorded. */
export interface ReplayDifference {
  /** e.g. `reason`, `rows`, `difference`. */
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** The flight does not hold what it must: it was changed, or cut, or is of another version. */
export class BadFlightError extends Error {
  override readonly name = "BadFlightError";
}

/**
 * Takes one recorded step again, through the same definition and from the answers that it got, and tells what is not as
 * it was. Pure. Throws `BadFlightError` for a step that cannot be read. A crash that was recorded is not taken again.
 */
export function replayStep(step: FlightStep, world: ReplayWorld): readonly ReplayDifference[] {
  if (step.inputs === undefined) return [];
  const definition = world.actors.find(({ type }) => type === step.type);
  if (definition === undefined) throw new BadFlightError(`no actor of type ${step.type} is known`);
  try {
    return new Replay(step, step.inputs, definition, world).compare();
  } catch (error) {
    if (error instanceof BadFlightError) throw error;
    if (error instanceof NotRecorded) return [{ what: "inputs", recorded: "not asked", replayed: error.message }];
    return [{ what: "crash", recorded: "none", replayed: String(error) }];
  }
}

/** The definition asks what it did not ask when the step was recorded: it has changed since. */
class NotRecorded extends Error {}

interface Known {
  readonly phase: number;
  readonly answer: unknown;
}

class Replay {
  readonly #step: FlightStep;
  readonly #inputs: FlightInputs;
  readonly #definition: AnyActor;
  readonly #world: ReplayWorld;
  readonly #answers = new Map<string, Known[]>();
  #phase = 0;
  #memory: unknown;
  #draws = 0;

  constructor(step: FlightStep, inputs: FlightInputs, definition: AnyActor, world: ReplayWorld) {
    this.#step = step;
    this.#inputs = inputs;
    this.#definition = definition;
    this.#world = world;
    for (const [phase, question, answer] of inputs.asked) {
      const known = this.#answers.get(question);
      const entry = { phase, answer: this.#decodeAnswer(question, answer) };
      if (known === undefined) this.#answers.set(question, [entry]);
      else known.push(entry);
    }
  }

  compare(): readonly ReplayDifference[] {
    const found: ReplayDifference[] = [];
    const same = (what: string, recorded: Json, replayed: Json): void => {
      if (!jsonEqual(recorded, replayed)) found.push({ what, recorded: text(recorded), replayed: text(replayed) });
    };
    const { remember, publishes } = this.#definition;
    const step = this.#step;
    const inputs = this.#inputs;
    this.#memory = this.#decodeMemory(inputs.memory);
    this.#fold();
    const derived = this.#derive();
    const encoded =
      this.#memory === undefined || remember === undefined ? null : remember.encode(this.#memory as never);
    same("memory", this.#plain(step.memory), plain(encoded));
    same("draws", step.draws.length, this.#draws);
    same("reason", step.reason, derived.reason);
    const { reason, did } = step.summary;
    same("summary", { reason, did: [...did] }, { reason: step.reason, did: [...step.difference] });
    const waits = derived.waits.map((wait) => ({
      for: wait.for,
      deadline: wait.deadline ?? null,
      then: wait.then,
    }));
    same("waits", [...new Map(step.waits.map((wait) => [text(wait), wait])).values()], plain(uniqueWaits(waits)));
    same("problems", step.problems, plain(derived.problems as unknown as Json));

    const wants = inputs.exists ? (this.#definition.wants?.(this.#view()) ?? []) : [];
    const names = [...new Set(wants.map(({ port, id }) => `${port.provider}/${id}`))];
    same("wants", [...inputs.after.wants].sort(), [...names].sort());
    const tells = new Map(
      derived.tells.map((tell) => [
        `${tell.port.key}|${tell.to.type}/${tell.to.id}`,
        plain(tell.port.encode(tell.state)),
      ]),
    );
    same("tells", Object.fromEntries(this.#tells(inputs.after)), Object.fromEntries(tells));
    const publish =
      inputs.exists && publishes !== undefined && derived.publish !== undefined
        ? plain(publishes.encode(derived.publish as never))
        : null;
    // The last words of an actor that goes are said later; what it published stays until then.
    if (inputs.exists) same("state", this.#plain(inputs.after.publish), publish);

    const planned = this.#difference(derived);
    const ops = [...planned.own, ...planned.groups.flat()];
    const lines = ops.map((op) => `${op.op} ${op.ref.text}`);
    same(
      "difference",
      step.difference.filter((line) => /^(?:set|del) /.test(line)),
      lines,
    );
    for (const op of ops) {
      const recorded = step.rows[op.ref.text];
      if (op.op === "set" && typeof recorded === "number") {
        same(`row ${op.ref.text}`, this.#value(recorded), plain(op.row.fields));
      }
    }
    return found;
  }

  /** Each change again, as far as `remember` saw it. */
  #fold(): void {
    const { remember } = this.#definition;
    const { unseen, ends, restored } = this.#inputs;
    const draw: Draw = { now: () => this.#draw() as Millis, uuid: () => this.#draw() as string };
    for (const [i, encoded] of this.#step.changes.entries()) {
      if (ends.includes(i)) this.#memory = undefined;
      const change = this.#decodeChange(encoded);
      if (change.kind === "start") {
        this.#memory = change.restored ? remember?.decode(restored) : remember?.initial;
      }
      if (!unseen.includes(i) && remember !== undefined) {
        this.#memory = remember.fold(this.#memory as never, change, this.#view(), draw);
      }
      this.#phase += 1;
    }
    if (ends.includes(this.#step.changes.length)) this.#memory = undefined;
  }

  #derive(): Derived<unknown> {
    const { by } = this.#inputs;
    if (by === "definition") return this.#definition.derive(this.#view()) as Derived<unknown>;
    // The runtime's own answers: what they say is what was recorded.
    const { reason, waits } = this.#step;
    return stands({ reason, waits: waits.map(readWait) });
  }

  #difference(derived: Derived<unknown>): ReturnType<typeof difference> {
    const { book, now, keepInherited } = this.#inputs;
    const own = new Set(this.#world.tables.filter(({ db }) => db === "STATE_DB").map(({ id }) => id));
    const rows = new Map<string, BookRow>();
    for (const [row, order, acked, ackedAt, once, inherited] of book) {
      const ref = parseRowRef(row);
      if (ref === undefined) throw new BadFlightError(`${row} is no row`);
      const fields = acked === null ? undefined : (this.#plain(acked) as Fields);
      rows.set(row, { ref, order, acked: fields, ackedAt: ackedAt as Millis, once: once ?? undefined, inherited });
    }
    return difference(derived.rows, rows, {
      now: now as Millis,
      isOwn: ({ tableId }) => own.has(tableId),
      keepInherited,
      keeps: [...(derived.keeps ?? []), ...(derived.leaves ?? [])],
    });
  }

  #draw(): number | string {
    const drawn = this.#step.draws[this.#draws];
    if (drawn === undefined) throw new NotRecorded(`draw ${this.#draws + 1}, where ${this.#draws} were recorded`);
    this.#draws += 1;
    return drawn;
  }

  #view(): Inputs<never> {
    const ask = (question: string): unknown => this.#answer(question);
    const { id } = this.#step;
    const memory = this.#memory;
    return {
      id,
      memory,
      row: (table: AnyTable) => ask(questions.row(table.id)),
      read: (table: AnyTable, key: string) => ask(questions.read(table.id, key)),
      all: (table: AnyTable) => ask(questions.all(table.id)),
      loaded: (table: AnyTable) => ask(questions.loaded(table.id)),
      hidesRow: (table: AnyTable) => ask(questions.hidesRow(table.id)),
      state: (port: AnyStatePort, provider: string) => ask(questions.state(port.update, provider)),
      told: (port: AnyTellPort) => ask(questions.told(port.key)),
      written: (table: AnyTable, key: string) => ask(questions.written(`${table.id}|${key}`)),
    } as Inputs<never>;
  }

  /** The newest answer of this phase or before. */
  #answer(question: string): unknown {
    const known = this.#answers.get(question);
    const fitting = known?.findLast(({ phase }) => phase <= this.#phase) ?? known?.[0];
    if (fitting === undefined) throw new NotRecorded(question);
    return fitting.answer;
  }

  #decodeAnswer(question: string, answer: FlightAnswer): unknown {
    if (answer === null) return undefined;
    if (typeof answer === "boolean") return answer;
    const value = this.#plain(answer);
    const [kind = "", rest = ""] = splitOnce(question, " ");
    switch (kind) {
      case "row":
      case "read":
        return this.#decodeRow(rest, value);
      case "all":
        return this.#decodeMap(value, (member) => this.#decodeRow(rest, member));
      case "state":
        return this.#port(splitOnce(rest, "|")[0] ?? "").decode(value);
      case "told": {
        const port = this.#tell(rest);
        return this.#decodeMap(value, (member) => port.decode(member));
      }
      default:
        return value;
    }
  }

  /** `where` begins with a table's id. */
  #decodeRow(where: string, fields: Json): unknown {
    const table = this.#table(where);
    const row = table.decode(fields as Fields);
    if (!row.ok) throw new BadFlightError(`a row of ${table.id} cannot be read: ${row.error.field}`);
    return row.value;
  }

  #decodeMap(entries: Json, decode: (member: Json) => unknown): ReadonlyMap<string, unknown> {
    if (!Array.isArray(entries)) throw new BadFlightError("a map of answers is none");
    return new Map(
      (entries as readonly (readonly [string, ValueId | null])[]).map(([key, id]) => {
        return [key, id === null ? undefined : decode(this.#value(id))];
      }),
    );
  }

  #decodeMemory(memory: FlightAnswer): unknown {
    return memory === null ? undefined : this.#definition.remember?.decode(this.#plain(memory));
  }

  #decodeChange(encoded: Json): Change {
    const change = encoded as Readonly<Record<string, Json>>;
    const word = (name: string): string => String(change[name]);
    switch (change["kind"]) {
      case "start":
        return { kind: "start", restored: change["restored"] === true };
      case "deadline":
        return { kind: "deadline", wait: word("wait") };
      case "row": {
        const table = this.#table(word("table"));
        const decode = (row: Json | undefined): unknown =>
          row === null || row === undefined ? undefined : this.#decodeRow(table.id, row);
        return { kind: "row", table, key: word("key"), row: decode(change["row"]), before: decode(change["before"]) };
      }
      case "state":
        return { kind: "state", port: this.#port(word("update")), id: word("id") };
      case "told":
        return { kind: "told", port: this.#tell(word("port")), id: word("id") };
      case "written":
        return { kind: "written", table: this.#table(word("table")), key: word("key") };
      default:
        throw new BadFlightError(`a change of kind ${text(change["kind"] ?? null)} is not known`);
    }
  }

  /** `where` is `<DB>|<TABLE>`, and may go on after a bar. */
  #table(where: string): AnyTable {
    const id = where.split("|", 2).join("|");
    const table = this.#world.tables.find((candidate) => candidate.id === id);
    if (table === undefined) throw new BadFlightError(`no table ${id} is known`);
    return table;
  }

  #port(update: string): AnyStatePort {
    const port = this.#world.ports.find((candidate) => candidate.update === update);
    if (port === undefined) throw new BadFlightError(`no state ${update} is known`);
    return port;
  }

  #tell(key: string): AnyTellPort {
    const port = this.#world.tells.find((candidate) => candidate.key === key);
    if (port === undefined) throw new BadFlightError(`no tell ${key} is known`);
    return port;
  }

  #tells({ tells }: FlightOutcome): readonly (readonly [string, Json])[] {
    return tells.map(([name, id]) => [name, this.#value(id)] as const);
  }

  #plain(answer: FlightAnswer): Json {
    return answer === null || typeof answer === "boolean" ? answer : this.#value(answer.v);
  }

  #value(id: ValueId): Json {
    const value = this.#world.values.get(id);
    if (value === undefined) throw new BadFlightError(`value ${id} is missing`);
    return value;
  }
}

function readWait(wait: Json): { readonly for: string; readonly deadline: Millis | undefined; readonly then: string } {
  const { for: what, deadline, then } = wait as { for: string; deadline: number | null; then: string };
  return { for: what, deadline: deadline === null ? undefined : (deadline as Millis), then };
}

/** Waits of one name are one wait; the last counts, at the place of the first. */
function uniqueWaits<T extends { readonly for: string }>(waits: readonly T[]): readonly T[] {
  return [...new Map(waits.map((wait) => [wait.for, wait])).values()];
}

/** As it is after a way through JSON text. */
function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

function text(value: Json): string {
  return JSON.stringify(value);
}

function splitOnce(whole: string, by: string): readonly [string, string] {
  const at = whole.indexOf(by);
  return at < 0 ? [whole, ""] : [whole.slice(0, at), whole.slice(at + 1)];
}

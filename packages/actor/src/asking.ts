import type { Clock, Json } from "@tandem/base";
import { type ActorAnswer, answerActor } from "./actor-answer.js";
import type { AnyActor } from "./define-actor.js";
import { encodeFlightStep, ValuePool } from "./flight-step.js";
import type { OutboxEntry } from "./outbox-core.js";
import type { Place } from "./place.js";
import {
  fitPage,
  parseRecordQuestion,
  type RecordingProcess,
  type RecordQuestion,
  selectSteps,
  summarizeStep,
} from "./record-pages.js";
import type { StepRecords } from "./step-records.js";

export interface AskingOptions {
  /** Path of the process on the bus. */
  readonly path: string;
  readonly clock: Clock;
  readonly slot: string;
  readonly actors: readonly AnyActor[];
  readonly records: StepRecords;
  readonly places: () => Iterable<Place>;
  readonly outbox: () => Iterable<OutboxEntry>;
  /** Settings with which the steps can be taken again. */
  readonly about: Json;
}

/** Actors of one answer; more are asked for by name. */
const ACTORS_MAX = 500;

/**
 * Answers questions about a runtime, each in one bounded object. Arguments are text, as they come over the bus; wrong ones
 * count as absent.
 */
export class Asking {
  readonly #options: AskingOptions;
  readonly #pool = new ValuePool();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /**
   * Steps, oldest first; `next` is the `after` of the next page, `null` on the last one. Arguments: `after`, `max`,
   * `actor` (`<type>/<id>`), `row` (a part of its name), `since` (wall clock), `decisions=true`, `newest=true`, `form=flight` for steps that
   * can be taken again.
   */
  records(args: Args): Json {
    return args["form"] === "flight" ? this.#flight(args) : this.#steps(args);
  }

  get #process(): RecordingProcess {
    const { path, records } = this.#options;
    return { path, boot: records.boot };
  }

  #steps(args: Args): Json {
    const { records, slot } = this.#options;
    const question = parseRecordQuestion(args);
    const process = this.#process;
    const selected = selectSteps(records.list(), slot, question);
    const texts = selected.map((step) => JSON.stringify(summarizeStep(step, process)));
    const fitting = fitPage(texts, question.newest);
    return {
      schema: "tandem.records.v1",
      ...this.#head(),
      next: this.#next(question, selected, fitting.length),
      records: fitting.map((text) => JSON.parse(text) as Json),
    };
  }

  /** The same as steps that can be taken again, and the values that they name. */
  #flight(args: Args): Json {
    const { records, slot, actors, about } = this.#options;
    const question = parseRecordQuestion(args);
    const process = this.#process;
    const selected = selectSteps(records.list(), slot, question);
    const steps: Json[] = [];
    const values: Record<string, Json> = {};
    let size = 0;
    this.#pool.take();
    for (const step of selected) {
      const definition = actors.find(({ type }) => type === step.type);
      const encoded = encodeFlightStep(step, definition, this.#pool, process) as unknown as Json;
      const named = this.#pool.take();
      for (const [id, value] of named) values[id] = value;
      size += JSON.stringify(encoded).length + JSON.stringify([...named]).length;
      steps.push(encoded);
      if (size > FLIGHT_CHARS) break;
    }
    const next = this.#next({ ...question, newest: false }, selected, steps.length);
    return { schema: "tandem.flight-page.v1", ...this.#head(), about, next, values, steps };
  }

  /** What each actor stands and waits for. Argument `name`: a part of `<type>/<id>`. */
  actors(args: Args): Json {
    const { clock, places, outbox } = this.#options;
    const name = (args["name"] ?? "").toLowerCase();
    const wanted = [...places()].filter((place) => place.name.toLowerCase().includes(name));
    const entries = [...outbox()];
    const actors: readonly ActorAnswer[] = wanted
      .slice(0, ACTORS_MAX)
      .map((place) => answerActor(place, entries, clock.monotonic()));
    const left = wanted.length - actors.length;
    return { schema: "tandem.actors.v1", ...this.#head(), left, actors: actors as unknown as Json };
  }

  #head(): { readonly [member: string]: Json } {
    const { clock, slot, records } = this.#options;
    const { path, boot } = this.#process;
    const first = records.first;
    return { process: path, slot, boot: boot ?? null, now: clock.now(), monotonic: clock.monotonic(), first };
  }

  /** The `after` of the next page; `null` when this was the last one. */
  #next({ newest }: RecordQuestion, selected: readonly { readonly number: number }[], given: number): number | null {
    const { records } = this.#options;
    const last = selected[given - 1]?.number;
    if (newest || last === undefined) return null;
    return given < selected.length || last < records.next - 1 ? last : null;
  }
}

type Args = Readonly<Record<string, string>>;

/** Text of a page of whole steps; one step more may be in it, with the values that it brings. */
const FLIGHT_CHARS = 1024 * 1024;

import type { AnyTable, Fields, Row, TableSchema } from "@tandem/swss";
import type { Book } from "./book.js";
import type { Inputs, StatePort, TellPort } from "./define-actor.js";
import type { Reads } from "./reads.js";
import { rowRefText } from "./row-ref.js";
import { type AskedLog, questions } from "./step-inputs.js";
import type { Wants } from "./wants.js";

/** Where the inputs of one actor come from. */
export interface InputSources {
  readonly id: string;
  readonly memory: () => unknown;
  /** The rows that make the actor exist, by table id. */
  readonly rows: ReadonlyMap<string, unknown>;
  readonly reads: Reads;
  readonly wants: Wants;
  /** By port key, then by teller's id. */
  readonly told: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly book: Book;
  readonly loaded: (table: AnyTable) => boolean;
  /** Notes every question and its answer. */
  readonly log: AskedLog;
}

const NOBODY: ReadonlyMap<string, unknown> = new Map();

/** A view of everything that one actor knows. Notes which written rows it was asked for. */
export class ActorInputs implements Inputs<unknown> {
  readonly #sources: InputSources;
  readonly #asked = new Set<string>();

  constructor(sources: InputSources) {
    this.#sources = sources;
  }

  get id(): string {
    return this.#sources.id;
  }

  get memory(): unknown {
    return this.#sources.memory();
  }

  row<T extends TableSchema>(table: T): Row<T> | undefined {
    const { rows, log } = this.#sources;
    return log.note(questions.row(table.id), rows.get(table.id), table) as Row<T> | undefined;
  }

  read<T extends TableSchema>(table: T, key: string): Row<T> | undefined {
    const { reads, log } = this.#sources;
    return log.note(questions.read(table.id, key), reads.row(table, key), table) as Row<T> | undefined;
  }

  all<T extends TableSchema>(table: T): ReadonlyMap<string, Row<T>> {
    const { reads, log } = this.#sources;
    return log.note(questions.all(table.id), reads.rows(table), table) as ReadonlyMap<string, Row<T>>;
  }

  loaded(table: AnyTable): boolean {
    return this.#sources.log.note(questions.loaded(table.id), this.#sources.loaded(table));
  }

  hidesRow(table: AnyTable): boolean {
    return this.#sources.log.note(questions.hidesRow(table.id), this.#sources.reads.hidesRow(table));
  }

  state<S>(port: StatePort<S>, id: string): S | undefined {
    const { wants, log } = this.#sources;
    return log.note(questions.state(port.update, id), wants.get(port, id), port) as S | undefined;
  }

  told<S>(port: TellPort<S>): ReadonlyMap<string, S> {
    const { told, log } = this.#sources;
    return log.note(questions.told(port.key), told.get(port.key) ?? NOBODY, port) as ReadonlyMap<string, S>;
  }

  written(table: AnyTable, key: string): Fields | undefined {
    const text = rowRefText(table, key);
    this.#asked.add(text);
    const { book, log } = this.#sources;
    return log.note(questions.written(text), book.written(text));
  }

  /** Whether an acknowledgement of the row can change what the actor stands for. */
  asksFor(text: string): boolean {
    return this.#asked.has(text);
  }
}

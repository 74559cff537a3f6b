import type { AnyTable, Fields, Row, TableSchema } from "@tandem/swss";
import type { Book } from "./book.js";
import type { Inputs, StatePort, TellPort } from "./define-actor.js";
import type { Reads } from "./reads.js";
import { rowRefText } from "./row-ref.js";
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
    return this.#sources.rows.get(table.id) as Row<T> | undefined;
  }

  read<T extends TableSchema>(table: T, key: string): Row<T> | undefined {
    return this.#sources.reads.row(table, key) as Row<T> | undefined;
  }

  all<T extends TableSchema>(table: T): ReadonlyMap<string, Row<T>> {
    return this.#sources.reads.rows(table) as ReadonlyMap<string, Row<T>>;
  }

  loaded(table: AnyTable): boolean {
    return this.#sources.loaded(table);
  }

  hidesRow(table: AnyTable): boolean {
    return this.#sources.reads.hidesRow(table);
  }

  state<S>(port: StatePort<S>, id: string): S | undefined {
    return this.#sources.wants.get(port, id) as S | undefined;
  }

  told<S>(port: TellPort<S>): ReadonlyMap<string, S> {
    return (this.#sources.told.get(port.key) ?? NOBODY) as ReadonlyMap<string, S>;
  }

  written(table: AnyTable, key: string): Fields | undefined {
    const text = rowRefText(table, key);
    this.#asked.add(text);
    return this.#sources.book.written(text);
  }

  /** Whether an acknowledgement of the row can change what the actor stands for. */
  asksFor(text: string): boolean {
    return this.#asked.has(text);
  }
}

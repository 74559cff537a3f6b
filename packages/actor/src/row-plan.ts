import { type Millis, millis, seconds } from "@tandem/base";
import type { Book } from "./book.js";
import type { Derived } from "./define-actor.js";
import { type Difference, difference } from "./difference.js";
import type { PlaceHost } from "./place-host.js";
import { rowRef } from "./row-ref.js";

/**
 * Rows that an earlier process wrote and that nothing stands for yet stay this long at most, while the actor waits for
 * something or a table that it reads has not been read.
 */
const INHERIT_GRACE = seconds(30);

/** What of a step tells which rows stand, and which are not to be touched. */
export type StandingRows = Pick<Derived<unknown>, "rows" | "keeps" | "leaves">;

/** What stands against what is written, for the rows of one actor: what is to be done, left to others, kept for now. */
export class RowPlan {
  readonly #host: Pick<PlaceHost, "clock" | "isOwn" | "sinkLeft">;
  readonly #book: Book;
  readonly #graceEnd: Millis;
  readonly #waitsForInput: () => boolean;

  /** `waitsForInput`: whether the actor may come to stand for more without anything being changed. */
  constructor(host: Pick<PlaceHost, "clock" | "isOwn" | "sinkLeft">, book: Book, waitsForInput: () => boolean) {
    this.#host = host;
    this.#book = book;
    this.#graceEnd = millis(host.clock.monotonic() + INHERIT_GRACE);
    this.#waitsForInput = waitsForInput;
  }

  difference({ rows, keeps = [], leaves = [] }: StandingRows, now: Millis = this.#host.clock.monotonic()): Difference {
    const { isOwn } = this.#host;
    const keepInherited = this.keepsInherited(now);
    return difference(rows, this.#book.rows, { now, isOwn, keepInherited, keeps: [...keeps, ...leaves] });
  }

  /** Whether rows of an earlier process that nothing stands for are still left alone. */
  keepsInherited(now: Millis): boolean {
    return now < this.#graceEnd && this.#waitsForInput();
  }

  /** Until when they are, where there are any. */
  inheritsUntil(now: Millis): Millis | undefined {
    return now < this.#graceEnd && this.#book.inherits ? this.#graceEnd : undefined;
  }

  /** Whether a row that nothing stands for is left as it is. */
  keeps(text: string, { keeps = [], leaves = [] }: StandingRows): boolean {
    const row = this.#book.rows.get(text);
    if (row === undefined) return false;
    if ([...keeps, ...leaves].some(({ id }) => id === row.ref.tableId)) return true;
    return row.inherited && this.keepsInherited(this.#host.clock.monotonic());
  }

  /** Rows that are left to somebody else: nothing is known any more of what stands there. */
  leave({ rows, leaves }: StandingRows): void {
    if (leaves === undefined) return;
    const stands = new Set(rows.map(({ table, key }) => rowRef(table, key).text));
    const left = [...this.#book.rows.values()].filter(
      ({ ref }) => leaves.some(({ id }) => id === ref.tableId) && !stands.has(ref.text),
    );
    for (const { ref } of left) if (!this.#host.isOwn(ref)) this.#host.sinkLeft(ref);
    this.#book.doubt((ref) => left.some((row) => row.ref.text === ref.text));
  }
}

import type { Millis } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import type { StandingRow } from "./define-actor.js";
import { type RowRef, rowRef } from "./row-ref.js";

/** What is known of one row that an actor may have written: every ledgered row has one. */
export interface BookRow {
  readonly ref: RowRef;
  /** Rank among the rows of its actor, by first writing. Deletes run from the highest down. */
  readonly order: number;
  /** The row as its sink acknowledged it in the sink's present epoch, stamps included. */
  readonly acked: Fields | undefined;
  /** Monotonic time of that. */
  readonly ackedAt: Millis;
  /** The occurrence that was written, for rows that mark an edge. */
  readonly once: string | undefined;
  /** Known from the ledger of an earlier process only: this one has not stood for it yet. */
  readonly inherited: boolean;
}

export type RowOp =
  | { readonly op: "set"; readonly ref: RowRef; readonly row: StandingRow }
  | { readonly op: "del"; readonly ref: RowRef };

/** Writes in the order of the rows, then deletes in reverse order. */
export interface Difference {
  /** Rows of ours in STATE_DB; they go in one MULTI, before everything else. */
  readonly own: readonly RowOp[];
  /** Rows of sinks. Those of a group are of one table and go together; each group waits for the one before. */
  readonly groups: readonly (readonly RowOp[])[];
}

export interface DifferenceOptions {
  /** Monotonic time. */
  readonly now: Millis;
  readonly isOwn: (ref: RowRef) => boolean;
  /** Inherited rows that nothing stands for are left alone: not everything is known yet. */
  readonly keepInherited: boolean;
  /** Tables that the actor cannot judge in this step: their rows are left alone. */
  readonly keeps?: readonly AnyTable[] | undefined;
}

/** What stands against what is written. Pure; empty when nothing is to be done. */
export function difference(
  standing: readonly StandingRow[],
  book: ReadonlyMap<string, BookRow>,
  options: DifferenceOptions,
): Difference {
  const own: RowOp[] = [];
  const bridged: RowOp[] = [];
  const stood = new Set<string>();
  for (const row of standing) {
    const ref = rowRef(row.table, row.key);
    if (stood.has(ref.text)) continue;
    stood.add(ref.text);
    if (!isDue(row, book.get(ref.text), options.now)) continue;
    (options.isOwn(ref) ? own : bridged).push({ op: "set", ref, row });
  }
  const fallen = [...book.values()].filter(
    ({ ref, inherited }) =>
      !stood.has(ref.text) &&
      !(inherited && options.keepInherited) &&
      !options.keeps?.some(({ id }) => id === ref.tableId),
  );
  fallen.sort((a, b) => b.order - a.order);
  for (const { ref } of fallen) (options.isOwn(ref) ? own : bridged).push({ op: "del", ref });
  return { own, groups: grouped(bridged) };
}

/** Whether the row has to be written: new, changed, not acknowledged in this epoch, or its refresh is due. */
function isDue(row: StandingRow, known: BookRow | undefined, now: Millis): boolean {
  if (row.once !== undefined) return known?.once !== row.once;
  if (known?.acked === undefined) return true;
  if (row.refresh !== undefined && now >= known.ackedAt + row.refresh) return true;
  return !sameFields(row.fields, known.acked, row.stamps);
}

/** Runs of one table and one operation. */
function grouped(ops: readonly RowOp[]): RowOp[][] {
  const groups: RowOp[][] = [];
  for (const op of ops) {
    const last = groups.at(-1)?.[0];
    if (last !== undefined && last.op === op.op && last.ref.tableId === op.ref.tableId) groups.at(-1)?.push(op);
    else groups.push([op]);
  }
  return groups;
}

/** Whether two rows are equal apart from their stamps. */
export function sameFields(a: Fields, b: Fields, stamps: readonly string[] = []): boolean {
  if (a === b) return true;
  for (const name in a) if (a[name] !== b[name] && !stamps.includes(name)) return false;
  for (const name in b) if (!Object.hasOwn(a, name) && !stamps.includes(name)) return false;
  return true;
}

/** The row as it goes out at wall-clock time `now`. */
export function stampedFields(row: StandingRow, now: Millis): Fields {
  if (row.stamps === undefined || row.stamps.length === 0) return row.fields;
  const stamped: Record<string, string> = { ...row.fields };
  for (const name of row.stamps) stamped[name] = String(now);
  return stamped;
}

/** When the next refresh is due, on the monotonic clock. */
export function nextRefresh(standing: readonly StandingRow[], book: ReadonlyMap<string, BookRow>): Millis | undefined {
  let next: Millis | undefined;
  for (const row of standing) {
    if (row.refresh === undefined) continue;
    const known = book.get(`${row.table.id}|${row.key}`);
    if (known?.acked === undefined) continue;
    const due = (known.ackedAt + row.refresh) as Millis;
    if (next === undefined || due < next) next = due;
  }
  return next;
}

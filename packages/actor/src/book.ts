import type { Millis } from "@tandem/base";
import type { Command, Fields } from "@tandem/swss";
import type { StandingRow } from "./define-actor.js";
import { type BookRow, type Difference, stampedFields } from "./difference.js";
import { formatLedgerEntry, parseLedgerEntry, rowHash, writeRowCommands } from "./ledger.js";
import { parseRowRef, type RowRef, rowRefText } from "./row-ref.js";

interface Row {
  readonly ref: RowRef;
  order: number;
  acked: Fields | undefined;
  ackedAt: Millis;
  once: string | undefined;
  inherited: boolean;
  /** What authors see as written: stays while a newer form is on its way. */
  lastAcked: Fields | undefined;
  /** The ledger entry as it stands in Redis; `undefined` before it was written, or when it was lost there. */
  ledgered: string | undefined;
  /** The newest entry that was written. */
  entry: string | undefined;
  /** As it was shown last. */
  shown?: BookRow;
}

/** Times at which a commit happens. */
export interface CommitTimes {
  /** Monotonic. */
  readonly monotonic: Millis;
  /** Wall clock, for stamps. */
  readonly wall: Millis;
}

/** A commit that was prepared: commands for STATE_DB, and what they make true. */
export interface Commit {
  readonly commands: readonly Command[];
  /** To be called when they were carried out. Returns the own rows that were written or deleted. */
  readonly apply: () => readonly RowRef[];
}

/** The book of one actor: every row that it may have written, and what is known of it. Mirrors its ledger. */
export class Book {
  readonly #rows = new Map<string, Row>();
  readonly #ledgerKey: string;
  /** Rows whose delete was acknowledged and whose ledger entry still stands. */
  readonly #settled = new Set<string>();
  #nextOrder = 1;
  #snapshot: readonly BookRow[] = [];

  constructor(ledgerKey: string) {
    this.#ledgerKey = ledgerKey;
  }

  get rows(): ReadonlyMap<string, BookRow> {
    return this.#rows;
  }

  /** The rows as they are known now, for a record; what is known as it was before is the same object as before. */
  snapshot(): readonly BookRow[] {
    const before = this.#snapshot;
    let same = before.length === this.#rows.size;
    const rows: BookRow[] = [];
    for (const row of this.#rows.values()) {
      row.shown = shown(row);
      same &&= before[rows.length] === row.shown;
      rows.push(row.shown);
    }
    if (!same) this.#snapshot = rows;
    return this.#snapshot;
  }

  /** Nothing was written, and the ledger is empty. */
  get empty(): boolean {
    return this.#rows.size === 0 && this.#settled.size === 0;
  }

  /** Whether ledger entries wait to be removed. */
  get unsettled(): boolean {
    return this.#settled.size > 0;
  }

  get inherits(): boolean {
    for (const row of this.#rows.values()) if (row.inherited) return true;
    return false;
  }

  /** Takes over the ledger of an earlier process. Returns entries of rows that nobody here can write; they stay. */
  inherit(
    ledger: Fields,
    canWrite: (ref: RowRef) => boolean,
    ownRow: (ref: RowRef) => Fields | undefined,
    now: Millis,
  ): readonly string[] {
    const unreadable: string[] = [];
    for (const [text, value] of Object.entries(ledger)) {
      const ref = parseRowRef(text);
      const entry = parseLedgerEntry(value);
      if (ref === undefined || entry === undefined || !canWrite(ref)) {
        unreadable.push(text);
        continue;
      }
      const { order, once } = entry;
      const acked = ownRow(ref);
      this.#rows.set(text, {
        ref,
        order,
        once,
        acked,
        lastAcked: acked,
        ackedAt: now,
        inherited: true,
        ledgered: value,
        entry: value,
      });
      this.#nextOrder = Math.max(this.#nextOrder, order + 1);
    }
    return unreadable;
  }

  written(text: string): Fields | undefined {
    return this.#rows.get(text)?.lastAcked;
  }

  /** Rows that stand now are no longer merely inherited. */
  adopt(standing: readonly StandingRow[]): void {
    for (const row of standing) {
      const known = this.#rows.get(`${row.table.id}|${row.key}`);
      if (known !== undefined) known.inherited = false;
    }
  }

  /** Commands that put the own rows of `difference` into Redis, and name the others in the ledger beforehand. */
  commit(
    difference: Difference,
    standing: readonly StandingRow[],
    redisKey: (ref: RowRef) => string,
    times: CommitTimes,
  ): Commit {
    const commands: Command[] = [];
    const applies: (() => void)[] = [];
    const put = new Map<string, string>();
    const gone: string[] = [];
    const ranks = this.#ranks(standing);
    for (const [text, order] of ranks) {
      const row = this.#rows.get(text);
      if (row === undefined) continue;
      applies.push(() => {
        row.order = order;
      });
      const entry = row.entry === undefined ? undefined : parseLedgerEntry(row.entry);
      if (entry !== undefined) put.set(text, formatLedgerEntry({ ...entry, order }));
    }
    for (const op of difference.own) {
      if (op.op === "del") {
        commands.push(["DEL", redisKey(op.ref)]);
        gone.push(op.ref.text);
        applies.push(() => this.#rows.delete(op.ref.text));
      } else {
        const fields = stampedFields(op.row, times.wall);
        commands.push(...writeRowCommands(redisKey(op.ref), fields, this.#rows.get(op.ref.text)?.acked));
        const order = this.#name(op.ref, op.row, op.row.once, put, ranks);
        applies.push(() => {
          const row = this.#row(op.ref, order);
          row.acked = fields;
          row.lastAcked = fields;
          row.ackedAt = times.monotonic;
          row.once = op.row.once;
          row.inherited = false;
        });
      }
    }
    for (const op of difference.groups.flat()) {
      if (op.op === "del") continue;
      const order = this.#name(op.ref, op.row, this.#rows.get(op.ref.text)?.once, put, ranks);
      applies.push(() => this.#row(op.ref, order));
    }
    // An occurrence of a sink's row is noted only after it was acknowledged: a crash repeats it, never skips it.
    for (const row of standing) {
      const known = row.once === undefined ? undefined : this.#rows.get(`${row.table.id}|${row.key}`);
      if (known?.once !== undefined && !put.has(known.ref.text)) this.#name(known.ref, row, known.once, put, ranks);
    }
    for (const [text, { ledgered, entry }] of this.#rows) {
      if (ledgered === undefined && entry !== undefined && !put.has(text) && !gone.includes(text)) put.set(text, entry);
    }
    for (const text of this.#settled) if (!put.has(text)) gone.push(text);
    if (put.size > 0) commands.push(["HSET", this.#ledgerKey, ...[...put].flat()]);
    if (gone.length > 0) commands.push(["HDEL", this.#ledgerKey, ...gone]);
    const apply = (): readonly RowRef[] => {
      for (const step of applies) step();
      for (const [text, value] of put) {
        const row = this.#rows.get(text);
        if (row !== undefined) {
          row.ledgered = value;
          row.entry = value;
        }
        this.#settled.delete(text);
      }
      for (const text of gone) this.#settled.delete(text);
      return difference.own.map(({ ref }) => ref);
    };
    return { commands, apply };
  }

  /** Whether the ledger in Redis names the row, so that it may go out. */
  mayGo(text: string): boolean {
    return this.#rows.get(text)?.entry !== undefined;
  }

  /** A change of the row is on its way: what the sink holds is unknown until it is acknowledged. */
  sending(text: string): void {
    const row = this.#rows.get(text);
    if (row !== undefined) row.acked = undefined;
  }

  /** The sink has acknowledged the row. */
  acknowledged(text: string, fields: Fields, once: string | undefined, now: Millis): void {
    const row = this.#rows.get(text);
    if (row === undefined) return;
    row.acked = fields;
    row.lastAcked = fields;
    row.ackedAt = now;
    row.once = once;
  }

  /** The sink has acknowledged the delete. */
  deleted(text: string): void {
    if (this.#rows.delete(text)) this.#settled.add(text);
  }

  /** The ledger as Redis should have it. */
  ledgerFields(): Fields {
    const fields: Record<string, string> = {};
    for (const [text, { ledgered }] of this.#rows) if (ledgered !== undefined) fields[text] = ledgered;
    return fields;
  }

  /** Redis has lost the ledger, or part of it: the next commit writes all of it. */
  relog(): void {
    for (const row of this.#rows.values()) row.ledgered = undefined;
  }

  /** An own row holds something else than was written; nothing when it is gone. */
  observed(text: string, found: Fields): void {
    const row = this.#rows.get(text);
    if (row !== undefined) row.acked = found;
  }

  /** What the sink holds is not known any more: the row is written again, unless it marks an edge. */
  doubt(select: (ref: RowRef) => boolean): void {
    for (const row of this.#rows.values()) if (row.once === undefined && select(row.ref)) row.acked = undefined;
  }

  /**
   * The order of rows that are new, and of those that stand behind one which came later: they move up, so that deletes run
   * against the order in which rows stand, not against that in which they came to. Within a table there is none, nor
   * among rows of STATE_DB, which go before all others.
   */
  #ranks(standing: readonly StandingRow[]): ReadonlyMap<string, number> {
    const ranks = new Map<string, number>();
    /** Highest order of the tables before, and with the present one. */
    let floor = 0;
    let top = 0;
    let last = "";
    for (const { table, key } of standing) {
      if (table.db === "STATE_DB") continue;
      if (table.id !== last) floor = top;
      last = table.id;
      const text = rowRefText(table, key);
      const known = this.#rows.get(text)?.order;
      const order = known !== undefined && known > floor ? known : this.#nextOrder++;
      if (order !== known) ranks.set(text, order);
      top = Math.max(top, order);
    }
    return ranks;
  }

  /** Puts the ledger entry of a row to be set into `put`, unless Redis has it. Returns the row's order. */
  #name(
    ref: RowRef,
    row: StandingRow,
    once: string | undefined,
    put: Map<string, string>,
    ranks: ReadonlyMap<string, number>,
  ): number {
    const known = this.#rows.get(ref.text);
    const order = ranks.get(ref.text) ?? known?.order ?? this.#nextOrder++;
    const value = formatLedgerEntry({ order, hash: rowHash(row), once });
    if (known?.ledgered !== value || this.#settled.has(ref.text)) put.set(ref.text, value);
    return order;
  }

  #row(ref: RowRef, order: number): Row {
    const known = this.#rows.get(ref.text);
    if (known !== undefined) return known;
    const row: Row = {
      ref,
      order,
      acked: undefined,
      lastAcked: undefined,
      ackedAt: 0 as Millis,
      once: undefined,
      inherited: false,
      ledgered: undefined,
      entry: undefined,
    };
    this.#rows.set(ref.text, row);
    return row;
  }
}

/** A row as it is known now: the form that was shown last, where nothing of it has changed. */
function shown({ ref, order, acked, ackedAt, once, inherited, shown: last }: Row): BookRow {
  const isSame =
    last !== undefined &&
    last.acked === acked &&
    last.ackedAt === ackedAt &&
    last.order === order &&
    last.once === once &&
    last.inherited === inherited;
  return isSame ? last : { ref, order, acked, ackedAt, once, inherited };
}

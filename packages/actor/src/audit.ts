import { type Clock, type Millis, ok, type Result, seconds } from "@tandem/base";
import { type Command, EMPTY_ROW, type Fields, type Store, type StoreError } from "@tandem/swss";
import type { RowCopy } from "./bridge/row-writer.js";
import type { StandingRow } from "./define-actor.js";
import { sameFields } from "./difference.js";
import { readRows } from "./inheritance.js";
import { MEMORY_FIELD } from "./ledger.js";
import type { Place } from "./place.js";
import { type RowRef, rowRef } from "./row-ref.js";

/** Rows acknowledged within this time are not looked at: their copy may still be on its way. */
const FRESH = seconds(1);
/** A row that is repaired again and again is left alone for this many audits at most (5 min at one each 5 s). */
const SKIPS_MAX = 60;

/** Where rows can be read back. */
export interface AuditTarget {
  readonly copy: RowCopy;
  /** Redis key of a row. */
  readonly key: (ref: RowRef) => string;
}

/** A row that Redis does not hold as it was written. */
export interface Drift {
  readonly place: Place;
  /** For people. */
  readonly row: string;
  /** `undefined` for ledger and memory. */
  readonly ref: RowRef | undefined;
  /** What Redis holds; nothing when the row is gone. */
  readonly found: Fields;
  /** Repairs in a row, this one included. */
  readonly repairs: number;
}

interface Checked {
  readonly place: Place;
  readonly ref: RowRef;
  readonly row: StandingRow;
  readonly target: AuditTarget;
}

/** Compares Redis with what actors stand for. Repeated repairs of one row are spread out: somebody else writes it too. */
export class Audit {
  readonly #clock: Clock;
  readonly #state: Store;
  readonly #targetOf: (ref: RowRef) => AuditTarget | undefined;
  readonly #repaired = new Map<string, { repairs: number; skip: number }>();
  /** Stores that the last complete pass read, with their count of changes; undefined when something was found or left out. */
  #sound: ReadonlyMap<Store, number> | undefined;
  #moves = 0;

  /** `state` holds ledgers and memory. */
  constructor(clock: Clock, state: Store, targetOf: (ref: RowRef) => AuditTarget | undefined) {
    this.#clock = clock;
    this.#state = state;
    this.#targetOf = targetOf;
  }

  /** What actors stand for may be another from now on. */
  moved(): void {
    this.#moves += 1;
    this.#sound = undefined;
  }

  /**
   * One pipelined pass per database. `force` also looks at fresh rows. Databases that do not answer are skipped. Where
   * stores count their changes and neither they nor the actors have moved since a pass that found nothing, none is made.
   */
  async run(places: readonly Place[], force = false): Promise<readonly Drift[]> {
    if (!force && this.#isSound()) return [];
    const moves = this.#moves;
    const read = new Map<Store, number | undefined>([[this.#state, this.#state.changes]]);
    let complete = true;
    const byStore = new Map<Store, Checked[]>();
    const now = this.#clock.monotonic();
    for (const place of places) {
      for (const row of place.standing) {
        const ref = rowRef(row.table, row.key);
        const target = this.#isStable(place, row, ref, now, force) ? this.#targetOf(ref) : undefined;
        if (target === undefined) {
          complete &&= row.once !== undefined;
          continue;
        }
        if (!read.has(target.copy.store)) read.set(target.copy.store, target.copy.store.changes);
        const checked = byStore.get(target.copy.store) ?? [];
        checked.push({ place, ref, row, target });
        byStore.set(target.copy.store, checked);
      }
    }
    const logs = await this.#checkLogs(places);
    complete &&= logs.complete;
    const drifts: Drift[] = [...logs.drifts];
    for (const [store, checked] of byStore) {
      const found = await this.#check(store, checked);
      if (found.ok) drifts.push(...found.value);
      else complete = false;
    }
    this.#sound = complete && drifts.length === 0 && moves === this.#moves ? counted(read) : undefined;
    return drifts;
  }

  #isSound(): boolean {
    if (this.#sound === undefined) return false;
    for (const [store, changes] of this.#sound) if (store.changes !== changes) return false;
    return true;
  }

  #isStable(place: Place, row: StandingRow, ref: RowRef, now: Millis, force: boolean): boolean {
    const known = place.book.rows.get(ref.text);
    if (row.once !== undefined || known?.acked === undefined) return false;
    if (!force && now - known.ackedAt < FRESH) return false;
    const repaired = this.#repaired.get(ref.text);
    if (repaired === undefined || repaired.skip === 0 || force) return true;
    repaired.skip -= 1;
    return false;
  }

  async #check(store: Store, checked: readonly Checked[]): Promise<Result<readonly Drift[], StoreError>> {
    const before = checked.map(({ place, ref }) => place.book.rows.get(ref.text)?.acked);
    const rows = await readRows(
      store,
      checked.map(({ ref, target }) => target.key(ref)),
    );
    if (!rows.ok) return rows;
    const suspects: (Checked & { readonly found: Fields })[] = [];
    for (const [i, each] of checked.entries()) {
      const { place, ref, row, target } = each;
      if (target.copy.isBehind?.() === true) continue;
      const acked = place.book.rows.get(ref.text)?.acked;
      // Changed meanwhile: what was read may be older.
      if (acked === undefined || acked !== before[i]) continue;
      const found = withoutPlaceholder(rows.value[i] ?? {});
      if (sameFields(acked, found, row.stamps)) this.#repaired.delete(ref.text);
      else suspects.push({ ...each, found });
    }
    const pending = await this.#pending(store, suspects);
    if (!pending.ok) return pending;
    return ok(
      suspects
        .filter((_, i) => !pending.value[i])
        .map(({ place, ref, found }) => ({ place, row: ref.text, ref, found, repairs: this.#repair(ref.text) })),
    );
  }

  /** Ledgers and memories that Redis does not hold as they were written. */
  async #checkLogs(
    places: readonly Place[],
  ): Promise<{ readonly drifts: readonly Drift[]; readonly complete: boolean }> {
    const drifts: Drift[] = [];
    if (!this.#state.connected) return { drifts, complete: false };
    let complete = true;
    const before = places.map((place) => place.logged);
    const keys = places.flatMap(({ ledgerKey, memoryKey }) => [ledgerKey, memoryKey]);
    const rows = await readRows(this.#state, keys);
    if (!rows.ok) return { drifts, complete: false };
    for (const [i, place] of places.entries()) {
      const logged = place.logged;
      const expected = before[i];
      const steady =
        logged !== undefined &&
        expected !== undefined &&
        logged.memory === expected.memory &&
        sameFields(logged.ledger, expected.ledger);
      complete &&= steady;
      if (!steady) continue;
      const ledger = rows.value[2 * i] ?? {};
      const memory = rows.value[2 * i + 1]?.[MEMORY_FIELD];
      if (sameFields(ledger, expected.ledger) && memory === expected.memory) continue;
      const row = place.ledgerKey;
      drifts.push({ place, row, ref: undefined, found: ledger, repairs: this.#repair(row) });
    }
    return { drifts, complete };
  }

  /** Which rows are written and not yet popped by their consumer. */
  async #pending(store: Store, suspects: readonly Checked[]): Promise<Result<readonly boolean[], StoreError>> {
    if (suspects.length === 0) return ok([]);
    const commands: Command[] = suspects.map(({ ref, target }) => ["SISMEMBER", target.copy.pendingSet ?? "", ref.key]);
    const replies = await store.pipeline(commands);
    if (!replies.ok) return replies;
    return ok(replies.value.map((reply) => reply.ok && reply.value === 1));
  }

  /** Counts a repair. Returns how many there were in a row. */
  #repair(row: string): number {
    const repairs = (this.#repaired.get(row)?.repairs ?? 0) + 1;
    const skip = Math.min(SKIPS_MAX, 2 ** (repairs - 1) - 1);
    this.#repaired.set(row, { repairs, skip });
    return repairs;
  }
}

/** Nothing where one of the stores does not count. */
function counted(read: ReadonlyMap<Store, number | undefined>): ReadonlyMap<Store, number> | undefined {
  const counts = new Map<Store, number>();
  for (const [store, changes] of read) {
    if (changes === undefined) return undefined;
    counts.set(store, changes);
  }
  return counts;
}

function withoutPlaceholder(fields: Fields): Fields {
  if (!Object.hasOwn(fields, EMPTY_ROW)) return fields;
  const { [EMPTY_ROW]: _, ...rest } = fields;
  return rest;
}

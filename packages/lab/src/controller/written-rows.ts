import type { WantedRow } from "./plan.js";
import { rowName } from "./wanted-rows.js";

interface Written {
  readonly row: WantedRow;
  /** Undefined when nobody knows what stands there. */
  readonly text: string | undefined;
}

/** The rows that the controller has written on one switch, oldest first. Bounded by what its plans wanted. */
export class WrittenRows {
  readonly #rows = new Map<string, Written>();

  /** Whether the row stands as it is wanted. */
  holds(row: WantedRow, name: string): boolean {
    const written = this.#rows.get(name);
    return written?.text !== undefined && (written.row.row === row.row || written.text === textOf(row));
  }

  /** What is to be deleted next: deletes run against the order of creation, scopes before their sets, whichever came last. */
  surplus(wanted: ReadonlySet<string>): WantedRow | undefined {
    let scope: WantedRow | undefined;
    let last: WantedRow | undefined;
    for (const [name, { row }] of this.#rows) {
      if (wanted.has(name)) continue;
      last = row;
      if (row.table === "DASH_HA_SCOPE_CONFIG_TABLE") scope = row;
    }
    return scope ?? last;
  }

  wrote(row: WantedRow): void {
    const name = rowName(row);
    this.#rows.delete(name);
    this.#rows.set(name, { row, text: textOf(row) });
  }

  /** Something else may stand there: it is to be written again, as long as it is wanted, else deleted. */
  doubt(row: WantedRow): void {
    const name = rowName(row);
    if (this.#rows.has(name)) this.#rows.set(name, { row, text: undefined });
  }

  deleted(row: WantedRow): void {
    this.#rows.delete(rowName(row));
  }

  /** Everything is to be written again. */
  clear(): void {
    this.#rows.clear();
  }
}

const TEXTS = new WeakMap<WantedRow["row"], string>();

function textOf({ row }: WantedRow): string {
  const text = TEXTS.get(row) ?? JSON.stringify(row);
  TEXTS.set(row, text);
  return text;
}

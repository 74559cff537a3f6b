import { epochMillis } from "./words.js";

/** One row as a database holds it; what is shown is shown as found, so a half row still tells what it has. */
export interface TableRow {
  /** The key's parts, without the table's name. */
  readonly key: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  /** Which field makes the row one that its readers refuse. */
  readonly bad?: string;
}

/** By key, numbers inside names in order of size: `vdpu2` before `vdpu10`. */
export function byKey(a: TableRow, b: TableRow): number {
  return a.key.join("|").localeCompare(b.key.join("|"), "en", { numeric: true });
}

/** Newest first by a time field in milliseconds, rows without one last; equal ones by key. */
export function newestFirst(field: string): (a: TableRow, b: TableRow) => number {
  return (a, b) => (epochMillis(b.fields[field]) ?? 0) - (epochMillis(a.fields[field]) ?? 0) || byKey(a, b);
}

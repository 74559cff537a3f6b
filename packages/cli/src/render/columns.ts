/** A heading and the cells below it; every row has as many cells as there are columns. */
export interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns two spaces apart, no borders, no trailing blanks; a heading line even when there are no rows. */
export function renderColumns({ columns, rows }: Grid): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? "").length)));
  return lines
    .map((line) => line.map((cell, i) => cell.padEnd(widths[i] as number)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

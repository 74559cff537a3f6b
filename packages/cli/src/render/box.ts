import type { Grid } from "./columns.js";

/** Characters of a table's lines. `edge` is empty for a table without a frame. */
interface Border {
  readonly line: string;
  readonly bar: string;
  readonly top: readonly [left: string, joint: string, right: string] | undefined;
  readonly between: readonly [left: string, joint: string, right: string];
  readonly bottom: readonly [left: string, joint: string, right: string] | undefined;
  readonly edge: string;
}

/** The three kinds of tables that swbus-cli prints: plain ASCII, ASCII without a frame, and with box-drawing lines. */
export const BORDERS = {
  ascii: { line: "-", bar: "|", top: ["+", "+", "+"], between: ["+", "+", "+"], bottom: ["+", "+", "+"], edge: "|" },
  frameless: { line: "-", bar: "|", top: undefined, between: ["", "+", ""], bottom: undefined, edge: "" },
  drawn: { line: "─", bar: "│", top: ["┌", "┬", "┐"], between: ["├", "┼", "┤"], bottom: ["└", "┴", "┘"], edge: "│" },
} as const satisfies Record<string, Border>;

/** A table with a line between all rows; cells may hold several lines. A `title` spans the first row, centred. */
export function renderBox(border: Border, { columns, rows }: Grid, title?: string): string {
  const cells = [columns, ...rows].map((row) => row.map((cell) => cell.split("\n")));
  const widths = columns.map((_, i) => Math.max(...cells.flatMap((row) => (row[i] as string[]).map(width))));
  if (title !== undefined) {
    const missing = width(title) - spanned(widths);
    if (missing > 0) widths[widths.length - 1] = (widths.at(-1) as number) + missing;
  }
  const rule = ([left, joint, right]: readonly [string, string, string]): string =>
    left + widths.map((w) => border.line.repeat(w + 2)).join(joint) + right;
  const body = cells.map((row) => {
    const height = Math.max(...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, y) => {
      const line = row.map((cell, x) => ` ${pad(cell[y] ?? "", widths[x] as number)} `).join(border.bar);
      return border.edge + line + border.edge;
    }).join("\n");
  });
  if (title !== undefined) body.unshift(`${border.edge} ${centre(title, spanned(widths))} ${border.edge}`);
  const lines = [body.join(`\n${rule(border.between)}\n`)];
  if (border.top !== undefined) lines.unshift(rule(border.top));
  if (border.bottom !== undefined) lines.push(rule(border.bottom));
  return lines.join("\n");
}

/** Width of a row's content when one cell spans it: the joints and their padding count. */
function spanned(widths: readonly number[]): number {
  return widths.reduce((sum, w) => sum + w, 0) + 3 * (widths.length - 1);
}

/** Code points, so that an accented letter outside the basic plane counts once. */
function width(text: string): number {
  return [...text].length;
}

function pad(text: string, to: number): string {
  return text + " ".repeat(to - width(text));
}

function centre(text: string, to: number): string {
  const left = Math.floor((to - width(text)) / 2);
  return pad(" ".repeat(left) + text, to);
}

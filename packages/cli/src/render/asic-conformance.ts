import type { TransportName } from "@tandem/asic-channel";
import { type CaseOutcome, MATRIX_ROWS, type MatrixCell } from "@tandem/asic-channel/conformance";
import { countOf } from "@tandem/base";
import { renderColumns } from "./columns.js";

const WORDS: Readonly<Record<CaseOutcome["outcome"], string>> = { holds: "holds", limit: "limit", failed: "FAILED" };
const TRANSPORT_COLUMNS = 11;
const NAME_COLUMNS = 32;

/** One case, when it has ended. */
export function renderOutcome({ transport, name, outcome, seconds, text }: CaseOutcome): string {
  const start = `${transport.padEnd(TRANSPORT_COLUMNS)}  ${name.padEnd(NAME_COLUMNS)}  ${WORDS[outcome].padEnd(6)}`;
  return `${start}  ${seconds.toFixed(1).padStart(5)} s  ${text}\n`;
}

/** The matrix, which cases stand behind its rows, and how many ended in which way. */
export function renderConformance(
  matrix: readonly MatrixCell[],
  outcomes: readonly CaseOutcome[],
  transports: readonly TransportName[],
): string {
  const cellsOf = (row: string): readonly MatrixCell[] => matrix.filter((cell) => cell.row === row);
  const table = renderColumns({
    columns: ["", ...transports],
    rows: MATRIX_ROWS.map((row) => [row, ...cellsOf(row).map(({ says }) => says)]),
  });
  const behind = MATRIX_ROWS.flatMap((row) => {
    const names = [...new Set(cellsOf(row).flatMap(({ cases }) => cases))];
    return names.length === 0 ? [] : [[row, names.join(", ")]];
  });
  const count = (wanted: CaseOutcome["outcome"]): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const limits = `${count("limit")} do not hold, as expected of their transport`;
  const sum = `${countOf(outcomes.length, "case")}: ${count("holds")} hold, ${limits}, ${count("failed")} failed`;
  return `\n${table}\n${renderColumns({ columns: ["row", "shown by"], rows: behind })}\n${sum}\n`;
}

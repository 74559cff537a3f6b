// conformance-page.mjs FILE…: puts what `tandem asic conformance --json` printed, in one run or in several, into
// docs/asic-channel.md, between the marks. Build first.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = (path) => import(`${root}packages/asic-channel/dist/${path}`);
const { CONFORMANCE_CASES, MATRIX_ROWS, TRAITS, codeLinesOf, matrixOf } = await from("conformance/index.js");
const { TRANSPORT_NAMES } = await from("transport.js");

/** A transport, or one with what may be there beside it. */
const columnOf = ({ transport, variant }) => (variant === undefined ? transport : `${transport} + ${variant}`);

const outcomes = new Map();
for (const file of process.argv.slice(2))
  for (const outcome of JSON.parse(readFileSync(file, "utf8")).cases)
    outcomes.set(`${columnOf(outcome)} ${outcome.name}`, outcome);
if (outcomes.size === 0) throw new Error("usage: node scripts/conformance-page.mjs FILE…");

const all = [...outcomes.values()];
const columns = TRANSPORT_NAMES.flatMap((name) =>
  [...new Set(all.filter(({ transport }) => transport === name).map(columnOf))].sort(),
);
const cells = new Map();
for (const column of columns) {
  const [name] = column.split(" ");
  const facts = new Map([[name, { lines: await codeLinesOf(name), unmodifiedPeers: TRAITS[name].upstreamPeers }]]);
  const own = all.filter((outcome) => columnOf(outcome) === column);
  for (const cell of matrixOf(own, facts, CONFORMANCE_CASES)) cells.set(`${column} ${cell.row}`, cell);
}
const cellsOf = (row) => columns.map((column) => cells.get(`${column} ${row}`));
const MARKED = /^(?:no|in part|FAILED|not run)$/;
const line = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
const code = (name) => `\`${name}\``;
const counts = (wanted) => all.filter(({ outcome }) => outcome === wanted).length;
const kinds = CONFORMANCE_CASES.map(({ name }) => name);
const inOrder = (wanted) =>
  all
    .filter(({ outcome }) => outcome === wanted)
    .sort((a, b) => kinds.indexOf(a.name) - kinds.indexOf(b.name) || (columnOf(a) < columnOf(b) ? -1 : 1));

const parts = [
  table(
    ["", ...columns],
    MATRIX_ROWS.map((row) => [row, ...cellsOf(row).map(({ says }) => (MARKED.test(says) ? `**${says}**` : says))]),
  ),
  `${all.length} cases ran: ${counts("holds")} hold, ${counts("limit")} do not, as is expected of their transport, ${counts("failed")} failed.`,
  table(
    ["row", "shown by"],
    MATRIX_ROWS.map((row) => [
      row,
      [...new Set(cellsOf(row).flatMap(({ cases }) => cases))].map(code).join(", ") || "a fact of the code",
    ]),
  ),
  table(
    ["limit that was seen", "transport", "what was seen"],
    [...inOrder("failed"), ...inOrder("limit")].map((outcome) => [code(outcome.name), columnOf(outcome), outcome.text]),
  ),
];
const page = `${root}docs/asic-channel.md`;
const block = /(<!-- conformance: begin -->\n)[\s\S]*?(<!-- conformance: end -->\n)/;
const before = readFileSync(page, "utf8");
if (!block.test(before)) throw new Error(`${page}: no marks of the matrix`);
writeFileSync(
  page,
  before.replace(block, (_all, head, tail) => `${head}\n${parts.join("\n\n")}\n\n${tail}`),
);

import { expect, test } from "vitest";
import { BORDERS, renderBox } from "./box.js";

const grid = {
  columns: ["attribute", "value"],
  rows: [
    ["table", "kv-actor-data"],
    ["mutated", "false"],
  ],
};

test("an ASCII table has a line between all rows", () => {
  expect(renderBox(BORDERS.ascii, grid)).toBe(`+-----------+---------------+
| attribute | value         |
+-----------+---------------+
| table     | kv-actor-data |
+-----------+---------------+
| mutated   | false         |
+-----------+---------------+`);
});

test("a frameless table stands inside a drawn one, its title centred over all columns", () => {
  const inner = renderBox(BORDERS.frameless, grid);
  expect(renderBox(BORDERS.drawn, { columns: ["key", "table_meta"], rows: [["data", inner]] }, "Internal State")).toBe(
    `┌──────┬─────────────────────────────┐
│           Internal State           │
├──────┼─────────────────────────────┤
│ key  │ table_meta                  │
├──────┼─────────────────────────────┤
│ data │  attribute | value          │
│      │ -----------+--------------- │
│      │  table     | kv-actor-data  │
│      │ -----------+--------------- │
│      │  mutated   | false          │
└──────┴─────────────────────────────┘`,
  );
});

test("a title that is wider than its table widens the last column", () => {
  expect(renderBox(BORDERS.drawn, { columns: ["message"], rows: [] }, "Outgoing Queued Message State")).toBe(
    `┌───────────────────────────────┐
│ Outgoing Queued Message State │
├───────────────────────────────┤
│ message                       │
└───────────────────────────────┘`,
  );
});

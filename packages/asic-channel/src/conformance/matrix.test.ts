import { expect, test } from "vitest";
import { matrixOf } from "./matrix.js";
import type { CaseOutcome } from "./run.js";

const CASES = [
  { name: "a", rows: ["crash recovery"] },
  { name: "b", rows: ["crash recovery", "warm boot"] },
  { name: "speed", rows: ["latency"] },
] as const;
const FACTS = new Map([["zmq", { lines: 12, unmodifiedPeers: true }]] as const);

function cell(row: string, ...outcomes: readonly (readonly [string, CaseOutcome["outcome"], string?])[]) {
  const all = outcomes.map(([name, outcome, figure]) => ({
    ...{ transport: "zmq" as const, name, outcome, text: "", seconds: 0 },
    ...(figure !== undefined && { figure }),
  }));
  return matrixOf(all, FACTS, CASES).find((each) => each.row === row);
}

test.each([
  [[], "not run"],
  [
    [
      ["a", "holds"],
      ["b", "holds"],
    ],
    "yes",
  ],
  [
    [
      ["a", "limit"],
      ["b", "limit"],
    ],
    "no",
  ],
  [
    [
      ["a", "holds"],
      ["b", "limit"],
    ],
    "in part",
  ],
  [
    [
      ["a", "limit"],
      ["b", "failed"],
    ],
    "FAILED",
  ],
] as const)("a cell whose cases end as %j says %s", (outcomes, says) => {
  expect(cell("crash recovery", ...outcomes)?.says).toBe(says);
});

test("a cell names its cases, and a figure stands for yes", () => {
  expect(cell("latency", ["speed", "holds", "70 µs"], ["a", "holds"])).toMatchObject({
    says: "70 µs",
    cases: ["speed"],
  });
  expect(cell("warm boot", ["a", "failed"], ["b", "holds"])).toMatchObject({ says: "yes", cases: ["b"] });
});

test("what no case can show is a fact of the code", () => {
  expect(["lines of our code", "unmodified peers", "debugging"].map((row) => cell(row)?.says)).toEqual([
    "12",
    "yes",
    "nothing",
  ]);
});

import { expect, test } from "vitest";
import { countOf } from "./count-of.js";

test("one is told from none and from many", () => {
  expect([0, 1, 2].map((n) => countOf(n, "row"))).toEqual(["0 rows", "1 row", "2 rows"]);
  expect([1, 8].map((n) => countOf(n, "switch", "switches"))).toEqual(["1 switch", "8 switches"]);
});

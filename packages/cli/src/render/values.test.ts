import { expect, test } from "vitest";
import { clip, duration, parseDuration, shortNode, wrap } from "./values.js";

test("durations read and print in the unit that a person would choose", () => {
  expect([0, 480, 3200, 9000, 75_000, 240_000, 7_200_000, 200_000_000].map(duration)).toEqual([
    "0 ms",
    "480 ms",
    "3.2 s",
    "9 s",
    "75 s",
    "4 m",
    "2 h",
    "2 d",
  ]);
  expect(["30", "30s", "5m", "2h", "500ms", "1d", "1.5s"].map(parseDuration)).toEqual([
    30_000, 30_000, 300_000, 7_200_000, 500, 86_400_000, 1500,
  ]);
  for (const text of ["", "x", "-1", "1y", "5 m x", "1e3"]) expect(parseDuration(text)).toBeUndefined();
});

test("text breaks at blanks, and a word that is too long is cut", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
  expect(wrap("", 4)).toEqual([""]);
  expect(clip("abcdef", 4)).toBe("abc…");
  expect(clip("abcd", 4)).toBe("abcd");
});

test("a node is named by its host and slot", () => {
  expect(shortNode("region-a.cluster-a.sw0-dpu0/hamgrd/0")).toBe("sw0-dpu0");
  expect(shortNode("dpu0")).toBe("dpu0");
});

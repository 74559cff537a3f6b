import { expect, test } from "vitest";
import { age, listItems, stamp, stateName } from "./words.js";

test("a state has one spelling whoever wrote it", () => {
  expect(["HA_STATE_SWITCHING_TO_ACTIVE", "switching_to_active", "dead", undefined, ""].map(stateName)).toEqual([
    "SwitchingToActive",
    "SwitchingToActive",
    "Dead",
    "N/A",
    "N/A",
  ]);
});

test("times are read in milliseconds and in seconds; one that is zero, malformed or beyond any date is N/A", () => {
  expect(stamp("1767225600")).toBe("2026-01-01 00:00:00"); // seconds
  expect(["1767225600000", "0", "soon", "-1", "9".repeat(16), undefined].map(stamp)).toEqual([
    "2026-01-01 00:00:00",
    ...Array(5).fill("N/A"),
  ]);
});

test("an age is one number in the unit a person would choose, never negative", () => {
  expect([0, 119_999, 120_000, 7_199_999, 7_200_000, 172_800_000].map((ms) => age(0, ms))).toEqual([
    "0s",
    "119s",
    "2m",
    "119m",
    "2h",
    "2d",
  ]);
  expect([age(10, 0), age(undefined, 0)]).toEqual(["0s", "N/A"]);
});

test("list fields are read in both spellings, plain and with brackets and quotes", () => {
  expect(listItems('["1.0.2.2", "1.0.3.2"]')).toEqual(["1.0.2.2", "1.0.3.2"]);
  expect(listItems("a,,b ")).toEqual(["a", "b"]);
  expect(listItems(undefined)).toEqual([]);
});

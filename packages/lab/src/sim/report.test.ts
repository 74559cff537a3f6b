import { millis, minutes, seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { addReport, newSummary, progressText, summaryText } from "./report.js";

const report = { seed: 7, virtualMs: minutes(12), healedMs: 1500 };

test("a summary says how long it took, seeds in a second and times real time", () => {
  const summary = { ...addReport(newSummary(), report), realMs: millis(500) };
  expect(summaryText(summary).split("\n")).toEqual([
    "1 of 1 seed clean",
    "  12 virtual minutes in 0.5 s: 2.0 seeds/s, 1440 × real time",
    "  healed 1.5 s after the last fault at the latest (seed 7)",
  ]);
});

test("slow and long series are told in minutes and hours", () => {
  let summary = newSummary();
  for (let i = 0; i < 10; i++) summary = addReport(summary, report);
  expect(summaryText({ ...summary, realMs: millis(7_260_000) })).toContain(
    "2.0 virtual hours in 2 h 1 min: 0.1 seeds/min, 1 × real time",
  );
});

test("progress says what is done, how fast, and how long the rest takes", () => {
  expect(progressText({ ...newSummary(), realMs: seconds(3) }, 200)).toBe("0 of 200 seeds after 3.0 s");
  const summary = { ...addReport(newSummary(), report), realMs: seconds(2) };
  expect(progressText(summary, 101)).toBe("1 of 101 seeds, 30.0 seeds/min, 360 × real time, 3 min 20 s left");
});

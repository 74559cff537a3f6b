import { expect, test } from "vitest";
import { type Sample, trendOf } from "./samples.js";

const over = (
  minutes: number,
  memory: (at: number) => number,
  openFiles: (at: number) => number = () => 30,
): Sample[] => Array.from({ length: minutes + 1 }, (_, at) => ({ at, memory: memory(at), openFiles: openFiles(at) }));

test("a heap that finds its size in the first half and then varies is flat", () => {
  const trend = trendOf(
    "hamgrd",
    over(30, (at) => (at < 10 ? 60 + 4 * at : 100 + 3 * Math.sin(at))),
  );
  expect(trend.flat).toBe(true);
  expect(trend.first).toBe(60);
});

test("steady growth is told in MB an hour, and is not flat", () => {
  const trend = trendOf(
    "hamgrd",
    over(30, (at) => 80 + at),
  );
  expect(trend.slope).toBeCloseTo(60);
  expect(trend.flat).toBe(false);
});

test("files that are opened and not closed are a leak as well", () => {
  const trend = trendOf(
    "hamgrd",
    over(
      30,
      () => 80,
      (at) => 20 + at,
    ),
  );
  expect(trend.flat).toBe(false);
});

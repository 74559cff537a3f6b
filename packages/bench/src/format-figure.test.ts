import { expect, test } from "vitest";
import { type Figure, isReached } from "./figure.js";
import { figureJson, formatFigure, formatValue } from "./format-figure.js";

const RATE: Figure = {
  what: "ProducerStateTable set",
  unit: "rows/s",
  value: 182_345.678,
  least: 9_120,
  greatest: 1_200_000,
  floors: [
    { what: "redis-benchmark", value: 214_000 },
    { what: "raw socket", value: 310_000 },
  ],
  upstream: 61_000,
  targets: [{ timesFloor: 0.9 }, { bound: 61_000 }],
  notes: ["CPU 3.0 µs a row"],
};

const TIME: Figure = { ...RATE, what: "set → pop, p50", unit: "µs", value: 88, floors: [], targets: [{ bound: 150 }] };

test("values keep two or three digits", () => {
  expect([182_345, 9_120, 999, 4.21].map((value) => formatValue(value, "rows/s"))).toEqual([
    "182 k rows/s",
    "9.1 k rows/s",
    "999 rows/s",
    "4.2 rows/s",
  ]);
  expect([88.4, 4.21, 12_345].map((value) => formatValue(value, "µs"))).toEqual(["88 µs", "4.2 µs", "12345 µs"]);
});

test("a figure stands above its floors, upstream and targets", () => {
  expect(formatFigure(RATE)).toBe(
    [
      "ProducerStateTable set                                    182 k rows/s  9.1 k rows/s to 1.20 M rows/s",
      "  floor: redis-benchmark                                  214 k rows/s  0.85 ×",
      "  floor: raw socket                                       310 k rows/s  0.59 ×",
      "  upstream's C++                                           61 k rows/s  2.99 ×",
      "  target: 0.9 × floor                                   ≥ 193 k rows/s  missed",
      "  target                                                 ≥ 61 k rows/s  reached",
      "  CPU 3.0 µs a row",
      "",
    ].join("\n"),
  );
});

test("of rates more is better, of times less; without its floor a target is open", () => {
  expect(RATE.targets.map((target) => isReached(RATE, target))).toEqual([false, true]);
  expect([{ bound: 88 }, { bound: 87 }, { timesFloor: 1.5 }].map((target) => isReached(TIME, target))).toEqual([
    true,
    false,
    undefined,
  ]);
});

test("a ratio reaches its bound when its median may lie there", () => {
  const ratio: Figure = { ...RATE, unit: "×", value: 1.06, floors: [], targets: [{ bound: 1.03 }] };
  expect(formatValue(1.034, "×")).toBe("1.03 ×");
  expect(isReached(ratio, { bound: 1.03 })).toBe(false);
  expect(isReached({ ...ratio, interval: [1.04, 1.1] }, { bound: 1.03 })).toBe(false);
  expect(isReached({ ...ratio, interval: [0.99, 1.1] }, { bound: 1.03 })).toBe(true);
});

test("for programs a figure says the same, with four digits", () => {
  expect(figureJson(RATE)).toEqual({
    what: "ProducerStateTable set",
    unit: "rows/s",
    median: 182_300,
    least: 9120,
    greatest: 1_200_000,
    floors: [
      { what: "redis-benchmark", median: 214_000 },
      { what: "raw socket", median: 310_000 },
    ],
    upstream: 61_000,
    targets: [
      { times_floor: 0.9, reached: false },
      { bound: 61_000, reached: true },
    ],
    notes: ["CPU 3.0 µs a row"],
  });
});

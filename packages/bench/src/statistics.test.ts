import fc from "fast-check";
import { expect, test } from "vitest";
import { median, percentile } from "./statistics.js";

test("a percentile is the nearest rank, whatever the order of the samples", () => {
  const samples = [15, 50, 20, 40, 35];
  expect([0, 0.05, 0.3, 0.4, 0.5, 0.99, 1].map((share) => percentile(samples, share))).toEqual([
    15, 15, 20, 20, 35, 50, 50,
  ]);
});

test("a percentile is a sample that at least its share of all samples do not exceed", () => {
  const samples = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const value = percentile(all, share);
      expect(all).toContain(value);
      expect(all.filter((sample) => sample <= value).length).toBeGreaterThanOrEqual(share * all.length);
    }),
  );
});

test("a median is the middle, or the mean of the two in the middle", () => {
  expect(median([9])).toBe(9);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

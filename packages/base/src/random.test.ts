import { describe, expect, test } from "vitest";
import { backoffDelay } from "./backoff.js";
import { millis, seconds } from "./brand.js";
import { jitter, pick, type Random, randomBelow, seededRandom } from "./random.js";
import { systemRandom } from "./system-random.js";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Randomness that is not random. */
function always(value: number): Random {
  return { next: () => value, uuid: () => "" };
}

describe("seeded randomness", () => {
  test("is the same on every machine", () => {
    const random = seededRandom(1);
    expect([random.next(), random.next(), random.next()].map((x) => x.toFixed(9))).toMatchInlineSnapshot(`
      [
        "0.563671774",
        "0.585111341",
        "0.895907392",
      ]
    `);
    expect(random.uuid()).toMatchInlineSnapshot(`"f2473522-45b8-4258-9e8e-30c198111526"`);
  });

  test("repeats with the seed and differs between seeds", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => random.next());
    };
    expect(draw(42)).toEqual(draw(42));
    const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => seededRandom(seed).next()));
    expect(firsts.size).toBe(1000);
  });

  test("is uniform enough", () => {
    const random = seededRandom(7);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) {
      const bucket = randomBelow(random, 10);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test("gives version 4 UUIDs, all different", () => {
    const random = seededRandom(3);
    const ids = Array.from({ length: 1000 }, () => random.uuid());
    for (const id of ids) expect(id).toMatch(UUID_V4);
    expect(new Set(ids).size).toBe(1000);
  });
});

test("system randomness keeps the same promises", () => {
  expect(systemRandom.uuid()).toMatch(UUID_V4);
  const value = systemRandom.next();
  expect(value >= 0 && value < 1).toBe(true);
});

test("jitter spreads over its fraction on both sides", () => {
  expect(jitter(always(0), 100)).toBe(75);
  expect(jitter(always(0.5), 100)).toBe(100);
  expect(jitter(always(0.999999), 100)).toBeCloseTo(125);
  expect(jitter(always(0), 100, 0.1)).toBe(90);
});

test("pick gives each item, and from nothing it is a bug", () => {
  expect([0, 0.4, 0.99].map((value) => pick(always(value), ["a", "b", "c"]))).toEqual(["a", "b", "c"]);
  expect(() => pick(always(0), [])).toThrow("pick from nothing");
});

describe("the delay before a repeat", () => {
  const limits = { first: millis(10), max: seconds(1) };
  test("doubles from the first to the maximum", () => {
    const delays = [0, 1, 2, 6, 7, 8, 1000].map((attempt) => backoffDelay(limits, attempt, always(0.5)));
    expect(delays).toEqual([10, 20, 40, 640, 1000, 1000, 1000]);
  });
  test("is spread by a quarter, but never beyond the maximum or below a millisecond", () => {
    expect(backoffDelay(limits, 1, always(0))).toBe(15);
    expect(backoffDelay(limits, 1000, always(0.999))).toBe(1000);
    expect(backoffDelay({ first: millis(0), max: seconds(1) }, 0, always(0.5))).toBe(1);
  });
});

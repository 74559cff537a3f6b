import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { attempt } from "./find-cause.js";
import { runSeed } from "./run-seed.js";

for (const first of [0, 50, 100, 150]) {
  test(`pairs are whole again after the faults of seeds ${first} to ${first + 49}`, { timeout: 300_000 }, async () => {
    for (let seed = first; seed < first + 50; seed++) {
      const { plan, story, violations } = await attempt({ seed });
      expect({ seed, plan, story, violations }).toEqual({ seed, plan, story, violations: [] });
    }
  });
}

test("pairs are whole again after the faults of 2000 seeds", { timeout: 3_600_000 }, async (t) => {
  longTest(t);
  for (let seed = 1000; seed < 3000; seed++) {
    const { story, violations } = await attempt({ seed });
    expect({ seed, story, violations }).toEqual({ seed, story, violations: [] });
  }
});

test("the same seed gives the same run, line for line", { timeout: 60_000 }, async () => {
  const first = await runSeed({ seed: 42, keepTrace: true });
  const second = await runSeed({ seed: 42, keepTrace: true });
  expect(first.trace.length).toBeGreaterThan(100);
  expect(second.trace).toEqual(first.trace);
  expect(second.digest).toBe(first.digest);
});

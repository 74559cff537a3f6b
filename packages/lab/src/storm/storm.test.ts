import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { runStorm } from "./storm.js";

for (const seed of Array.from({ length: 24 }, (_, i) => i + 1)) {
  test(`a pair is whole again after a storm, seed ${seed}`, async () => {
    const { story, violations } = await runStorm({ seed, faults: 12 });
    expect({ story, violations }).toEqual({ story, violations: [] });
  });
}

test("a pair is whole again after each of 500 storms", { timeout: 1_200_000 }, async (t) => {
  longTest(t);
  for (let seed = 1000; seed < 1500; seed++) {
    const { story, violations } = await runStorm({ seed, faults: 12 });
    expect({ seed, story, violations }).toEqual({ seed, story, violations: [] });
  }
});

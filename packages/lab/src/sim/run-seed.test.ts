import { expect, test } from "vitest";
import { runSeed } from "./run-seed.js";

test("the same seed gives the same run, line for line", { timeout: 120_000 }, async () => {
  const first = await runSeed({ seed: 42, keepTrace: true });
  const second = await runSeed({ seed: 42, keepTrace: true });
  expect(first.trace.length).toBeGreaterThan(100);
  expect(second.trace).toEqual(first.trace);
  expect(second.digest).toBe(first.digest);
});

test("two pairs on four switches are whole again after their faults", { timeout: 300_000 }, async () => {
  const { story, violations, healedIn } = await runSeed({ seed: 7, switches: 4, minutes: 4 });
  expect({ story, violations }).toEqual({ story, violations: [] });
  expect(healedIn).toBeGreaterThanOrEqual(0);
});

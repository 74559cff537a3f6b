import { expect, test } from "vitest";
import { drawPlan } from "./draw-plan.js";
import { attempt, findCause } from "./find-cause.js";
import { failureText } from "./report.js";
import type { SeedOptions, SeedOutcome } from "./run-seed.js";

/** A world in which two of the faults together break something. */
function broken(needed: readonly [number, number]) {
  const plan = drawPlan({ seed: 11, switches: 4, dpus: 2, minutes: 10 });
  const culprits = needed.map((i) => plan.faults[i]);
  const run = ({ faults = plan.faults }: SeedOptions): Promise<SeedOutcome> => {
    const fails = culprits.every((culprit) => faults.some((fault) => fault === culprit));
    return Promise.resolve({
      plan: { ...plan, faults },
      story: faults.map(({ name }) => name),
      violations: fails
        ? [{ id: "heals", text: "no pair", at: 3000 }]
        : [{ id: "rests", text: "another thing", at: 1 }],
      digest: "",
      trace: [],
      healedIn: undefined,
      virtualMs: 0 as SeedOutcome["virtualMs"],
      timers: 0,
    });
  };
  return { plan, culprits, run };
}

test("a failing run is brought down to the faults that it needs, by its first violation", async () => {
  const { plan, culprits, run } = broken([3, 9]);
  const failed = await run({ seed: 11 });
  const { outcome, runs } = await findCause(failed, run);
  expect(outcome.plan.faults).toEqual(culprits);
  expect(runs).toBeLessThanOrEqual(60);
  const text = failureText(11, { plan, drawn: plan.faults.length, shrunk: outcome, shrinkRuns: runs }, "seed-11.txt");
  expect(text).toContain(`seed 11 FAILED: ${plan.faults.length} faults, of which 2 are enough`);
  expect(text).toContain("3.000 s  heals: no pair");
  expect(text).toContain("again: tandem sim --replay seed-11.txt");
});

test("a run that cannot be carried out is a violation, not an end of the series", async () => {
  const { violations } = await attempt({ seed: 1, faults: [{ at: 1 as never, name: "melt", words: {} }] });
  expect(violations).toEqual([{ id: "ran", text: expect.stringContaining("no fault melt"), at: 0 }]);
});

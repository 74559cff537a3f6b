import { millis, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { drawPlan } from "./draw-plan.js";
import { formatReplay, parseReplay, schemaOf } from "./replay-file.js";
import type { SeedOutcome } from "./run-seed.js";

const OUTCOME: SeedOutcome = {
  plan: drawPlan({ seed: 7, switches: 2, dpus: 1, minutes: 10 }),
  story: ["  1.000 s  sw0_dpu0 loses power"],
  violations: [{ id: "heals", text: "not every pair serves again\nand more", at: 2000 }],
  digest: "0123456789abcdef".repeat(4),
  trace: [],
  healedIn: undefined,
  virtualMs: millis(600_000),
  timers: 0,
};

test("a replay file holds plan and digest, and for people the story and what was wrong", () => {
  const text = formatReplay(OUTCOME);
  expect(unwrap(parseReplay(text))).toEqual({ plan: OUTCOME.plan, digest: OUTCOME.digest });
  expect(text).toContain("#   1.000 s  sw0_dpu0 loses power\n");
  expect(text).toContain("# 2.000 s  heals: not every pair serves again\n");
});

test("a file says by its first line whose it is", () => {
  expect(schemaOf(formatReplay(OUTCOME))).toEqual({ ok: true, value: "tandem.sim-plan.v1" });
  expect(schemaOf('{"schema":"tandem.flight.v1","slot":0}\n{}\n')).toEqual({ ok: true, value: "tandem.flight.v1" });
  expect(schemaOf("hello").ok).toBe(false);
});

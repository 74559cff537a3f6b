import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { drawPlan } from "./draw-plan.js";
import { formatPlan, parsePlan } from "./fault-plan.js";

test("a drawn plan survives its text, whatever the size of the cluster", () => {
  for (let seed = 0; seed < 100; seed++) {
    const plan = drawPlan({ seed, switches: 2 + (seed % 7), dpus: 1 + (seed % 8), minutes: 1 + (seed % 20) });
    expect(plan.faults.length).toBeGreaterThan(0);
    expect(unwrap(parsePlan(formatPlan(plan)))).toEqual(plan);
  }
});

const HEAD = "tandem.sim-plan.v1\ncluster seed=1 switches=2 dpus=1 minutes=10\n";

test.each([
  ["", "line 1: expected tandem.sim-plan.v1"],
  ["tandem.sim-plan.v1\n", "line 2: expected cluster seed=… switches=… dpus=… minutes=…"],
  [
    "tandem.sim-plan.v1\n# x\ncluster seed=1 switches=1 dpus=1 minutes=10",
    "line 3: expected switches= a number from 2 to 64",
  ],
  [`${HEAD}at=1 for=2 melt dpu=sw0_dpu0`, "line 3: melt: no such fault; docs/simulator.md lists them"],
  [
    `${HEAD}at=1 for=2 kill daemon=sw9_dpu0.hamgrd`,
    "line 3: kill daemon=sw9_dpu0.hamgrd: expected a daemon, e.g. sw0_dpu0.hamgrd",
  ],
  [`${HEAD}at=1 kill daemon=sw0_dpu0.hamgrd`, "line 3: kill lasts: expected for= seconds, e.g. for=4.2"],
  [`${HEAD}at=1 for=1 replay`, "line 3: replay does not last; leave out for="],
  [`${HEAD}for=1 kill daemon=sw0_dpu0.hamgrd`, "line 3: expected at= seconds, e.g. at=12.35"],
  [`${HEAD}at=1 for=1 kill`, "line 3: kill needs daemon=, a daemon, e.g. sw0_dpu0.hamgrd"],
  [`${HEAD}at=1 replay twice`, "line 3: twice: expected nothing more"],
])("a plan with a mistake is refused by line: %j", (text, message) => {
  expect(parsePlan(text)).toEqual({ ok: false, error: message });
});

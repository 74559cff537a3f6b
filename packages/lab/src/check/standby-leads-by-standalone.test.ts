import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { standbyLeadsByStandalone } from "./standby-leads-by-standalone.js";

test("a standby side that is suddenly active is told", () => {
  const history = new History(standbyLeadsByStandalone).state("sw0_dpu0", "standby").state("sw0_dpu0", "active");
  expect(history.violations).toEqual(["standby-leads-by-standalone: sw0_dpu0 went from standby to active"]);
});

test("by standalone, or anew from dead, it may lead", () => {
  const history = new History(standbyLeadsByStandalone)
    .state("sw0_dpu0", "standby")
    .state("sw0_dpu0", "standalone")
    .state("sw0_dpu0", "active")
    .state("sw1_dpu0", "standby")
    .state("sw1_dpu0", "dead")
    .state("sw1_dpu0", "active");
  expect(history.violations).toEqual([]);
});

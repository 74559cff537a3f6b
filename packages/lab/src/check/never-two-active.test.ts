import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { neverTwoActive } from "./never-two-active.js";

test("a side that becomes active beside an active one is told", () => {
  const history = new History(neverTwoActive).state("sw0_dpu0", "active").state("sw1_dpu0", "active");
  expect(history.violations).toEqual(["never-two-active: haset0-0: sw1_dpu0 became active beside sw0_dpu0"]);
});

test("one side may follow the other, also when that one lost power", () => {
  const history = new History(neverTwoActive)
    .state("sw0_dpu0", "active")
    .state("sw1_dpu0", "standby")
    .power("sw0_dpu0", false)
    .state("sw1_dpu0", "standalone")
    .state("sw1_dpu0", "active")
    .state("sw0_dpu0", "standby");
  expect(history.violations).toEqual([]);
});

import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { scopeHasSet } from "./scope-has-set.js";

const given = (): History =>
  new History(scopeHasSet).row("sw1_dpu0", "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE", "haset0-0", { ha_set_id: "haset0-0" });

test("a scope that was given without its set is told", () => {
  expect(given().rest().violations).toEqual(["scope-has-set: sw1_dpu0: scope haset0-0 without its set haset0-0"]);
  const other = given().row("sw1_dpu0", "DPU_APPL_DB", "DASH_HA_SET_TABLE", "haset0-1", {});
  expect(other.rest().violations).toHaveLength(1);
});

test("a scope with its set is as it should be", () => {
  const whole = given().row("sw1_dpu0", "DPU_APPL_DB", "DASH_HA_SET_TABLE", "haset0-0", {});
  expect(whole.rest().violations).toEqual([]);
});

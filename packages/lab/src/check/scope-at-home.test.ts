import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { scopeAtHome } from "./scope-at-home.js";

test("a report on another switch, and a scope of another DPU, are told", () => {
  const history = new History(scopeAtHome, { switches: 2, dpusPerSwitch: 2 })
    .row("sw1", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {})
    .told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-1", {});
  expect(history.violations).toEqual([
    "scope-at-home: sw1 reports vdpu0-0|haset0-0, which is at home on sw0",
    "scope-at-home: sw0_dpu0 was told of scope haset0-1, which is another DPU's",
  ]);
});

test("a scope's own switch and DPU have its rows", () => {
  const history = new History(scopeAtHome)
    .wanted("sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", {})
    .row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {})
    .told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", {});
  expect(history.violations).toEqual([]);
});

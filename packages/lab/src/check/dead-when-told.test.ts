import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { deadWhenTold } from "./dead-when-told.js";

const told = (fields: Readonly<Record<string, string>>): History =>
  new History(deadWhenTold).told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", fields);

test("a scope that comes up though it is disabled, or its role is dead, is told", () => {
  expect(told({ disabled: "true", ha_role: "active" }).state("sw0_dpu0", "connecting").violations).toEqual([
    "dead-when-told: sw0_dpu0 became connecting, though told disabled",
  ]);
  expect(told({ disabled: "false", ha_role: "dead" }).state("sw0_dpu0", "connecting").violations).toEqual([
    "dead-when-told: sw0_dpu0 became connecting, though told role dead",
  ]);
});

test("a scope comes up when a row wants it up", () => {
  const history = told({ disabled: "true", ha_role: "active" });
  history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { disabled: "false", ha_role: "active" });
  expect(history.state("sw0_dpu0", "connecting").violations).toEqual([]);
});

test("a row that disables a scope and lifts role dead leads it through its launch, back at once, and once", () => {
  const dead = { disabled: "false", ha_role: "dead" };
  const both = { disabled: "true", ha_role: "standby" };
  const lifted = (): History => told(dead).told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", both);
  const passed = (): History => lifted().state("sw0_dpu0", "connecting").state("sw0_dpu0", "dead").wait(1000);
  const violation = ["dead-when-told: sw0_dpu0 became connecting, though told disabled"];
  expect(passed().violations).toEqual([]);
  expect(lifted().state("sw0_dpu0", "connecting").wait(1000).violations).toEqual(violation);
  expect(passed().state("sw0_dpu0", "connecting").violations).toEqual(violation);
  const disabled = told(both).told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { ...both, ha_role: "active" });
  expect(disabled.state("sw0_dpu0", "connecting").state("sw0_dpu0", "dead").violations).toEqual(violation);
});

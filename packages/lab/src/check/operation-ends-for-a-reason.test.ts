import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { operationEndsForAReason } from "./operation-ends-for-a-reason.js";

const publish = (history: History, ids: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
    pending_operation_ids: ids,
    pending_operation_types: ids === "" ? "" : "activate_role",
  });
const flag = (history: History, pending: string): History =>
  history.row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", { activate_role_pending: pending });
const start = (): History => publish(flag(new History(operationEndsForAReason), "true"), "a");

test("an id that another takes the place of is told", () => {
  expect(publish(start(), "b").violations).toEqual([
    "operation-ends-for-a-reason: sw0_dpu0: activate_role a is not pending any more, for no reason",
  ]);
});

test("approval, a fallen flag, a restarted DPU and a deleted config are reasons", () => {
  const config = ["sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0"] as const;
  const approved = { version: "1", owner: "dpu", ha_set_id: "haset0-0", approved_pending_operation_ids: "a" };
  expect(publish(start().wanted(...config, approved), "").violations).toEqual([]);
  expect(publish(flag(start(), "false"), "").violations).toEqual([]);
  expect(publish(start().power("sw0_dpu0", false), "b").violations).toEqual([]);
  expect(publish(start().wanted(...config, undefined), "b").violations).toEqual([]);
});

test("what is asked for between a deleted config and hamgrd hearing of it goes with its scope, and only then", () => {
  const config = ["sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0"] as const;
  const scope = (history: History, created: string, ids: string): History =>
    history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
      creation_time_in_ms: created,
      pending_operation_ids: ids,
      pending_operation_types: ids === "" ? "" : "activate_role",
    });
  const late = (): History => {
    const before = scope(flag(new History(operationEndsForAReason), "true"), "1000", "");
    return scope(before.wanted(...config, undefined).wanted(...config, {}), "1000", "a");
  };
  expect(scope(late(), "2000", "b").violations).toEqual([]);
  const told = (id: string) => [
    `operation-ends-for-a-reason: sw0_dpu0: activate_role ${id} is not pending any more, for no reason`,
  ];
  expect(scope(late(), "1000", "b").violations).toEqual(told("a"));
  expect(scope(scope(late(), "2000", "b"), "2000", "c").violations).toEqual(told("b"));
});

test("what a late hamgrd takes for pending before it hears of a restart goes within three seconds of it", () => {
  const restarted = (): History =>
    publish(start().row("sw0", "CHASSIS_STATE_DB", "DPU_STATE", "DPU0", { dpu_control_plane_state: "up" }), "b");
  expect(publish(restarted().trouble("sw0_dpu0", "process").wait(300), "").violations).toEqual([]);
  expect(publish(restarted().wait(300), "").violations).toHaveLength(1);
  expect(publish(restarted().trouble("sw0_dpu0", "process").wait(3000), "").violations).toHaveLength(1);
});

test("an operation that is opened for a flag that has fallen already goes as hamgrd hears of that, no other does", () => {
  const fallen = (): History => publish(flag(start(), "false"), "");
  expect(publish(publish(fallen(), "b"), "").violations).toEqual([]);
  expect(publish(publish(flag(fallen(), "true"), "b"), "").violations).toHaveLength(1);
});

test("an activation ends with the launch that asked for it when its scope is wanted up again, and nothing else does", () => {
  const CONFIG = { version: "1", owner: "dpu", ha_set_id: "haset0-0" };
  const config = (history: History, disabled: string): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", { ...CONFIG, disabled });
  const down = (): History => config(config(start(), "false"), "true");
  expect(publish(config(down(), "false"), "b").violations).toEqual([]);
  expect(publish(down(), "b").violations).toHaveLength(1);
  expect(publish(config(config(start(), "false"), "false"), "b").violations).toHaveLength(1);
  const others = start()
    .row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", {
      activate_role_pending: "true",
      flow_reconcile_pending: "true",
    })
    .row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
      pending_operation_ids: "a,c",
      pending_operation_types: "activate_role,flow_reconcile",
    });
  expect(publish(config(config(others, "true"), "false"), "b").violations).toEqual([
    "operation-ends-for-a-reason: sw0_dpu0: flow_reconcile c is not pending any more, for no reason",
  ]);
  // Of what it asked for after that, only a hamgrd that hears late takes it for the launch of before.
  const anew = (history: History): History => publish(publish(history, "b").wait(300), "c");
  expect(anew(config(down(), "false")).violations).toHaveLength(1);
  expect(anew(config(down(), "false").trouble("sw0_dpu0", "process")).violations).toEqual([]);
});

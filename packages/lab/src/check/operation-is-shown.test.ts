import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { operationIsShown } from "./operation-is-shown.js";

const CONFIG = { version: "1", owner: "dpu", ha_set_id: "haset0-0" };
const start = (pending: string): History =>
  new History(operationIsShown)
    .row("sw0", "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", CONFIG)
    .row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", { flow_reconcile_pending: pending });
const publish = (history: History, types: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
    local_ha_state: "standalone",
    pending_operation_ids: types === "" ? "" : "a",
    pending_operation_types: types,
  });

test("an operation that nobody is shown is told, one that nobody waits for too", () => {
  expect(publish(start("true"), "").wait(20_000).violations).toEqual([
    "operation-is-shown: sw0_dpu0 waits for flow_reconcile, and nobody is shown it",
  ]);
  expect(publish(start("false"), "flow_reconcile").wait(20_000).violations).toEqual([
    "operation-is-shown: flow_reconcile of sw0_dpu0 is shown as pending, though the DPU does not wait for it",
  ]);
});

test("one that is approved and still shown is told", () => {
  const history = publish(start("true"), "flow_reconcile").row(
    "sw0",
    "APPL_DB",
    "DASH_HA_SCOPE_CONFIG_TABLE",
    "vdpu0-0:haset0-0",
    { ...CONFIG, approved_pending_operation_ids: "a" },
  );
  expect(history.wait(20_000).violations).toEqual([
    "operation-is-shown: flow_reconcile of sw0_dpu0 is approved and still shown as pending",
  ]);
});

test("what is shown in time is as it should be, and time does not count while hamgrd is down", () => {
  expect(publish(publish(start("true"), "").wait(5000), "flow_reconcile").wait(20_000).violations).toEqual([]);
  expect(publish(start("true"), "").part("sw0_dpu0", false).wait(60_000).violations).toEqual([]);
});

test("a hamgrd that starts while the set is gone shows what it showed; one that knew it has to go on", () => {
  const set = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  const gone = (): History => set(set(publish(start("false"), "flow_reconcile"), {}).wait(1000), undefined);
  expect(gone().wait(20_000).violations).toHaveLength(1);
  const lost = gone().wait(1000).part("sw0_dpu0", false).part("sw0_dpu0", true).wait(60_000);
  expect(lost.violations).toEqual([]);
  expect(set(lost, {}).wait(20_000).violations).toHaveLength(1);
});

import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { reconcileAfterTakeover } from "./reconcile-after-takeover.js";

const takesOver = (reconcilePaused: boolean): History =>
  new History(reconcileAfterTakeover)
    .state("sw0_dpu0", "standby")
    .knows("sw0_dpu0", coreWith({ reconcilePaused }))
    .state("sw0_dpu0", "standalone");

const report = (history: History): History =>
  history.row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", { flow_reconcile_pending: "true" });

test("a side that takes over and asks for nothing is told", () => {
  expect(takesOver(true).wait(20_000).violations).toEqual([
    "reconcile-after-takeover: sw0_dpu0 took over and does not ask for flow reconcile",
  ]);
});

test("a side that simulates learnt flows before it may is told", () => {
  expect(report(takesOver(false)).violations).toEqual([
    "reconcile-after-takeover: sw0_dpu0 simulates learnt flows again, and no row has told it to",
  ]);
});

test("a side that asks and waits for its row is as it should be", () => {
  const history = report(takesOver(true)).wait(20_000);
  history
    .told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { flow_reconcile_requested: "true" })
    .knows("sw0_dpu0", coreWith({ reconcilePaused: false }))
    .state("sw0_dpu0", "active");
  expect(history.violations).toEqual([]);
});

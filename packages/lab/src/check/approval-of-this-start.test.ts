import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { approvalOfThisStart } from "./approval-of-this-start.js";

const publish = (history: History, ids: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
    pending_operation_ids: ids,
    pending_operation_types: ids === "" ? "" : "activate_role",
  });
const approve = (history: History, ids: string): History =>
  history.wanted("sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", {
    version: "1",
    owner: "dpu",
    ha_set_id: "haset0-0",
    approved_pending_operation_ids: ids,
  });
const activate = (history: History): History => waits(history).state("sw0_dpu0", "standby");
const waits = (history: History): History => history.state("sw0_dpu0", "pending_standby_activation");

test("an activation that nobody approved is told", () => {
  const history = publish(waits(new History(approvalOfThisStart)), "a").state("sw0_dpu0", "standby");
  expect(history.violations).toEqual([
    "approval-of-this-start: sw0_dpu0 was activated without an approval: none that was published since its start was approved",
  ]);
});

test("an approval that activates twice is told", () => {
  const history = activate(approve(publish(new History(approvalOfThisStart), "a"), "a"));
  expect(activate(history.state("sw0_dpu0", "connecting")).violations).toEqual([
    "approval-of-this-start: sw0_dpu0 was activated without an approval: a was used up",
  ]);
});

test("an approval from before the DPU was dead is none", () => {
  const history = approve(publish(waits(new History(approvalOfThisStart)), "a"), "a").state("sw0_dpu0", "dead");
  expect(activate(publish(history, "a")).violations).toHaveLength(1);
});

test("each start has an approval of its own", () => {
  const first = activate(approve(publish(new History(approvalOfThisStart), "a"), "a")).state("sw0_dpu0", "dead");
  expect(activate(approve(publish(publish(first, ""), "b"), "a,b")).violations).toEqual([]);
});

test("what an old scope still reports counts for the one that was created meanwhile, and for no other", () => {
  const ROW = ["sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0"] as const;
  const publishAt = (history: History, created: string, ids: string): History =>
    history.row(...ROW, {
      creation_time_in_ms: created,
      pending_operation_ids: ids,
      pending_operation_types: "activate_role",
    });
  const forget = (history: History): History => history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", undefined);
  const old = (): History => publishAt(waits(new History(approvalOfThisStart)), "1", "a");
  expect(activate(forget(approve(old(), "a").row(...ROW, undefined))).violations).toHaveLength(1);
  const anew = (ids: string): History => activate(forget(approve(publishAt(old(), "2", "b"), ids)));
  expect(anew("a").violations).toHaveLength(1);
  expect(anew("a,b").violations).toEqual([]);
});

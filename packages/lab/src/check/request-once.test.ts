import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { requestOnce } from "./request-once.js";

const ask = (history: History, version: string, activate: string): History =>
  history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { version, activate_role_requested: activate });
const flag = (history: History, pending: string): History =>
  history.row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", { activate_role_pending: pending });

test("a request that is in two rows at once is told", () => {
  const history = ask(flag(new History(requestOnce), "true"), "1", "true").wait(100);
  expect(ask(history, "2", "true").violations).toEqual([
    "request-once: sw0_dpu0: activate_role_requested in two rows within 100 ms",
  ]);
});

test("the same row again, another after two seconds, and one after the flag fell are as they should be", () => {
  const again = ask(ask(flag(new History(requestOnce), "true"), "1", "true"), "1", "true").wait(2000);
  expect(ask(again, "2", "true").violations).toEqual([]);
  const next = flag(flag(ask(new History(requestOnce), "1", "true"), "false"), "true");
  expect(ask(next, "2", "true").violations).toEqual([]);
  expect(ask(ask(new History(requestOnce), "1", "true"), "2", "false").violations).toEqual([]);
});

test("a request for another operation of the type is another one; for the same it is told still", () => {
  const lists = (history: History, ids: string): History =>
    history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
      pending_operation_ids: ids,
      pending_operation_types: ids === "" ? "" : "activate_role",
    });
  const asked = (): History => ask(lists(lists(new History(requestOnce), "a"), ""), "1", "true").wait(100);
  expect(ask(lists(lists(asked(), "b"), ""), "2", "true").violations).toEqual([]);
  expect(ask(lists(asked(), ""), "2", "true").violations).toHaveLength(1);
});

test("the same row again before two seconds are over does not put off when another may carry the request", () => {
  const repeated = (): History => ask(ask(flag(new History(requestOnce), "true"), "1", "true").wait(1500), "1", "true");
  expect(ask(repeated().wait(500), "2", "true").violations).toEqual([]);
  expect(ask(repeated().wait(400), "2", "true").violations).toEqual([
    "request-once: sw0_dpu0: activate_role_requested in two rows within 1900 ms",
  ]);
});

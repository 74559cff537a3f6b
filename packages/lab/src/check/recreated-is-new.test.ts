import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { recreatedIsNew } from "./recreated-is-new.js";

const config = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
  history.wanted("sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", fields);
const shows = (history: History, ids: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", { pending_operation_ids: ids });
const ROW = { version: "1" };
const recreated = (): History =>
  config(config(shows(config(new History(recreatedIsNew), ROW), "id-1").wait(5000), undefined), ROW);

test("an operation that outlives its scope is told", () => {
  expect(recreated().wait(20_000).violations).toEqual([
    "recreated-is-new: sw0_dpu0: id-1 is pending still, though its scope was deleted and created again",
  ]);
});

test("a new operation, one that is approved, and a hamgrd that was away are as they should be", () => {
  expect(shows(recreated().wait(100), "id-2").wait(20_000).violations).toEqual([]);
  expect(shows(recreated().wait(5000), "").wait(20_000).violations).toEqual([]);
  const away = recreated().part("sw0_dpu0", false).wait(1000).part("sw0_dpu0", true);
  expect(away.wait(60_000).violations).toEqual([]);
});

test("a scope that is created again without its set shows what it showed until the set is back, and not longer", () => {
  const set = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  const scope = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    config(history, fields).row("sw0", "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", fields);
  const gone = set(set(shows(scope(new History(recreatedIsNew), ROW), "id-1"), {}).wait(1000), undefined).wait(1000);
  const waits = scope(scope(gone, undefined), ROW).wait(60_000);
  expect(waits.violations).toEqual([]);
  expect(set(waits, {}).wait(20_000).violations).toHaveLength(1);
});

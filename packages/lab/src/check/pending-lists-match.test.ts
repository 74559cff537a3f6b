import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { pendingListsMatch } from "./pending-lists-match.js";

const KEY = "vdpu0-0|haset0-0";

function published(ids: string, types: string): readonly string[] {
  const fields = { pending_operation_ids: ids, pending_operation_types: types };
  return new History(pendingListsMatch).row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", KEY, fields).violations;
}

test("lists of two lengths, an id twice and a type twice are told", () => {
  expect(published("a,b", "activate_role")).toHaveLength(1);
  expect(published("a,a", "activate_role,flow_reconcile")).toHaveLength(1);
  expect(published("a,b", "activate_role,activate_role")).toHaveLength(1);
});

test("lists that match, and empty ones, are as they should be", () => {
  expect(published("a,b", "activate_role,flow_reconcile")).toEqual([]);
  expect(published("", "")).toEqual([]);
});

import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { givenUpIsDeleted } from "./given-up-is-deleted.js";

const ROW = { version: "1" };
const NEW = { version: "2" };
const told = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
  history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", fields);
const shown = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", fields);
const givenUp = (): History => shown(shown(told(new History(givenUpIsDeleted), ROW), ROW).wait(10_000), undefined);

test("a scope that is told again as if nothing had been deleted is told", () => {
  expect(told(givenUp().wait(1000), NEW).violations).toEqual([
    "given-up-is-deleted: sw0_dpu0: told of scope haset0-0 again, and never that it was deleted",
  ]);
});

test("after a delete, a start of the DPU, or a death of hamgrd it may be told again", () => {
  expect(told(told(givenUp(), undefined), NEW).violations).toEqual([]);
  expect(told(givenUp().power("sw0_dpu0", false).power("sw0_dpu0", true), NEW).violations).toEqual([]);
  expect(told(givenUp().part("sw0_dpu0", false).part("sw0_dpu0", true), NEW).violations).toEqual([]);
});

test("a row that was under way when the scope was given up is none of a new one", () => {
  expect(told(told(givenUp(), ROW), undefined).violations).toEqual([]);
});

test("a state row that goes while its config stands says nothing", () => {
  const lost = told(new History(givenUpIsDeleted), ROW).row(
    "sw0",
    "APPL_DB",
    "DASH_HA_SCOPE_CONFIG_TABLE",
    "vdpu0-0:haset0-0",
    ROW,
  );
  expect(told(shown(shown(lost, ROW).wait(10_000), undefined), NEW).violations).toEqual([]);
});

import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { ledgerNamesRows } from "./ledger-names-rows.js";

const SET = ["sw0_dpu0", "DPU_APPL_DB", "DASH_HA_SET_TABLE", "haset0-0"] as const;
const LEDGER = ["sw0", "STATE_DB", "TANDEM_LEDGER", "dpu0|ha-set|haset0-0"] as const;
const ENTRY = { "DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0": "1 00" };

test("a row that no ledger names is told, also when its entry went before it", () => {
  const told = ["ledger-names-rows: sw0_dpu0: no ledger names DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0"];
  expect(new History(ledgerNamesRows).row(...SET, {}).wait(20_000).violations).toEqual(told);
  const early = new History(ledgerNamesRows)
    .row(...LEDGER, ENTRY)
    .row(...SET, {})
    .wait(20_000);
  expect(early.row(...LEDGER, undefined).wait(20_000).violations).toEqual(told);
});

test("the ledger of another slot names nothing of this DPU", () => {
  const history = new History(ledgerNamesRows, { switches: 2, dpusPerSwitch: 2 });
  history.row("sw0", "STATE_DB", "TANDEM_LEDGER", "dpu1|ha-set|haset0-0", ENTRY).row(...SET, {});
  expect(history.wait(20_000).violations).toHaveLength(1);
});

test("entry, row, and back is as it should be", () => {
  const history = new History(ledgerNamesRows)
    .row(...LEDGER, ENTRY)
    .row(...SET, {})
    .wait(20_000);
  expect(
    history
      .row(...SET, undefined)
      .row(...LEDGER, undefined)
      .wait(20_000).violations,
  ).toEqual([]);
});

test("a ledger that is taken away while its hamgrd is down takes what it named along, until that is named again", () => {
  const named = (): History => new History(ledgerNamesRows).row(...LEDGER, ENTRY).row(...SET, {});
  const taken = (): History =>
    named()
      .part("sw0_dpu0", false)
      .row(...LEDGER, undefined)
      .part("sw0_dpu0", true);
  expect(taken().wait(60_000).violations).toEqual([]);
  const again = taken()
    .row(...LEDGER, ENTRY)
    .row(...LEDGER, undefined);
  expect(again.wait(20_000).violations).toHaveLength(1);
  // Another slot's hamgrd is no excuse for this one's.
  expect(
    named()
      .part("sw1_dpu0", false)
      .row(...LEDGER, undefined)
      .wait(20_000).violations,
  ).toHaveLength(1);
});

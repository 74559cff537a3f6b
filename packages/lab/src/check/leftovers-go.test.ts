import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { leftoversGo } from "./leftovers-go.js";

const VIP = new History(leftoversGo).topology.haSets[0]?.vip;
const configured = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
  history
    .row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields)
    .row("sw0", "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", fields);
const written = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
  history
    .row("sw0", "APPL_DB", "VNET_ROUTE_TUNNEL_TABLE", `Vnet_55:${VIP}`, fields)
    .row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", fields)
    .row("sw0_dpu0", "DPU_APPL_DB", "DASH_HA_SET_TABLE", "haset0-0", fields)
    .row("sw0_dpu0", "DPU_APPL_DB", "DASH_HA_SCOPE_TABLE", "haset0-0", fields);
const ROW = { version: "1" };
const deleted = (): History => configured(written(configured(new History(leftoversGo), ROW), ROW), undefined);

test("each row that outlives its config is told", () => {
  expect(deleted().wait(20_000).violations).toEqual([
    `leftovers-go: sw0: VNET_ROUTE_TUNNEL_TABLE Vnet_55:${VIP} still stands, and haset0-0 is not configured`,
    "leftovers-go: sw0_dpu0: DASH_HA_SET_TABLE haset0-0 still stands, and haset0-0 is not configured",
    "leftovers-go: sw0: DASH_HA_SCOPE_STATE vdpu0-0|haset0-0 still stands, and vdpu0-0:haset0-0 is not configured",
    "leftovers-go: sw0_dpu0: DASH_HA_SCOPE_TABLE haset0-0 still stands, and vdpu0-0:haset0-0 is not configured",
  ]);
});

test("rows that go in time, rows whose config is back, and time without a hamgrd are as they should be", () => {
  expect(written(deleted().wait(5000), undefined).wait(20_000).violations).toEqual([]);
  expect(configured(deleted().wait(5000), ROW).wait(20_000).violations).toEqual([]);
  const down = deleted().part("sw0_dpu0", false).wait(60_000).part("sw0_dpu0", true);
  expect(written(down.wait(5000), undefined).wait(20_000).violations).toEqual([]);
});

test("what a ledger named that was taken away is known again once one names it, and other rows all the time", () => {
  const ledger = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "STATE_DB", "TANDEM_LEDGER", "dpu0|ha-set|haset0-0", fields);
  const names = {
    [`APPL_DB|VNET_ROUTE_TUNNEL_TABLE|Vnet_55:${VIP}`]: "1",
    "DPU_APPL_DB|DASH_HA_SET_TABLE|haset0-0": "2",
  };
  const taken = (): History =>
    ledger(ledger(written(configured(new History(leftoversGo), ROW), ROW), names), undefined);
  expect(configured(taken(), undefined).wait(20_000).violations).toHaveLength(2);
  expect(configured(ledger(taken(), names), undefined).wait(20_000).violations).toHaveLength(4);
});

import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { bfdWithheldWhileDown } from "./bfd-withheld-while-down.js";

const KEY = "default:default:10.0.0.1";
const planes = (history: History, state: string): History =>
  history.row("sw0", "CHASSIS_STATE_DB", "DPU_STATE", "DPU0", {
    dpu_midplane_link_state: "up",
    dpu_control_plane_state: state,
  });
const LEDGER = ["sw0", "STATE_DB", "TANDEM_LEDGER", "dpu0|dpu|DPU0"] as const;
const keeps = (history: History): History =>
  history
    .row(...LEDGER, { [`DPU_APPL_DB|BFD_SESSION_TABLE|${KEY}`]: "1 00" })
    .row("sw0_dpu0", "DPU_APPL_DB", "BFD_SESSION_TABLE", KEY, {});

test("rows that a DPU keeps while it is down are told", () => {
  expect(planes(keeps(new History(bfdWithheldWhileDown)), "down").wait(20_000).violations).toEqual([
    "bfd-withheld-while-down: sw0_dpu0 is down and keeps 1 BFD rows",
  ]);
});

test("a row that it is given while it is down is told", () => {
  const history = planes(new History(bfdWithheldWhileDown), "down").wait(5000);
  expect(history.told("sw0_dpu0", "BFD_SESSION_TABLE", KEY, {}).violations).toEqual([
    `bfd-withheld-while-down: sw0_dpu0 is down and was told to answer ${KEY}`,
  ]);
});

test("rows that go in time, and come back with it, are as they should be", () => {
  const history = planes(keeps(new History(bfdWithheldWhileDown)), "down").wait(500);
  history.row("sw0_dpu0", "DPU_APPL_DB", "BFD_SESSION_TABLE", KEY, undefined).wait(20_000);
  expect(planes(history, "up").told("sw0_dpu0", "BFD_SESSION_TABLE", KEY, {}).violations).toEqual([]);
});

test("rows whose ledger was taken away are nobody's to delete", () => {
  const history = planes(keeps(new History(bfdWithheldWhileDown)), "down");
  expect(history.row(...LEDGER, undefined).wait(20_000).violations).toEqual([]);
});

test("a row that was sent before the fall may come late where rows are late, one that was sent after it may not", () => {
  const row = (history: History): History => history.row("sw0_dpu0", "DPU_APPL_DB", "BFD_SESSION_TABLE", KEY, {});
  const told = (history: History): History => history.told("sw0_dpu0", "BFD_SESSION_TABLE", KEY, {});
  const late = (): History => row(new History(bfdWithheldWhileDown).trouble("sw0_dpu0", "dpu")).wait(1000);
  expect(told(planes(late(), "down").wait(3000)).violations).toEqual([]);
  expect(told(row(planes(late(), "down").wait(2000)).wait(1000)).violations).toHaveLength(1);
  expect(told(planes(row(new History(bfdWithheldWhileDown)).wait(1000), "down").wait(3000)).violations).toHaveLength(1);
});

import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { unreportedIsUnknown } from "./unreported-is-unknown.js";

const planes = (history: History, state: string): History =>
  history.row("sw0", "CHASSIS_STATE_DB", "DPU_STATE", "DPU0", {
    dpu_midplane_link_state: state,
    dpu_control_plane_state: state,
  });
const report = (history: History, state: string | undefined): History =>
  history.row(
    "sw0_dpu0",
    "DPU_STATE_DB",
    "DASH_HA_SCOPE_STATE_TABLE",
    "haset0-0",
    state === undefined ? undefined : { ha_state: state },
  );
const shows = (history: History, state: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", { local_ha_state: state });
const flushed = (): History =>
  report(planes(shows(report(planes(new History(unreportedIsUnknown), "up"), "active"), "active"), "down"), undefined);

test("a state of an emptied database that still shows after the start is told", () => {
  expect(planes(flushed().wait(5000), "up").wait(20_000).violations).toEqual([
    "unreported-is-unknown: vdpu0-0|haset0-0 reads active, and sw0_dpu0 reports nothing",
  ]);
});

test("unknown, a new report, or a DPU that is still down are as they should be", () => {
  expect(flushed().wait(60_000).violations).toEqual([]);
  expect(shows(planes(flushed(), "up").wait(1000), "unknown").wait(60_000).violations).toEqual([]);
  expect(report(planes(flushed(), "up").wait(1000), "dead").wait(60_000).violations).toEqual([]);
});

test("a hamgrd that starts while the set is gone shows what it showed, until the set is back", () => {
  const set = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  const gone = (): History => set(set(planes(flushed(), "up"), {}).wait(1000), undefined);
  expect(gone().wait(20_000).violations).toHaveLength(1);
  const lost = gone().part("sw0_dpu0", false).part("sw0_dpu0", true).wait(60_000);
  expect(lost.violations).toEqual([]);
  expect(set(lost, {}).wait(20_000).violations).toHaveLength(1);
});

test("a start that pmon does not show is nothing that hamgrd could know of, until pmon does", () => {
  const shown = shows(report(planes(new History(unreportedIsUnknown), "up"), "active"), "active");
  const anew = report(shown.power("sw0_dpu0", false).wait(1000), undefined).power("sw0_dpu0", true).wait(60_000);
  expect(anew.violations).toEqual([]);
  expect(planes(planes(anew, "down").wait(100), "up").wait(20_000).violations).toHaveLength(1);
});

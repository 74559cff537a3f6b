import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { staleReportIsNoAck } from "./stale-report-is-no-ack.js";

const planes = (history: History, state: string): History =>
  history.row("sw0", "CHASSIS_STATE_DB", "DPU_STATE", "DPU0", {
    dpu_midplane_link_state: state,
    dpu_control_plane_state: state,
  });
const report = (history: History, state: string): History =>
  history.row("sw0_dpu0", "DPU_STATE_DB", "DASH_HA_SCOPE_STATE_TABLE", "haset0-0", { ha_state: state });
const acks = (history: History, state: string): History =>
  history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
    local_vdpu_midplane_state: "up",
    local_vdpu_control_plane_state: "up",
    local_acked_asic_ha_state: state,
  });
const restarted = (): History => {
  const before = acks(report(planes(new History(staleReportIsNoAck), "up"), "active"), "active").wait(5000);
  return planes(planes(before, "down").wait(3000), "up");
};

test("a state from before the restart that still counts is told", () => {
  expect(acks(restarted().wait(10), "active").violations).toEqual([
    "stale-report-is-no-ack: vdpu0-0|haset0-0 reads active, which sw0_dpu0 wrote before it started",
  ]);
});

test("unknown, then what the DPU writes anew, or the old one after half a minute", () => {
  expect(acks(report(acks(restarted(), "unknown").wait(10), "dead"), "dead").violations).toEqual([]);
  expect(acks(acks(restarted(), "unknown").wait(30_000), "active").violations).toEqual([]);
});

test("whoever learns late of the rise says unknown three seconds later at the latest", () => {
  const late = (): History => restarted().trouble("sw0_dpu0", "process");
  expect(acks(late().wait(300), "active").violations).toEqual([]);
  expect(acks(late().wait(3000), "active").violations).toHaveLength(1);
});

test("a scope that is created again takes what stands as it is; one whose config stood all the time does not", () => {
  const config = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", fields);
  const created = (history: History, time: string): History =>
    history.row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
      creation_time_in_ms: time,
      local_vdpu_midplane_state: "up",
      local_vdpu_control_plane_state: "up",
      local_acked_asic_ha_state: "active",
    });
  const old = (): History => {
    const before = created(config(report(planes(new History(staleReportIsNoAck), "up"), "active"), {}), "1").wait(5000);
    return planes(planes(before, "down").wait(3000), "up").wait(10);
  };
  expect(created(config(config(old(), undefined), {}), "2").violations).toEqual([]);
  expect(created(old(), "2").violations).toHaveLength(1);
});

test("what a Redis brings back while hamgrd is down says nothing of hamgrd; once that runs, it does", () => {
  const away = (): History => restarted().part("sw0_dpu0", false).wait(10);
  expect(acks(away(), "active").violations).toEqual([]);
  expect(acks(away().part("sw0_dpu0", true), "active").violations).toHaveLength(1);
});

import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { reportReachesSwitch } from "./report-reaches-switch.js";

function shows(state: string, target: string): History {
  const history = new History(reportReachesSwitch).knows("sw0_dpu0", coreWith({})).state("sw0_dpu0", "active");
  return configured(history, { sw0_dpu0: "active" }).row("sw0", "STATE_DB", "DASH_HA_SCOPE_STATE", "vdpu0-0|haset0-0", {
    local_ha_state: state,
    local_acked_asic_ha_state: state,
    local_target_asic_ha_state: target,
  });
}

test("a report, or a wish, that does not show in time is told", () => {
  expect(shows("standby", "active").wait(11_000).violations).toEqual([
    "report-reaches-switch: sw0_dpu0: local_ha_state reads standby, and is active",
  ]);
  expect(shows("active", "unspecified").wait(11_000).violations).toEqual([
    "report-reaches-switch: sw0_dpu0: local_target_asic_ha_state reads unspecified, and is active",
  ]);
});

test("a report that pmon has put in doubt may show later", () => {
  expect(shows("unknown", "active").wait(39_000).violations).toEqual([]);
  expect(shows("unknown", "active").wait(41_000).violations).toHaveLength(1);
});

test("what shows, or cannot for now, is as it should be", () => {
  expect(shows("active", "active").wait(60_000).violations).toEqual([]);
  expect(shows("standby", "active").trouble("sw0_dpu0", "dpu").wait(60_000).violations).toEqual([]);
  expect(shows("standby", "active").wait(5000).state("sw0_dpu0", "standby").wait(60_000).violations).toEqual([]);
});

test("a hamgrd that starts while the set is gone shows what it showed, until the set is back", () => {
  const set = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  expect(set(shows("standby", "active").wait(1000), undefined).wait(11_000).violations).toHaveLength(1);
  const lost = set(shows("standby", "active"), undefined).part("sw0_dpu0", false).part("sw0_dpu0", true).wait(60_000);
  expect(lost.violations).toEqual([]);
  expect(set(lost, {}).wait(20_000).violations).toHaveLength(1);
});

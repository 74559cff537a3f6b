import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configReachesDpu } from "./config-reaches-dpu.js";

const want = (history: History, version: string, desired: string, disabled = "false"): History =>
  history.wanted("sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0", {
    version,
    owner: "dpu",
    ha_set_id: "haset0-0",
    desired_ha_state: desired,
    disabled,
  });
const tell = (history: History, version: string, ha_role: string, disabled = "false"): History =>
  history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { version, ha_role, disabled });
const on = (): History => new History(configReachesDpu).knows("sw0_dpu0", coreWith({})).power("sw0_dpu0", true);

test("a config that does not arrive is told, while DPU and hamgrd are there", () => {
  const late = tell(want(on(), "1", "active"), "1", "active");
  expect(want(late, "2", "active", "true").wait(20_000).violations).toEqual([
    "config-reaches-dpu: sw0_dpu0 is to be disabled active and was told active",
  ]);
  const off = want(on(), "1", "active").power("sw0_dpu0", false);
  expect(off.wait(60_000).violations).toEqual([]);
});

test("a row that says something else than its version is told", () => {
  expect(tell(want(on(), "1", "unspecified"), "1", "active").violations).toEqual([
    "config-reaches-dpu: sw0_dpu0 was told active, and version 1 says standby",
  ]);
});

test("what arrives in time and as it was written is as it should be", () => {
  const history = tell(want(on(), "1", "active"), "1", "active").wait(20_000);
  expect(tell(want(history, "2", "dead", "true"), "2", "dead", "true").wait(20_000).violations).toEqual([]);
});

test("a hamgrd that starts while the set is gone knows nothing of the pair; one that knew it has to go on", () => {
  const set = (history: History, fields: Readonly<Record<string, string>> | undefined): History =>
    history.row("sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0", fields);
  const gone = (): History => set(set(tell(want(on(), "1", "active"), "1", "active"), {}).wait(1000), undefined);
  const anew = (history: History): History => history.wait(1000).part("sw0_dpu0", false).part("sw0_dpu0", true);
  const told = ["config-reaches-dpu: sw0_dpu0 is to be standby and was told active"];
  expect(want(gone(), "2", "standby").wait(20_000).violations).toEqual(told);
  const lost = want(anew(gone()), "2", "standby").wait(60_000);
  expect(lost.violations).toEqual([]);
  expect(set(lost, {}).wait(9000).violations).toEqual([]);
  expect(lost.wait(2000).violations).toEqual(told);
});

test("a scope that is created while the set is gone waits for it", () => {
  const row = (history: History, table: string, key: string, fields: Readonly<Record<string, string>> | undefined) =>
    history.row("sw0", "APPL_DB", table, key, fields);
  const scope = ["DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0"] as const;
  const set = ["DASH_HA_SET_CONFIG_TABLE", "haset0-0"] as const;
  const gone = row(row(on(), ...set, {}).wait(1000), ...set, undefined).wait(1000);
  const lost = want(row(row(row(gone, ...scope, {}), ...scope, undefined), ...scope, {}), "1", "active").wait(60_000);
  expect(lost.violations).toEqual([]);
  expect(row(lost, ...set, {}).wait(20_000).violations).toEqual([
    "config-reaches-dpu: sw0_dpu0 is to be active and was told nothing",
  ]);
});

test("a hamgrd that starts while rows are away that the set needs knows nothing of the pair until they are back", () => {
  const told = ["config-reaches-dpu: sw0_dpu0 is to be standby and was told active"];
  const ran = tell(want(on(), "1", "active"), "1", "active").wait(1000);
  const lost = ran.trouble("sw0_dpu0", "row").wait(1000).part("sw0_dpu0", false).part("sw0_dpu0", true);
  const set = ["sw0", "APPL_DB", "DASH_HA_SET_CONFIG_TABLE", "haset0-0"] as const;
  lost.row(...set, {}).row(...set, undefined);
  expect(want(lost, "2", "standby").trouble("sw0_dpu0", "row", false).wait(60_000).violations).toEqual([]);
  expect(lost.row(...set, {}).wait(20_000).violations).toEqual(told);
});

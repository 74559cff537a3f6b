import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { setBeforeScope } from "./set-before-scope.js";

const SCOPE = ["sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0"] as const;
const SET = ["sw0_dpu0", "DASH_HA_SET_TABLE", "haset0-0"] as const;
const ROW = { ha_set_id: "haset0-0" };
const CONFIGS = [
  ["sw0", "DASH_HA_SET_CONFIG_TABLE", "haset0-0"],
  ["sw0", "DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0"],
] as const;

/** A DPU that has been on for long, and a pair that is configured. */
function running(): History {
  const history = new History(setBeforeScope).power("sw0_dpu0", true).wait(60_000);
  return history.wanted(...CONFIGS[0], {}).wanted(...CONFIGS[1], {});
}

test("a scope that comes before its set is told", () => {
  expect(running().told(...SCOPE, ROW).violations).toEqual([
    "set-before-scope: sw0_dpu0: told of scope haset0-0 before its set haset0-0",
  ]);
});

test("a set that goes while its scope stays is told when the controller deleted the scope first", () => {
  const history = running()
    .told(...SET, {})
    .told(...SCOPE, ROW);
  history.wanted(...CONFIGS[1], undefined).wanted(...CONFIGS[0], undefined);
  expect(history.told(...SET, undefined).wait(5000).violations).toEqual([
    "set-before-scope: sw0_dpu0: told to forget set haset0-0, and not its scope haset0-0",
  ]);
});

test("set, scope, and back; or as the controller deleted them", () => {
  const there = (): History =>
    running()
      .told(...SET, {})
      .told(...SCOPE, ROW);
  const back = there()
    .wanted(...CONFIGS[1], undefined)
    .wanted(...CONFIGS[0], undefined);
  expect(back.told(...SCOPE, undefined).told(...SET, undefined).violations).toEqual([]);
  const reversed = there()
    .wanted(...CONFIGS[0], undefined)
    .wanted(...CONFIGS[1], undefined);
  expect(reversed.told(...SET, undefined).told(...SCOPE, undefined).violations).toEqual([]);
});

test("a set that goes under its scope stays with the DPU until the scope goes", () => {
  const history = running()
    .told(...SET, {})
    .told(...SCOPE, ROW);
  history.wanted(...CONFIGS[0], undefined).told(...SET, undefined);
  expect(history.told(...SCOPE, { ...ROW, disabled: "true" }).violations).toEqual([]);
  // What hamgrd knew of the set it goes on with: a connection that comes anew is told the scope anew.
  history.told(...SCOPE, undefined);
  expect(history.told(...SCOPE, ROW).violations).toEqual([]);
  // The set is back, and the DPU has been told so: from here on the order holds again.
  history
    .wanted(...CONFIGS[0], {})
    .told(...SET, {})
    .told(...SCOPE, undefined)
    .told(...SET, undefined);
  expect(history.told(...SCOPE, ROW).violations).toEqual([
    "set-before-scope: sw0_dpu0: told of scope haset0-0 before its set haset0-0",
  ]);
});

test("a delete of the set that reaches the DPU after the controller wrote the set again is still the controller's order", () => {
  const history = running()
    .told(...SET, {})
    .told(...SCOPE, ROW);
  history.wanted(...CONFIGS[0], undefined).wait(1200);
  history.wanted(...CONFIGS[0], {}).wait(1500);
  history
    .told(...SET, undefined)
    .wait(2000)
    .told(...SET, {});
  expect(history.violations).toEqual([]);
});

test("deletes that were refused while the DPU was troubled come each in its own time, and both do come", () => {
  const history = running()
    .told(...SET, {})
    .told(...SCOPE, ROW);
  history.trouble("sw0_dpu0", "dpu").wanted(...CONFIGS[1], undefined);
  history
    .wanted(...CONFIGS[0], undefined)
    .wait(5000)
    .trouble("sw0_dpu0", "dpu", false);
  const late = history.told(...SET, undefined).wait(2000);
  expect(late.violations).toEqual([]);
  expect(late.wait(5000).violations).toHaveLength(1);
});

test("a DPU that starts gets its rows in any order for five seconds, in which nothing keeps them from it", () => {
  const starting = (): History => running().power("sw0_dpu0", false).power("sw0_dpu0", true);
  const late = (history: History): readonly string[] => history.told(...SCOPE, ROW).violations;
  expect(late(starting().wait(4900))).toEqual([]);
  expect(late(starting().wait(5100))).toHaveLength(1);
  const kept = (): History => starting().wait(4900).trouble("sw0_dpu0", "process").wait(20_000);
  expect(late(kept())).toEqual([]);
  const mended = (): History => kept().trouble("sw0_dpu0", "process", false);
  expect(late(mended().wait(4900))).toEqual([]);
  expect(late(mended().wait(5100))).toHaveLength(1);
  // What breaks later has nothing to do with the start.
  expect(late(starting().wait(5100).trouble("sw0_dpu0", "process").wait(100))).toHaveLength(1);
});

import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { statePasses } from "./state-passes.js";

const both = (): History => new History(statePasses).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({}));

test("a DPU that stays on the way is told, each state in its own time", () => {
  expect(both().state("sw0_dpu0", "connected", "channel up").wait(41_000).violations).toEqual([
    "state-passes: sw0_dpu0 stays connected: channel up",
  ]);
  expect(both().state("sw0_dpu0", "pending_active_activation").wait(51_000).violations).toHaveLength(1);
  expect(both().state("sw0_dpu0", "switching_to_standalone").wait(70_000).violations).toEqual([]);
});

test("time does not count while approvals are held, or the peer is off", () => {
  const held = both().state("sw0_dpu0", "pending_active_activation").trouble("sw0_dpu0", "approval");
  expect(held.wait(200_000).trouble("sw0_dpu0", "approval", false).wait(49_000).violations).toEqual([]);
  expect(held.wait(2000).violations).toHaveLength(1);
  const alone = both().state("sw0_dpu0", "connecting").power("sw1_dpu0", false);
  expect(alone.wait(200_000).violations).toEqual([]);
});

test("who goes on in time, ends in a state that lasts, or loses its scope, is as it should be", () => {
  const history = both().state("sw0_dpu0", "connecting").wait(30_000).state("sw0_dpu0", "connected").wait(30_000);
  expect(history.state("sw0_dpu0", "active").wait(600_000).violations).toEqual([]);
  const gone = both().state("sw0_dpu0", "connecting").told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", undefined);
  expect(gone.wait(600_000).violations).toEqual([]);
});

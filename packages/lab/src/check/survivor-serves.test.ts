import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { survivorServes } from "./survivor-serves.js";

const pair = (): History => {
  const history = new History(survivorServes).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({}));
  return configured(history.power("sw0_dpu0", true).power("sw1_dpu0", true), {
    sw0_dpu0: "active",
    sw1_dpu0: "unspecified",
  })
    .state("sw0_dpu0", "active")
    .state("sw1_dpu0", "standby");
};

test("a standby that does not take over from a peer that is off is told", () => {
  const history = pair().power("sw0_dpu0", false);
  expect(history.wait(39_000).violations).toEqual([]);
  expect(history.wait(2000).violations).toEqual(["survivor-serves: sw1_dpu0 is standby, and sw0_dpu0 is off"]);
});

test("so is one that waits for ever for a peer that was shut down", () => {
  const history = configured(pair(), { sw1_dpu0: "disabled" }).state("sw1_dpu0", "dead");
  expect(history.state("sw0_dpu0", "connecting").wait(41_000).violations).toEqual([
    "survivor-serves: sw0_dpu0 is connecting, and sw1_dpu0 is down",
  ]);
});

test("who serves alone, is broken itself, or has a peer, is as it should be", () => {
  expect(pair().power("sw0_dpu0", false).state("sw1_dpu0", "standalone").wait(600_000).violations).toEqual([]);
  expect(pair().power("sw0_dpu0", false).trouble("sw1_dpu0", "pmon").wait(600_000).violations).toEqual([]);
  expect(pair().wait(600_000).violations).toEqual([]);
});

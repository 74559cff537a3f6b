import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { pairServes } from "./pair-serves.js";

const launched = (): History => {
  const history = new History(pairServes).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({}));
  return configured(history, { sw0_dpu0: "active", sw1_dpu0: "unspecified" });
};

test("a pair that does not come to serve is told", () => {
  const history = launched().state("sw0_dpu0", "connecting").state("sw1_dpu0", "standby");
  expect(history.wait(89_000).violations).toEqual([]);
  expect(history.wait(2000).violations).toEqual(["pair-serves: haset0-0: sw0_dpu0 is connecting, sw1_dpu0 is standby"]);
});

test("time counts from the last thing that was broken at either side, and only while both are wanted up", () => {
  const broken = launched().state("sw0_dpu0", "standalone").wait(80_000).trouble("sw1_dpu0", "link");
  expect(broken.wait(60_000).trouble("sw1_dpu0", "link", false).wait(89_000).violations).toEqual([]);
  expect(broken.wait(2000).violations).toHaveLength(1);
  const down = configured(launched().wait(80_000), { sw1_dpu0: "dead" });
  expect(down.wait(200_000).violations).toEqual([]);
  expect(launched().knows("sw1_dpu0", undefined).wait(200_000).violations).toEqual([]);
});

test("an active and a standby side serve", () => {
  const history = launched().wait(50_000).state("sw0_dpu0", "standby").state("sw1_dpu0", "active");
  expect(history.wait(600_000).violations).toEqual([]);
});

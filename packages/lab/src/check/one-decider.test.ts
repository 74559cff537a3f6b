import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { oneDecider } from "./one-decider.js";

const talking = (history: History): History =>
  history.knows("sw0_dpu0", coreWith({ channel: "up" })).knows("sw1_dpu0", coreWith({ channel: "up" }));

test("two deciders that can talk to each other are told at once", () => {
  const history = talking(new History(oneDecider)).state("sw0_dpu0", "active").state("sw1_dpu0", "standalone");
  expect(history.violations).toEqual([
    "one-decider: haset0-0: sw0_dpu0 is active, sw1_dpu0 is standalone, though they can talk",
  ]);
});

test("two that decided apart and do not notice each other after the channel is back are told", () => {
  const history = new History(oneDecider).state("sw0_dpu0", "standalone").state("sw1_dpu0", "standalone");
  talking(history).loses("sw0", undefined).wait(2000);
  expect(history.violations).toEqual(["one-decider: haset0-0: both sides decide, and neither knows it"]);
});

test("two that decided apart and know it in time are as they should be", () => {
  const history = new History(oneDecider).state("sw0_dpu0", "standalone").state("sw1_dpu0", "standalone");
  talking(history).loses("sw0", undefined).wait(500).noticesSplit("sw0_dpu0").loses("sw0", undefined).wait(5000);
  expect(history.violations).toEqual([]);
});

import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { noLivelock } from "./no-livelock.js";

const both = (): History =>
  new History(noLivelock).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({})).wait(60_000);

function swing(history: History, times: number, every = 1000): History {
  for (let i = 0; i < times; i++) history.state("sw0_dpu0", i % 2 === 0 ? "dead" : "connecting").wait(every);
  return history;
}

test("a DPU that goes round for ever is told once", () => {
  expect(swing(both(), 20).violations).toEqual([]);
  expect(swing(both(), 60).violations).toEqual([
    "no-livelock: sw0_dpu0 goes on changing its state: connecting to dead",
  ]);
});

test("so is one whose row is written over and over", () => {
  const history = both();
  for (let i = 0; i < 60; i++) history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", {}).wait(50);
  expect(history.violations).toEqual(["no-livelock: sw0_dpu0 is told its scope again and again"]);
});

test("what was broken in between begins a new count, and what follows it at once does not count", () => {
  const history = swing(both(), 15).trouble("sw0_dpu0", "link");
  swing(history, 100).trouble("sw0_dpu0", "link", false);
  expect(swing(history, 100, 50).violations).toEqual([]);
});

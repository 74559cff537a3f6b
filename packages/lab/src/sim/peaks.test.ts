import { expect, test } from "vitest";
import { beyondBounds, type Peaks } from "./peaks.js";

const calm: Peaks = { messages: 20, mail: 10, timers: 100, connections: 30 };

test("a queue that grows with what happens is told", () => {
  expect(beyondBounds(calm, { ...calm, messages: 91 }, 0)).toEqual([
    "91 messages of one hamgrd were unsettled at a time; at a launch 20",
  ]);
  expect(beyondBounds(calm, { ...calm, timers: 331 }, 0)).toHaveLength(1);
  expect(beyondBounds(calm, { messages: 999, mail: 999, timers: 999, connections: 999 }, 0)).toHaveLength(4);
});

test("a few times what a launch takes is within bounds, and so are timers of the storm itself", () => {
  expect(beyondBounds(calm, { messages: 90, mail: 60, timers: 330, connections: 120 }, 0)).toEqual([]);
  expect(beyondBounds(calm, { ...calm, timers: 340 }, 10)).toEqual([]);
});

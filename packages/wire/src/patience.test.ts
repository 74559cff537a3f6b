import { type Clock, millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { setPatience } from "./patience.js";

test("a limit is over after its time, and not at all when it is cancelled", async () => {
  const clock = new VirtualClock();
  const over: number[] = [];
  setPatience(clock, seconds(3), () => over.push(clock.monotonic()));
  const cancelled = setPatience(clock, seconds(3), () => over.push(-1));
  await clock.advance(seconds(2));
  cancelled.cancel();
  cancelled.cancel();
  await clock.advance(seconds(10));
  expect(over).toEqual([3000]);
});

test("a process that does not run for longer than the limit still gets four turns to find what it waits for", () => {
  const timers: (() => void)[] = [];
  const stalled: Pick<Clock, "setTimer"> = {
    setTimer: (_, fire) => {
      timers.push(fire);
      return { cancel: () => {} };
    },
  };
  let isOver = false;
  setPatience(stalled as Clock, millis(100), () => {
    isOver = true;
  });
  // Each fires as late as it likes: what counts is that there are turns between them.
  for (let turn = 1; turn <= 4; turn++) {
    expect(isOver).toBe(false);
    timers.shift()?.();
  }
  expect(isOver).toBe(true);
  expect(timers).toEqual([]);
});

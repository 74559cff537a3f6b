import { describe, expect, test, vi } from "vitest";
import { millis, minutes, seconds } from "./brand.js";
import { sleep, within } from "./clock.js";
import { systemClock } from "./system-clock.js";
import { VirtualClock } from "./testing/virtual-clock.js";

describe("sleep", () => {
  test("resolves after its delay", async () => {
    const clock = new VirtualClock();
    const sleeping = sleep(clock, seconds(1)).then(() => clock.monotonic());
    await clock.advance(seconds(5));
    expect(await sleeping).toBe(1000);
  });

  test("rejects with the reason when aborted, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const aborter = new AbortController();
    const reason = new Error("ended");
    const sleeping = sleep(clock, seconds(1), aborter.signal);
    aborter.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
    await expect(sleep(clock, seconds(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });
});

describe("within", () => {
  test("gives the value of work that is in time, and leaves no timer", async () => {
    const clock = new VirtualClock();
    expect(await within(clock, seconds(1), Promise.resolve("done"))).toBe("done");
    expect(clock.pending).toBe(0);
  });

  test("gives undefined when the limit passes first", async () => {
    const clock = new VirtualClock();
    const result = within(clock, seconds(1), new Promise<string>(() => {}));
    await clock.advance(seconds(1));
    expect(await result).toBe(undefined);
  });

  test("passes on a rejection, and swallows one that comes too late", async () => {
    const clock = new VirtualClock();
    await expect(within(clock, seconds(1), Promise.reject(new Error("no")))).rejects.toThrow("no");
    const late = sleep(clock, seconds(2)).then(() => Promise.reject(new Error("late")));
    const result = within(clock, seconds(1), late);
    await clock.advance(seconds(3));
    expect(await result).toBe(undefined);
  });
});

describe("the system clock", () => {
  test("tells wall-clock time and a time that never goes back", () => {
    const before = Date.now();
    const told = systemClock.now();
    expect([before <= told, told <= Date.now()]).toEqual([true, true]);
    const earlier = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(earlier);
  });

  test("fires a timer once, and never one that was cancelled", async () => {
    const fired: string[] = [];
    systemClock.setTimer(millis(1), () => fired.push("cancelled")).cancel();
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(millis(2), () => {
        fired.push("fired");
        resolve();
      });
      expect(timer).toBeDefined();
    });
    expect(fired).toEqual(["fired"]);
  });

  test("holds delays longer than Node's own timers can", () => {
    vi.useFakeTimers();
    try {
      const days = (n: number) => minutes(n * 24 * 60);
      let fired = 0;
      systemClock.setTimer(days(60), () => {
        fired += 1;
      });
      vi.advanceTimersByTime(days(59));
      expect(fired).toBe(0);
      vi.advanceTimersByTime(days(1));
      expect(fired).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, minutes, seconds } from "../brand.js";
import { sleep } from "../clock.js";
import { VirtualClock } from "./virtual-clock.js";

test("timers fire in order of due time, then of setting, whatever the order they were set in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
      const clock = new VirtualClock();
      const fired: (readonly [number, number])[] = [];
      delays.forEach((delay, i) => {
        clock.setTimer(millis(delay), () => {
          expect(clock.monotonic()).toBe(delay);
          fired.push([delay, i]);
        });
      });
      await clock.advance(millis(20));
      const expected = delays.map((delay, i) => [delay, i] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(fired).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("what a timer sets in motion comes to rest before the next one fires", async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.setTimer(millis(1), () => {
    void (async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      log.push("reaction");
    })();
  });
  clock.setTimer(millis(2), () => log.push("next"));
  await clock.advance(millis(2));
  expect(log).toEqual(["reaction", "next"]);
});

test("a timer set while time passes fires in its turn", async () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  const tick = (): void => {
    times.push(clock.monotonic());
    clock.setTimer(millis(30), tick);
  };
  tick();
  await clock.advance(millis(100));
  expect(times).toEqual([0, 30, 60, 90]);
  expect(clock.monotonic()).toBe(100);
});

test("a cancelled timer never fires; cancelling again, or after it fired, does nothing", async () => {
  const clock = new VirtualClock();
  let fired = 0;
  const kept = clock.setTimer(millis(1), () => {
    fired += 1;
  });
  const cancelled = clock.setTimer(millis(1), () => expect.unreachable());
  cancelled.cancel();
  cancelled.cancel();
  expect(clock.pending).toBe(1);
  await clock.advance(millis(1));
  kept.cancel();
  expect([fired, clock.pending]).toEqual([1, 0]);
});

test("many cancelled timers neither stay nor disturb the others", async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  for (let i = 0; i < 100_000; i++) {
    const timer = clock.setTimer(minutes(60), () => fired.push(i));
    if (i % 10_000 !== 0) timer.cancel();
  }
  expect(clock.pending).toBe(10);
  await clock.advance(minutes(60));
  expect(fired).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => i * 10_000));
});

test("a jump of the wall clock moves neither monotonic time nor timers", async () => {
  const clock = new VirtualClock({ epoch: 1000 });
  let fired = false;
  clock.setTimer(seconds(1), () => {
    fired = true;
  });
  clock.jump(seconds(-3600));
  expect(clock.now()).toBe(1000 - 3_600_000);
  expect(clock.monotonic()).toBe(0);
  await clock.advance(seconds(1));
  expect(fired).toBe(true);
  expect(clock.now()).toBe(2000 - 3_600_000);
});

describe("advanceUntil", () => {
  test("stops at the timer that makes the condition true", async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.setTimer(seconds(2), () => {
      done = true;
    });
    expect(await clock.advanceUntil(() => done, seconds(10))).toBe(true);
    expect(clock.monotonic()).toBe(2000);
  });

  test("says no when the limit passes, and time has passed then", async () => {
    const clock = new VirtualClock();
    clock.setTimer(seconds(20), () => expect.unreachable());
    expect(await clock.advanceUntil(() => false, seconds(10))).toBe(false);
    expect(clock.monotonic()).toBe(10_000);
  });
});

describe("run", () => {
  test("gives what the work gives, in as much time as it needs", async () => {
    const clock = new VirtualClock();
    const work = sleep(clock, seconds(3)).then(() => "done");
    expect(await clock.run(work, seconds(5))).toBe("done");
    expect(clock.monotonic()).toBe(3000);
  });

  test("passes on a rejection, and throws when the work needs more time", async () => {
    const clock = new VirtualClock();
    await expect(clock.run(Promise.reject(new Error("no")), seconds(1))).rejects.toThrow("no");
    await expect(clock.run(sleep(clock, seconds(3)), seconds(1))).rejects.toThrow("not done after 1000 ms");
  });
});

for (const timersPerTurn of [1, 100]) {
  test(`whoever waits for the event loop has its turn after ${timersPerTurn} timers`, async () => {
    const clock = new VirtualClock({ timersPerTurn });
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      waiting = setImmediate(turn);
    };
    let waiting = setImmediate(turn);
    const tick = (): void => {
      clock.setTimer(millis(1), tick);
    };
    tick();
    await clock.advance(seconds(2));
    clearImmediate(waiting);
    expect(turns).toBeGreaterThanOrEqual(2000 / timersPerTurn);
    expect(turns).toBeLessThanOrEqual(2000 / timersPerTurn + 2);
  });
}

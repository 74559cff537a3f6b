import { millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { Keepalive, keepaliveStep } from "./keepalive.js";

describe("the silence rule, limit 3 s", () => {
  const cases = [
    { idle: 0, pinged: false, step: { kind: "wait", next: 1000 } },
    { idle: 999.5, pinged: false, step: { kind: "wait", next: 1 } },
    { idle: 1000, pinged: false, step: { kind: "ping", next: 2000 } },
    { idle: 1000, pinged: true, step: { kind: "wait", next: 2000 } },
    { idle: 2999, pinged: true, step: { kind: "wait", next: 1 } },
    { idle: 3000, pinged: true, step: { kind: "dead" } },
  ];
  for (const { idle, pinged, step } of cases)
    test(`idle ${idle} ms, ${pinged ? "pinged" : "not pinged"}: ${step.kind}`, () =>
      expect(keepaliveStep(idle, seconds(3), pinged)).toEqual(step));
});

function setup() {
  const clock = new VirtualClock();
  const events: string[] = [];
  const keepalive: Keepalive = new Keepalive(clock, seconds(3), {
    ping: () => events.push(`ping ${clock.monotonic()}`),
    dead: () => events.push(`dead ${clock.monotonic()}`),
  });
  return { clock, events, keepalive };
}

test("silence is noticed after its limit, one ping before", async () => {
  const { clock, events } = setup();
  await clock.advance(seconds(10));
  expect(events).toEqual(["ping 1000", "dead 3000"]);
});

test("a sign of life starts the count again, however often", async () => {
  const { clock, events, keepalive } = setup();
  for (let i = 0; i < 100; i++) {
    await clock.advance(millis(900));
    keepalive.heard();
  }
  expect(events).toEqual([]);
  await clock.advance(seconds(3));
  expect(events).toEqual(["ping 91000", "dead 93000"]);
});

test("a connection that answers pings lives for ever", async () => {
  const clock = new VirtualClock();
  let pings = 0;
  const keepalive: Keepalive = new Keepalive(clock, seconds(3), {
    ping: () => {
      pings += 1;
      keepalive.heard();
    },
    dead: () => expect.unreachable(),
  });
  await clock.advance(seconds(100));
  expect(pings).toBeGreaterThan(30);
  keepalive.stop();
  expect(clock.pending).toBe(0);
});

test("time that this process slept does not count as the peer's silence", () => {
  let now = 0;
  let fire = (): void => {};
  const events: string[] = [];
  const clock = {
    now: () => millis(now),
    monotonic: () => millis(now),
    setTimer: (_: number, callback: () => void) => {
      fire = callback;
      return { cancel: () => {} };
    },
  };
  new Keepalive(clock, seconds(3), { ping: () => events.push("ping"), dead: () => events.push("dead") });
  now = 60_000;
  fire();
  expect(events).toEqual(["ping"]);
  now += 2000;
  fire();
  expect(events).toEqual(["ping", "dead"]);
});

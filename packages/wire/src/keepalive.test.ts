import { millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { Keepalive, keepaliveStep } from "./keepalive.js";

describe("the silence rule, limit 3 s", () => {
  const cases = [
    { idle: 0, stage: "quiet", step: { kind: "wait", stage: "quiet", next: 1000 } },
    { idle: 999.5, stage: "quiet", step: { kind: "wait", stage: "quiet", next: 1 } },
    { idle: 1000, stage: "quiet", step: { kind: "wait", stage: "pinged", next: 1700 } },
    { idle: 3000, stage: "quiet", step: { kind: "wait", stage: "pinged", next: 300 } },
    { idle: 1000, stage: "pinged", step: { kind: "wait", stage: "pinged", next: 1700 } },
    { idle: 2700, stage: "pinged", step: { kind: "wait", stage: "last look", next: 300 } },
    { idle: 3400, stage: "pinged", step: { kind: "wait", stage: "last look", next: 300 } },
    { idle: 2999, stage: "last look", step: { kind: "wait", stage: "last look", next: 1 } },
    { idle: 3000, stage: "last look", step: { kind: "dead" } },
  ] as const;
  for (const { idle, stage, step } of cases)
    test(`idle ${idle} ms, ${stage}: ${step.kind}`, () => expect(keepaliveStep(idle, seconds(3), stage)).toEqual(step));
});

function setup() {
  const clock = new VirtualClock();
  const events: string[] = [];
  const keepalive: Keepalive = new Keepalive(clock, "client", () => seconds(3), {
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
  const keepalive: Keepalive = new Keepalive(clock, "client", () => seconds(3), {
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

/** A clock that rings when it is told to, however late. */
function sleepy() {
  let now = 0;
  let due = 0;
  let ring = (): void => {};
  const events: string[] = [];
  const clock = {
    now: () => millis(now),
    monotonic: () => millis(now),
    setTimer: (delay: number, callback: () => void) => {
      due = now + delay;
      ring = callback;
      return { cancel: () => {} };
    },
  };
  const keepalive = new Keepalive(clock, "client", () => seconds(3), {
    ping: () => events.push("ping"),
    dead: () => events.push("dead"),
  });
  const ringAfter = (late: number): void => {
    now = due + late;
    ring();
  };
  return { keepalive, events, ringAfter };
}

test("time that this process slept does not count as the peer's silence", () => {
  const { events, ringAfter } = sleepy();
  ringAfter(59_000);
  expect(events).toEqual(["ping"]);
  ringAfter(0);
  ringAfter(0);
  expect(events).toEqual(["ping", "dead"]);
});

test("an answer that came while this process did not run is read before the peer is given up", () => {
  const { keepalive, events, ringAfter } = sleepy();
  ringAfter(0);
  // It sleeps from its ping until after the end: at the last look the answer still lies in the socket.
  ringAfter(900);
  expect(events).toEqual(["ping"]);
  keepalive.heard();
  ringAfter(0);
  expect(events).toEqual(["ping"]);
});

test("the end that did not dial asks later: it is asked before", () => {
  expect(keepaliveStep(1999, seconds(3), "quiet", "server")).toEqual({ kind: "wait", stage: "quiet", next: 1 });
  expect(keepaliveStep(2000, seconds(3), "quiet", "server")).toEqual({ kind: "wait", stage: "pinged", next: 700 });
});

test("connections that began at different times are looked at together", async () => {
  const clock = new VirtualClock();
  const pings: number[] = [];
  const actions = { ping: () => pings.push(clock.monotonic()), dead: () => {} };
  for (let i = 0; i < 10; i++) {
    new Keepalive(clock, "client", () => seconds(3), actions);
    await clock.advance(millis(20));
  }
  await clock.advance(seconds(2));
  expect(pings).toHaveLength(10);
  expect(new Set(pings.map((at) => at % 250)).size).toBe(1);
});

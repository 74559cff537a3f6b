import { expect, test } from "vitest";
import { statusText } from "../bridge/core/event-book.js";
import type { ProcessEvent } from "../motr/message.js";
import { eventOf, lostEvent, outOfOrder } from "./judge.js";
import { ProcessLedger, type SentEvent } from "./ledger.js";

/** `STARTED!` is an acknowledged one; event n was sent at n seconds. */
const sent = (text: string): readonly SentEvent[] =>
  text.split(" ").map((word, i) => ({
    ...{ life: 1, tag: String(2 * i + 2), at: i * 1000 },
    ...{ event: word.replace("!", ""), acknowledged: word.endsWith("!") },
  }));
const stored = (event: string): string => statusText(event as ProcessEvent, "M0D");

test.each([
  ["nothing was promised", "STARTING STARTED", undefined, undefined],
  ["the newest promise is stored", "STARTING! STARTED!", "STARTED", undefined],
  ["something later than the promise is stored", "STARTING! STARTED", "STARTED", undefined],
  ["an earlier one is stored", "STARTING! STARTED!", "STARTING", "STARTED was acknowledged, STARTING is stored"],
  ["nothing is stored", "STARTING!", undefined, "STARTING was acknowledged, nothing is stored"],
  ["something foreign is stored", "STARTING!", "STOPPED", "STARTING was acknowledged, STOPPED is stored"],
] as const)("lost or not: %s", (_, events, holds, wrong) => {
  expect(lostEvent(sent(events), holds === undefined ? undefined : stored(holds))).toBe(wrong);
});

test.each([
  [
    "all",
    "STARTING STARTED STOPPING",
    [
      ["STARTING", 0],
      ["STARTED", 1],
      ["STOPPING", 2],
    ],
    undefined,
  ],
  [
    "some are skipped",
    "STARTING STARTED STOPPING",
    [
      ["STARTING", 0],
      ["STOPPING", 9],
    ],
    undefined,
  ],
  [
    "one is put twice",
    "STARTING STARTED",
    [
      ["STARTING", 0],
      ["STARTING", 1],
      ["STARTED", 1],
    ],
    undefined,
  ],
  [
    "two change places",
    "STARTING STARTED",
    [
      ["STARTED", 1],
      ["STARTING", 2],
    ],
    "STARTING",
  ],
  ["one comes before it was told", "STARTING STARTED", [["STARTED", 0]], "STARTED"],
  ["one was never told", "STARTING", [["STOPPED", 5]], "STOPPED"],
] as const)("in order or not: %s", (_, events, values, wrong) => {
  const seen = values.map(([event, second]) => ({ text: stored(event), at: second * 1000 }));
  expect(eventOf(outOfOrder(sent(events), seen, 10)?.text)).toBe(wrong);
});

test("STOPPED between two lives is hax's own word; within one it is out of order", () => {
  const [dead, living] = [sent("STARTING STARTED"), sent("STARTING STARTED")];
  const both = [...dead, ...living.map((event) => ({ ...event, life: 2, at: event.at + 10_000 }))];
  const seen = (...events: string[]) => events.map((event) => ({ text: stored(event), at: 60_000 }));
  expect(outOfOrder(both, seen("STARTING", "STARTED", "STOPPED", "STARTING", "STARTED"), 10)).toBeUndefined();
  const twice = seen("STARTED", "STOPPED", "STARTED", "STOPPED");
  expect(outOfOrder(both, twice, 10)).toBe(twice[3]);
});

test("a ledger knows what was acknowledged, in which life, and what was told once more", () => {
  const ledger = new ProcessLedger();
  const line = (kind: string, more: object, second = 0): void =>
    ledger.take(JSON.stringify({ kind, time: new Date(second * 1000).toISOString(), ...more }));
  const event = (tag: string, name: string, repeated = false) =>
    line("sent", { tag, repeated, message: { data: { type: "EVENT_PROCESS", event: name } } });
  ledger.born();
  line("linked", {});
  event("2", "STARTING");
  event("4", "STARTED");
  line("delivered", { tag: "2" });
  // The link is lost and stands again: what was not acknowledged goes out once more.
  line("lost", {});
  expect(ledger.linked).toBe(false);
  event("4", "STARTED");
  expect([ledger.open, ledger.repeats]).toEqual([1, 1]);
  line("delivered", { tag: "4" });
  expect(ledger.open).toBe(0);
  ledger.born();
  event("2", "STARTING");
  expect(ledger.sent.map(({ life, acknowledged }) => [life, acknowledged])).toEqual([
    ...[
      [1, true],
      [1, true],
      [2, false],
    ],
  ]);
  const told = (state: string, second: number) =>
    line("received", { message: { data: { type: "NVEC", notes: [{ fid: "r", state }] } } }, second);
  told("ONLINE", 1);
  told("FAILED", 2);
  told("ONLINE", 3);
  expect([ledger.lastTold("r"), ledger.toldAt("r", "ONLINE", 1500), ledger.lastTold("x")]).toEqual([
    ...["ONLINE", 3000, undefined],
  ]);
  ledger.take("no JSON");
  ledger.take("null");
});

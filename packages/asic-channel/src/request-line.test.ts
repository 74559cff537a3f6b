import { err, ok, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { isBarrier } from "./request.js";
import { RequestLine, type Ticket } from "./request-line.js";
import { word } from "./testing/contract-steps.js";
import { create, view } from "./testing/requests.js";

const accepted = ok({ kind: "accepted" } as const);

function line(limit = 10): { line: RequestLine; clock: VirtualClock; calls: () => number } {
  const clock = new VirtualClock();
  let calls = 0;
  const onWaiting = (): void => {
    calls += 1;
  };
  const made = new RequestLine({ clock, replyTimeout: seconds(5), limit, holds: isBarrier, onWaiting });
  return { line: made, clock, calls: () => calls };
}

test("callers hear in request order, whatever the order of outcomes", async () => {
  const { line: requests } = line();
  const heard: number[] = [];
  const all = [1, 2, 3].map((n) => requests.request(create(n)).then(() => heard.push(n)));
  const [first, second, third] = requests.take(9) as [Ticket, Ticket, Ticket];
  requests.settle(third, accepted);
  requests.settle(second, accepted);
  await Promise.resolve();
  expect(heard).toEqual([]);
  requests.settle(first, accepted);
  await Promise.all(all);
  expect(heard).toEqual([1, 2, 3]);
});

test("nothing is taken behind a barrier before it has its outcome; then its carrier is told", () => {
  const { line: requests, calls } = line();
  for (const request of [create(1), view("INIT_VIEW"), create(2)]) void requests.request(request);
  const [, barrier] = requests.take(9) as [Ticket, Ticket];
  expect(requests.take(9)).toEqual([]);
  const before = calls();
  requests.settle(barrier, err({ kind: "unknown", reason: "" }));
  expect(calls()).toBe(before + 1);
  expect(requests.take(9).map(({ number }) => number)).toEqual([3]);
});

test("at its deadline what has left is unknown, and what has not is refused and never taken", async () => {
  const { line: requests, clock } = line();
  const outcomes = [create(1), create(2), create(3)].map((request) => requests.request(request));
  const [first, second] = requests.take(2) as [Ticket, Ticket];
  expect(requests.leaves(first)).toBe(true);
  await clock.advance(seconds(5));
  expect((await Promise.all(outcomes)).map(word)).toEqual(["unknown", "refused", "refused"]);
  expect(requests.leaves(second)).toBe(false);
  expect(requests.take(9)).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("beyond the bound a request is refused, and there is room again when one is done", async () => {
  const { line: requests } = line(2);
  void requests.request(create(1));
  void requests.request(create(2));
  expect(await requests.request(create(3))).toEqual(err({ kind: "queueFull", unit: "requests", limit: 2 }));
  requests.settle(requests.take(1)[0] as Ticket, accepted);
  void requests.request(create(4));
  expect(requests.take(9).map(({ number }) => number)).toEqual([2, 3]);
});

test("a request that its caller gave up is not taken, and holds nobody up", async () => {
  const { line: requests } = line();
  const giveUp = new AbortController();
  const given = requests.request(create(1), giveUp.signal);
  const next = requests.request(create(2));
  giveUp.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  const [ticket] = requests.take(9) as [Ticket];
  expect(ticket.request).toEqual(create(2));
  requests.settle(ticket, accepted);
  expect(await next).toEqual(accepted);
  await expect(requests.request(create(3), giveUp.signal)).rejects.toThrow("enough");
});

test("long lines keep their order while they are cut behind", async () => {
  const { line: requests } = line(100_000);
  const all = Array.from({ length: 10_000 }, (_, n) => requests.request(create(n)));
  const taken: number[] = [];
  for (let tickets = requests.take(7); tickets.length > 0; tickets = requests.take(7)) {
    for (const ticket of tickets) {
      taken.push(ticket.number);
      requests.settle(ticket, accepted);
    }
  }
  await Promise.all(all);
  expect(taken).toEqual(Array.from({ length: 10_000 }, (_, n) => n + 1));
  expect(requests.size).toBe(0);
});

import { err, millis, ok } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { replyTo, SUCCESS } from "../reply.js";
import type { AsicOutcome } from "../request-line.js";
import { upTo } from "../testing/contract-steps.js";
import { create } from "../testing/requests.js";
import { HeldLine } from "./held-line.js";

const done: AsicOutcome = ok({ kind: "replied", reply: replyTo("create", SUCCESS) });

test("what is held leaves in order, in one turn, without what was aborted meanwhile", async () => {
  const held = new HeldLine(new VirtualClock(), millis(1000), 10);
  const aborting = new AbortController();
  const outcomes = [
    held.add(create(0), undefined),
    held.add(create(1), aborting.signal),
    held.add(create(2), undefined),
  ];
  const caught = outcomes[1]?.catch((reason: unknown) => reason);
  aborting.abort("enough");
  const sent: string[] = [];
  held.release((request) => {
    sent.push(request.key);
    return Promise.resolve(done);
  });
  expect(sent).toEqual([create(0).key, create(2).key]);
  expect(await Promise.all([outcomes[0], outcomes[2]])).toEqual([done, done]);
  expect(await caught).toBe("enough");
  expect(held.size).toBe(0);
});

test("beyond its bound, and at its deadline, a request is refused: it has not left", async () => {
  const clock = new VirtualClock();
  const held = new HeldLine(clock, millis(1000), 2);
  const first = held.add(create(0), undefined);
  await clock.advance(millis(400));
  const second = held.add(create(1), undefined);
  expect(await held.add(create(2), undefined)).toEqual(err({ kind: "queueFull", unit: "requests", limit: 2 }));
  await clock.advance(millis(600));
  expect(await first).toMatchObject({ ok: false, error: { kind: "refused" } });
  expect(held.size).toBe(1);
  await clock.advance(millis(400));
  expect(await second).toMatchObject({ ok: false, error: { kind: "refused" } });
});

test("when the client is closed, what is held was not sent; what is no request is never held", async () => {
  const held = new HeldLine(new VirtualClock(), millis(1000), 10);
  const outcomes = upTo(3).map((n) => held.add(create(n), undefined));
  expect(await held.add({ op: "set", key: create(0).key, fields: [] }, undefined)).toMatchObject({
    error: { kind: "invalidRequest" },
  });
  held.close();
  await settle();
  for (const outcome of outcomes) expect(await outcome).toEqual(err({ kind: "closed" }));
});

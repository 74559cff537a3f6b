import { seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import type { Connect, Connection } from "./connection.js";
import { StoreLink } from "./store-link.js";

/** Answers everything at once. */
const ANSWERING = {
  send: (_: unknown, answer: { replied(reply: string): unknown }) => Promise.resolve(answer.replied("PONG")),
  subscribe: () => Promise.resolve(),
  psubscribe: () => Promise.resolve(),
  destroy: () => {},
} as unknown as Connection;

test("a subscription that Redis never makes stand fails, and stands at the next connection", async () => {
  const clock = new VirtualClock();
  let connections = 0;
  const never = new Promise<Connection>(() => {});
  const connect: Connect = () => {
    connections += 1;
    return connections === 2 ? never : Promise.resolve(ANSWERING); // the first one for subscriptions does not open
  };
  const link = new StoreLink(connect, { clock, random: seededRandom(1) });
  await settle();
  const first = link.subscribe("STATE_DB", "pattern", "x*", () => {});
  await clock.advance(seconds(11));
  expect(await first).toMatchObject({ ok: false, error: { kind: "disconnected" } });
  expect(await link.subscribe("STATE_DB", "pattern", "x*", () => {})).toMatchObject({ ok: true });
  link.close();
});

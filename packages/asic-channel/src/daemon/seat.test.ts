import { millis } from "@tandem/base";
import { expect, test } from "vitest";
import { SEAT_KEPT, Seat } from "./seat.js";

test("the client that asks has the seat, another is refused and told by whom", () => {
  const seat = new Seat();
  expect(seat.claim("list-pubsub", millis(10), false)).toBeUndefined();
  expect(seat.claim("streams", millis(20), false)).toMatchObject({ name: "list-pubsub", since: 10 });
  expect(seat.holder).toBe("list-pubsub");
});

test("the seat goes to another after silence, after leaving, or when that one begins anew", () => {
  const seat = new Seat();
  seat.claim("list-pubsub", millis(0), false);
  seat.claim("list-pubsub", millis(3000), false);
  expect(seat.claim("streams", millis(3000 + SEAT_KEPT - 1), false)).toBeDefined();
  expect(seat.claim("streams", millis(3000 + SEAT_KEPT), false)).toBeUndefined();
  expect(seat.claim("list-pubsub", millis(3001 + SEAT_KEPT), true)).toBeUndefined();
  seat.leave("list-pubsub");
  expect(seat.holder).toBeUndefined();
  expect(seat.claim("streams", millis(3002 + SEAT_KEPT), false)).toBeUndefined();
});

import { millis, seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { Herald, type Outcome } from "./herald.js";

const at = (ms: number) => millis(ms);

function waiting(herald: Herald, ids: readonly string[], enough: "any" | "all"): { readonly outcomes: Outcome[] } {
  const outcomes: Outcome[] = [];
  herald.expect(ids, { deadline: seconds(30), enough, now: at(0) }, (outcome) => outcomes.push(outcome));
  return { outcomes };
}

test("§9: any-of is settled by the first of its ids, and by nobody else's", () => {
  const herald = new Herald();
  const { outcomes } = waiting(herald, ["a", "b"], "any");
  for (const other of ["x", "y"]) herald.tell(other, "delivered", at(1));
  expect(outcomes).toEqual([]);
  herald.tell("b", "delivered", at(2));
  expect(outcomes).toEqual([{ delivered: 1, notDelivered: 0, late: 1 }]);
});

test("§9: wrong ids leave a promise late at its deadline", () => {
  const herald = new Herald();
  const { outcomes } = waiting(herald, ["a"], "any");
  herald.tell("b", "delivered", at(1));
  herald.expire(seconds(29.9));
  expect(outcomes).toEqual([]);
  herald.expire(seconds(30));
  expect(outcomes).toEqual([{ delivered: 0, notDelivered: 0, late: 1 }]);
  expect(herald.waiting).toBe(0);
});

test("§9: all-of is late when one of several is missing, and settled once all are here", () => {
  const herald = new Herald();
  const [complete, partial] = [waiting(herald, ["a", "b"], "all"), waiting(herald, ["c", "d"], "all")];
  for (const id of ["a", "b", "c"]) herald.tell(id, "delivered", at(1));
  expect(complete.outcomes).toEqual([{ delivered: 2, notDelivered: 0, late: 0 }]);
  expect(partial.outcomes).toEqual([]);
  herald.expire(seconds(30));
  expect(partial.outcomes).toEqual([{ delivered: 1, notDelivered: 0, late: 1 }]);
});

test("§9: 31 who wait at once each hear of their own", () => {
  const herald = new Herald();
  const all = Array.from({ length: 31 }, (_, i) => waiting(herald, [`m${i}`], "any"));
  for (let i = 30; i >= 0; i--) herald.tell(`m${i}`, "delivered", at(i));
  expect(all.every(({ outcomes }) => outcomes.length === 1 && outcomes[0]?.delivered === 1)).toBe(true);
});

test("§9: what came early settles a later wait at once and is forgotten; four unrelated ones stay", () => {
  const herald = new Herald();
  for (const id of ["a", "w", "x", "y", "z"]) herald.tell(id, "delivered", at(0));
  expect(herald.early).toBe(5);
  expect(waiting(herald, ["a"], "all").outcomes).toHaveLength(1);
  expect(herald.early).toBe(4);
});

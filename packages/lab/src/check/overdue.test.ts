import { type Millis, millis } from "@tandem/base";
import { expect, test } from "vitest";
import { Overdue } from "./overdue.js";

const at = (ms: number): Millis => millis(ms);

test("what goes on for too long is told once, and again after it had ended", () => {
  const overdue = new Overdue(at(100));
  overdue.goesOn("a", at(10), "a hangs");
  overdue.goesOn("a", at(50), "a still hangs");
  expect(overdue.due()).toBe(110);
  expect(overdue.expire(at(109))).toEqual([]);
  expect(overdue.expire(at(110))).toEqual(["a still hangs"]);
  expect(overdue.due()).toBeUndefined();
  expect(overdue.expire(at(500))).toEqual([]);
  overdue.ended("a");
  overdue.goesOn("a", at(600), "a hangs");
  expect(overdue.expire(at(700))).toEqual(["a hangs"]);
});

test("what ends in time is never told", () => {
  const overdue = new Overdue(at(100));
  overdue.note("a", at(0), "a hangs");
  overdue.note("a", at(99), undefined);
  expect(overdue.due()).toBeUndefined();
});

test("time counts from when it can, and not while it cannot", () => {
  let from: Millis | undefined;
  const overdue = new Overdue(at(100), () => from);
  overdue.goesOn("a", at(0), "a hangs");
  expect(overdue.due()).toBeUndefined();
  expect(overdue.expire(at(1000))).toEqual([]);
  from = at(1000);
  expect(overdue.due()).toBe(1100);
  expect(overdue.expire(at(1100))).toEqual(["a hangs"]);
});

import { millis } from "@tandem/base";
import { expect, test } from "vitest";
import { RecentDeletes } from "./recent-deletes.js";

test("after a reset a deleted key is deleted again, until that is done", () => {
  const deletes = new RecentDeletes();
  deletes.deleted("a", millis(0));
  expect(deletes.lost).toEqual([]);
  deletes.reset(millis(60_000));
  expect(deletes.lost).toEqual(["a"]);
  deletes.deleted("a", millis(60_001));
  expect(deletes.lost).toEqual([]);
});

test("a row that came after the delete replaces what stands, if both may have been under way", () => {
  const deletes = new RecentDeletes();
  deletes.deleted("a", millis(0));
  deletes.written("a", millis(100));
  deletes.reset(millis(5000));
  expect([deletes.lost, deletes.mustReplace("a")]).toEqual([[], true]);
  deletes.written("a", millis(5001));
  expect(deletes.mustReplace("a")).toBe(false);
  deletes.reset(millis(20_000));
  expect([deletes.lost, deletes.mustReplace("a")]).toEqual([[], false]);
});

test("no more than 1024 keys are remembered, and none once the sink is another one", () => {
  const deletes = new RecentDeletes();
  for (let i = 0; i < 2000; i++) deletes.deleted(String(i), millis(i));
  deletes.reset(millis(2000));
  expect(deletes.lost).toHaveLength(1024);
  expect(deletes.lost.at(-1)).toBe("1999");
  deletes.clear();
  expect(deletes.lost).toEqual([]);
});

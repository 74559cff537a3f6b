import { expect, test } from "vitest";
import { shrink } from "./shrink.js";

const all = Array.from({ length: 40 }, (_, i) => i);

test.each([[[7]], [[3, 31]], [[0, 20, 39]]])("what is enough to fail is found: %j", async (wanted) => {
  const fails = (part: readonly number[]): Promise<boolean> => Promise.resolve(wanted.every((i) => part.includes(i)));
  const { items, runs } = await shrink(all, fails, 200);
  expect(items).toEqual(wanted);
  expect(runs).toBeLessThan(100);
});

test("what fails by itself needs nothing", async () => {
  expect((await shrink(all, () => Promise.resolve(true), 200)).items).toEqual([]);
});

test("it stops at its bound with the best so far", async () => {
  const { items, runs } = await shrink(all, (part) => Promise.resolve(part.includes(7)), 3);
  expect(runs).toBe(3);
  expect(items).toContain(7);
});

import { expect, test } from "vitest";
import { Tally } from "./tally.js";

test("a tally calls back once, when enough has come; the rest counts for the next time", () => {
  const tally = new Tally();
  let reached = 0;
  const wish = (count: number): void => tally.whenReached(count, () => reached++);
  wish(3);
  tally.add(2);
  expect(reached).toBe(0);
  tally.add(5);
  expect(reached).toBe(1);
  wish(4);
  expect(reached).toBe(2);
  wish(1);
  tally.add(1);
  expect(reached).toBe(3);
});

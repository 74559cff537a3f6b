import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { SendLoop } from "./send-loop.js";

test("what is asked in one turn is one round; what is asked during a round is another, after it", async () => {
  const done: string[] = [];
  let release = (): void => {};
  const loop = new SendLoop(async () => {
    done.push("begins");
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    done.push("ends");
  });
  loop.ask();
  loop.ask();
  expect(done).toEqual([]);
  await settle();
  expect(done).toEqual(["begins"]);
  loop.ask();
  loop.ask();
  release();
  await settle();
  expect(done).toEqual(["begins", "ends", "begins"]);
  release();
  await loop.idle();
  expect(done).toEqual(["begins", "ends", "begins", "ends"]);
});

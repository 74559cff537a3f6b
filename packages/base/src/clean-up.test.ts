import { expect, test } from "vitest";
import { CleanUp } from "./clean-up.js";

function recorded(failing: readonly string[] = []) {
  const done: string[] = [];
  const cleanUp = new CleanUp();
  for (const name of ["first", "second", "third"]) {
    cleanUp.defer(async () => {
      done.push(name);
      if (failing.includes(name)) throw new Error(name);
    });
  }
  return { cleanUp, done };
}

test("what began last ends first, and each once", async () => {
  const { cleanUp, done } = recorded();
  await cleanUp[Symbol.asyncDispose]();
  await cleanUp[Symbol.asyncDispose]();
  expect(done).toEqual(["third", "second", "first"]);
});

test("an end that fails keeps no other from ending, and is told", async () => {
  const { cleanUp, done } = recorded(["third"]);
  await expect(cleanUp[Symbol.asyncDispose]()).rejects.toThrow("third");
  expect(done).toEqual(["third", "second", "first"]);
});

test("several that fail are told together", async () => {
  const { cleanUp } = recorded(["first", "third"]);
  await expect(cleanUp[Symbol.asyncDispose]()).rejects.toMatchObject({
    errors: [new Error("third"), new Error("first")],
  });
});

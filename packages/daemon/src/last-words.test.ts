import { expect, test } from "vitest";
import { sayLastWords } from "./last-words.js";

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test("a pipe that is full is tried again until the whole line is there", () => {
  let said = "";
  let calls = 0;
  sayLastWords("hamgrd: bug: what went wrong", (bytes) => {
    calls += 1;
    if (calls % 2 === 1) throw failing("EAGAIN");
    const some = Buffer.from(bytes.subarray(0, 7));
    said += some.toString();
    return some.length;
  });
  expect(said).toBe("hamgrd: bug: what went wrong\n");
});

test("a reader that is gone is not waited for", () => {
  let calls = 0;
  sayLastWords("bye", () => {
    calls += 1;
    throw failing("EPIPE");
  });
  expect(calls).toBe(1);
});

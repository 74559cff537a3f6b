import assert from "node:assert/strict";
import { test } from "vitest";
import { TurnBatch } from "./turn-batch.js";

function recording(limit: number) {
  const calls: (readonly string[])[] = [];
  const batch = new TurnBatch<string, number>(limit, (pieces) => {
    calls.push(pieces);
    return Promise.resolve(calls.length);
  });
  return { calls, batch };
}

test("what is given in one turn goes out together, in order, and each caller gets that call's outcome", async () => {
  const { calls, batch } = recording(10);
  assert.deepEqual(await Promise.all(["a", "b", "c"].map((piece) => batch.add(piece))), [1, 1, 1]);
  assert.equal(await batch.add("d"), 2);
  assert.deepEqual(calls, [["a", "b", "c"], ["d"]]);
});

test("a full batch goes out at once, and the rest of the turn in the next one", async () => {
  const { calls, batch } = recording(2);
  const outcomes = ["a", "b", "c"].map((piece) => batch.add(piece));
  assert.deepEqual(calls, [["a", "b"]]);
  assert.deepEqual(await Promise.all(outcomes), [1, 1, 2]);
});

test("flush hands over what waits before anything that follows", async () => {
  const { calls, batch } = recording(10);
  const first = batch.add("a");
  batch.flush();
  const second = batch.add("b");
  assert.deepEqual(calls, [["a"]]);
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  batch.flush();
  assert.equal(calls.length, 2);
});

test("a call that fails fails for each of its callers, and not for the next batch", async () => {
  let calls = 0;
  const batch = new TurnBatch<string, string>(10, () => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error("lost")) : Promise.resolve("there");
  });
  const outcomes = await Promise.allSettled([batch.add("a"), batch.add("b")]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await batch.add("c"), "there");
});

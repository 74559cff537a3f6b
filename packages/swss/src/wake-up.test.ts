import assert from "node:assert/strict";
import { test } from "vitest";
import { WakeUp } from "./wake-up.js";

test("raised twice before it is seen is raised once", async () => {
  const wake = new WakeUp();
  wake.raise();
  wake.raise();
  assert.equal(await wake.wait(), true);
  const next = wake.wait();
  wake.close();
  assert.equal(await next, false);
});

test("an aborted wait rejects and leaves the flag to the next one", async () => {
  const wake = new WakeUp();
  const abort = new AbortController();
  const given = wake.wait(abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  await assert.rejects(wake.wait(abort.signal), /enough/);
  wake.raise();
  assert.equal(await wake.wait(new AbortController().signal), true);
});

test("closing ends every wait", async () => {
  const wake = new WakeUp();
  const waits = [wake.wait(), wake.wait()];
  wake.close();
  assert.deepEqual(await Promise.all(waits), [false, false]);
  assert.equal(await wake.wait(), false);
});

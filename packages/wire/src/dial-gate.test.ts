import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { DialGate } from "./dial-gate.js";

test("places are given in the order of asking, and one that was given back twice counts once", async () => {
  const gate = new DialGate(1);
  const order: string[] = [];
  const leave = await gate.enter();
  const enter = (name: string) =>
    gate.enter().then((go) => {
      order.push(name);
      return go;
    });
  const [b, c] = [enter("b"), enter("c")];
  await settle();
  expect(order).toEqual([]);
  leave();
  leave();
  (await b)();
  (await c)();
  expect(order).toEqual(["b", "c"]);
});

test("who gives up while waiting takes no place", async () => {
  const gate = new DialGate(1);
  const leave = await gate.enter();
  const abort = new AbortController();
  const waiting = gate.enter(abort.signal);
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(gate.enter(abort.signal)).rejects.toThrow("enough");
  leave();
  (await gate.enter())();
});

test("whoever has a socket already goes in before those who have none", async () => {
  const gate = new DialGate(1);
  const order: string[] = [];
  const leave = await gate.enter();
  const note = (name: string) => (go: () => void) => {
    order.push(name);
    go();
  };
  const all = [gate.enter().then(note("new")), gate.enterFirst().then(note("open"))];
  leave();
  await Promise.all(all);
  expect(order).toEqual(["open", "new"]);
});

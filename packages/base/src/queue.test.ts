import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedQueue } from "./queue.js";
import { settle } from "./testing/virtual-clock.js";

async function drain<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

test("items come out in the order they went in, and the end comes after what is queued", async () => {
  const queue = new BoundedQueue<number>(10);
  for (const item of [1, 2, 3]) expect(queue.tryPush(item)).toEqual({ ok: true, value: undefined });
  queue.close();
  expect(await drain(queue)).toEqual([1, 2, 3]);
  expect(await queue.shift()).toBe(undefined);
  expect(queue.tryShift()).toBe(undefined);
});

test("beyond the bound tryPush refuses and names the bound", () => {
  const queue = new BoundedQueue<number>(1);
  queue.tryPush(1);
  expect(queue.tryPush(2)).toEqual({ ok: false, error: { kind: "queueFull", limit: 1 } });
  expect(queue.size).toBe(1);
});

test("a waiting reader gets an item at once, past the bound", async () => {
  const queue = new BoundedQueue<number>(1);
  const reading = queue.shift();
  queue.tryPush(1);
  expect(queue.tryPush(2).ok).toBe(true);
  expect(await reading).toBe(1);
  expect(await queue.shift()).toBe(2);
});

test("readers that wait together are served in turn", async () => {
  const queue = new BoundedQueue<string>(1);
  const readers = Promise.all([queue.shift(), queue.shift()]);
  queue.tryPush("a");
  queue.tryPush("b");
  expect(await readers).toEqual(["a", "b"]);
});

test("push waits for room", async () => {
  const queue = new BoundedQueue<number>(1);
  queue.tryPush(1);
  let pushed = false;
  const pushing = queue.push(2).then((result) => {
    pushed = true;
    return result;
  });
  await settle();
  expect(pushed).toBe(false);
  expect(queue.tryShift()).toBe(1);
  expect((await pushing).ok).toBe(true);
  expect(queue.tryShift()).toBe(2);
});

describe("closing", () => {
  test("ends readers that wait", async () => {
    const queue = new BoundedQueue<number>(1);
    const reading = queue.shift();
    queue.close();
    expect(await reading).toBe(undefined);
  });

  test("refuses what is pushed later and what waits for room", async () => {
    const queue = new BoundedQueue<number>(1);
    queue.tryPush(1);
    const waiting = queue.push(2);
    queue.close();
    expect(await waiting).toEqual({ ok: false, error: { kind: "queueClosed" } });
    expect(queue.tryPush(3)).toEqual({ ok: false, error: { kind: "queueClosed" } });
    expect(queue.closed).toBe(true);
    expect(await drain(queue)).toEqual([1]);
  });
});

test("a queue behaves as an array with a bound, however long it lives", () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant("push") }, { weight: 2, arbitrary: fc.constant("shift") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), fc.integer({ min: 1, max: 200 }), (steps, limit) => {
      const queue = new BoundedQueue<number>(limit);
      const model: number[] = [];
      steps.forEach((name, i) => {
        if (name === "shift") expect(queue.tryShift()).toBe(model.shift());
        else if (queue.tryPush(i).ok) model.push(i);
        else expect(model.length).toBe(limit);
        expect(queue.size).toBe(model.length);
      });
    }),
  );
});

test("a queue without room for anything is a bug", () => {
  expect(() => new BoundedQueue(0)).toThrow("a queue of 0");
});

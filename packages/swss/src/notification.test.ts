import assert from "node:assert/strict";
import { invariant, unwrap } from "@tandem/base";
import fc from "fast-check";
import { describe, test } from "vitest";
import { decodeNotification, NotificationConsumer, type NotificationConsumerOptions } from "./notification-consumer.js";
import { NotificationProducer } from "./notification-producer.js";
import { describeTableError, type ReaderError } from "./table-error.js";
import { TABLE_WORLDS, type TableWorld } from "./testing/table-world.js";

async function pair(w: TableWorld, options: NotificationConsumerOptions = {}) {
  const store = await w.store("ASIC_DB");
  const errors: ReaderError[] = [];
  const onError = (error: ReaderError) => errors.push(error);
  const consumer = new NotificationConsumer(store, "N", { clock: w.clock, onError, ...options });
  await w.run(consumer.untilSubscribed());
  // Messages of one connection arrive in order: when the last has come, all have.
  const done = new NotificationConsumer(store, "DONE", { clock: w.clock });
  await w.run(done.untilSubscribed());
  const producer = new NotificationProducer(store, "N");
  return {
    store,
    consumer,
    producer,
    errors,
    async arrived() {
      unwrap(await new NotificationProducer(store, "DONE").send("done", ""));
      await w.run(done.ready());
    },
    async [Symbol.asyncDispose]() {
      await consumer.close();
      await done.close();
    },
  };
}

for (const [world, open] of TABLE_WORLDS) {
  describe(`notifications on ${world}`, () => {
    test("equal ones are kept in a fifo and merged to the end in a deduping queue", async () => {
      for (const [queue, expected] of [
        ["fifo", ["a", "b", "a"]],
        ["dedupe", ["b", "a"]],
      ] as const) {
        await using w = await open();
        await using p = await pair(w, { queue });
        for (const op of ["a", "b", "a"]) assert.equal(unwrap(await p.producer.send(op, "x")), 1);
        await p.arrived();
        assert.deepEqual(
          unwrap(await p.consumer.pops()).map(({ op }) => op),
          expected,
        );
        assert.equal(p.consumer.peek(), false);
      }
    });

    test("ops that are not asked for are dropped as they arrive", async () => {
      await using w = await open();
      await using p = await pair(w, { ops: ["fdb_event"] });
      unwrap(await p.producer.send("port_state_change", "x"));
      unwrap(await p.producer.send("fdb_event", "y", { a: "1" }));
      await p.arrived();
      assert.deepEqual(unwrap(await p.consumer.pops()), [{ op: "fdb_event", data: "y", fieldValues: [["a", "1"]] }]);
    });

    test("beyond the limit the oldest is dropped and reported", async () => {
      await using w = await open();
      await using p = await pair(w, { limit: 2 });
      for (const op of ["a", "b", "c"]) unwrap(await p.producer.send(op, ""));
      await p.arrived();
      assert.deepEqual([p.consumer.pop()?.op, p.consumer.pop()?.op, p.consumer.pop()], ["b", "c", undefined]);
      assert.deepEqual(p.errors.map(describeTableError), ["N: 2 notifications wait already; the oldest is dropped"]);
    });

    test("a malformed one is reported and dropped, the next is handed out", async () => {
      await using w = await open();
      await using p = await pair(w);
      for (const payload of ["{", "{}", "[]", '["op"]', '["op","data","f"]', '["op",1]', "null"]) {
        unwrap(await p.store.command(["PUBLISH", "N", payload]));
      }
      unwrap(await p.producer.send("good", "x"));
      await p.arrived();
      assert.deepEqual(
        unwrap(await p.consumer.pops()).map(({ op }) => op),
        ["good"],
      );
      assert.equal(p.errors.length, 7);
    });

    test("one that is not UTF-8 is refused", async () => {
      await using w = await open();
      await using p = await pair(w);
      const refused = await p.producer.send("op", "\udc80");
      invariant(!refused.ok, "it was sent");
      assert.equal(refused.error.kind, "invalidChange");
    });
  });
}

test("no payload makes the decoder throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (payload) => void decodeNotification(payload)));
});

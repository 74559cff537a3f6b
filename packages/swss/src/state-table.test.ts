import assert from "node:assert/strict";
import { invariant, unwrap } from "@tandem/base";
import fc from "fast-check";
import { describe, test } from "vitest";
import { ConsumerStateTable } from "./consumer-state-table.js";
import { type KeyOpFieldsValues, recordOf } from "./field-values.js";
import { ProducerStateTable } from "./producer-state-table.js";
import type { StoreError } from "./store.js";
import { Table } from "./table.js";
import {
  describeChanges,
  disconnection,
  dumpKeyspace,
  PublishRecorder,
  TABLE_WORLDS,
  untilWritten,
} from "./testing/table-world.js";

const told = (changes: readonly KeyOpFieldsValues[]): string[] => describeChanges(changes).sort();

for (const [world, open] of TABLE_WORLDS) {
  describe(`state tables on ${world}`, () => {
    test("what was queued before the consumer came is handed out first", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T");
      unwrap(await producer.set("a", { f: "1" }));
      unwrap(await producer.del("b"));
      await using consumer = new ConsumerStateTable(await w.store("APPL_DB"), "T", { clock: w.clock });
      for await (const changes of consumer) {
        assert.deepEqual(told(changes), ["DEL b", 'SET a {"f":"1"}']);
        break;
      }
      assert.equal(unwrap(await producer.count()), 0);
    });

    test("a loop over the consumer sees every key, whatever the batch", async () => {
      await using w = await open();
      const producer = new ProducerStateTable(await w.store("APPL_DB"), "T");
      await using consumer = new ConsumerStateTable(await w.store("APPL_DB"), "T", { clock: w.clock, batch: 7 });
      await w.run(consumer.untilSubscribed());
      const rows = Array.from({ length: 1000 }, (_, i) => [`k${i}`, { n: String(i) }] as const);
      const written = producer.setMany(rows);
      const seen = new Set<string>();
      for await (const changes of consumer) {
        assert.ok(changes.length <= 7);
        for (const { key } of changes) seen.add(key);
        if (seen.size === rows.length) break;
      }
      unwrap(await written);
    });

    test("one call publishes once per 256 keys, and not for keys that are pending", async () => {
      await using w = await open();
      const producer = new ProducerStateTable(await w.store("APPL_DB"), "T");
      const recorder = await PublishRecorder.start(await w.store("APPL_DB"));
      const rows = Array.from({ length: 600 }, (_, i) => [`k${i}`, { n: "1" }] as const);
      unwrap(await producer.setMany(rows));
      assert.equal((await recorder.take()).length, 3);
      unwrap(await producer.setMany(rows));
      unwrap(await producer.delMany(rows.map(([key]) => key)));
      assert.equal((await recorder.take()).length, 0);
    });

    test("sets and deletes of one call keep their order", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T");
      await using consumer = new ConsumerStateTable(await w.store("APPL_DB"), "T", { clock: w.clock });
      unwrap(await new Table(store, "T").set("a", { old: "1" }));
      unwrap(
        await producer.write([
          { key: "a", op: "SET", fieldValues: { x: "1" } },
          { key: "a", op: "DEL" },
          { key: "a", op: "SET", fieldValues: { y: "2" } },
          { key: "b", op: "SET", fieldValues: { z: "3" } },
          { key: "b", op: "DEL" },
        ]),
      );
      assert.deepEqual(told(unwrap(await consumer.pops())), ["DEL b", 'SET a {"y":"2"}']);
      assert.deepEqual(await dumpKeyspace(store), { "T:a": { hash: { y: "2" } } });
    });

    test("single changes of one turn share a call and keep their order, also before what is not one of them", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T");
      const recorder = await PublishRecorder.start(await w.store("APPL_DB"));
      await using consumer = new ConsumerStateTable(await w.store("APPL_DB"), "T", { clock: w.clock });
      const fields = { x: "1" };
      const written = [
        producer.set("a", fields),
        producer.del("a"),
        producer.set("a", { y: "2" }),
        producer.set("b", fields),
      ];
      fields.x = "changed after the call";
      const counted = producer.count();
      for (const result of await Promise.all(written)) unwrap(result);
      assert.equal(unwrap(await counted), 2);
      assert.equal((await recorder.take()).length, 1);
      assert.deepEqual(told(unwrap(await consumer.pops())), ['SET a {"y":"2"}', 'SET b {"x":"1"}']);

      const late = producer.set("c", fields);
      unwrap(await producer.clear());
      unwrap(await late);
      assert.deepEqual(unwrap(await consumer.pops()), []);
    });

    test("a set without fields and an empty key are refused before anything is written", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T");
      for (const refused of [
        await producer.set("a", []),
        await producer.set("", { f: "1" }),
        await producer.setMany([
          ["good", { f: "1" }],
          ["bad", {}],
        ]),
        await producer.applyTempView(),
      ]) {
        invariant(!refused.ok, "it was written");
        assert.equal(refused.error.kind, "invalidChange");
      }
      assert.deepEqual(await dumpKeyspace(store), {});
    });

    test("any bytes but those of the names survive the way through", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T");
      const consumer = new ConsumerStateTable(store, "T", { clock: w.clock });
      const bytes = "\0\udcff\udc80\n\"'\\ключ";
      unwrap(await producer.set(`k${bytes}`, { [`f${bytes}`]: bytes, empty: "" }));
      const [change] = unwrap(await consumer.pops());
      assert.equal(change?.key, `k${bytes}`);
      assert.deepEqual(recordOf(change?.fieldValues ?? []), { [`f${bytes}`]: bytes, empty: "" });
      await consumer.close();
    });

    test("clear leaves tables alone whose names begin alike", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const [port, portTable] = [new ProducerStateTable(store, "PORT"), new ProducerStateTable(store, "PORT_TABLE")];
      unwrap(await port.set("a", { f: "1" }));
      unwrap(await portTable.set("b", { f: "2" }));
      unwrap(await port.clear());
      assert.deepEqual(await dumpKeyspace(store), {
        PORT_TABLE_KEY_SET: { set: ["b"] },
        "_PORT_TABLE:b": { hash: { f: "2" } },
      });
    });

    test("a view deletes old rows also where the separator is |, and ignores the placeholder of empty rows", async () => {
      await using w = await open();
      const store = await w.store("STATE_DB");
      const rows = new Table(store, "T");
      unwrap(await rows.set("old", { a: "1" }));
      unwrap(await rows.set("empty", { NULL: "NULL", a: "1" }));
      unwrap(await rows.set("wider", { a: "1" }));
      const producer = new ProducerStateTable(store, "T");
      producer.createTempView();
      unwrap(await producer.set("discarded", { a: "1" }));
      producer.createTempView();
      unwrap(await producer.set("empty", { a: "1" }));
      unwrap(await producer.set("wider", { a: "1", b: "2" }));
      unwrap(await producer.set("fleeting", { a: "1" }));
      unwrap(await producer.del("fleeting"));
      assert.deepEqual(unwrap(await producer.applyTempView()), { queued: 2, replaced: 1 });
      await using consumer = new ConsumerStateTable(store, "T", { clock: w.clock });
      assert.deepEqual(told(unwrap(await consumer.pops())), ["DEL old", 'SET wider {"a":"1","b":"2"}']);
    });

    test("a reconnect loses nothing: what was queued meanwhile is popped", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(await w.store("APPL_DB"), "T");
      await using consumer = new ConsumerStateTable(store, "T", { clock: w.clock });
      await w.run(consumer.untilSubscribed());
      const lost = disconnection(store);
      await w.disconnect();
      await w.run(lost);
      await w.run(untilWritten(() => producer.set("a", { f: "1" })));
      const next = consumer[Symbol.asyncIterator]().next();
      assert.deepEqual(told((await w.run(next)).value ?? []), ['SET a {"f":"1"}']);
    });

    test("after a pop that was cut off, rows come whole and vanished ones as deletes", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const other = await w.store("APPL_DB");
      const producer = new ProducerStateTable(other, "T");
      const errors: StoreError[] = [];
      await using consumer = new ConsumerStateTable(store, "T", { clock: w.clock, onError: (e) => errors.push(e) });
      unwrap(
        await producer.setMany([
          ["a", { f: "1", g: "2" }],
          ["b", { f: "1" }],
        ]),
      );
      await w.run(consumer.untilSubscribed());
      assert.equal(unwrap(await consumer.pops()).length, 2);

      // Another reader takes the changes, as a pop does whose reply is lost.
      unwrap(await producer.set("a", { f: "3" }));
      unwrap(await producer.del("b"));
      const thief = new ConsumerStateTable(other, "T", { clock: w.clock });
      assert.equal(unwrap(await thief.pops()).length, 2);
      await thief.close();
      const lost = disconnection(store);
      await w.kill();
      await w.run(lost);
      const failed = await consumer.pops();
      assert.equal(failed.ok ? "popped" : failed.error.kind, "disconnected");
      await w.restart();
      await w.run(untilWritten(() => new Table(other, "T").set("a", { f: "3", g: "2" })));
      await w.run(untilWritten(() => new Table(store, "T").set("a", { f: "3" })));
      assert.deepEqual(told(unwrap(await w.run(consumer.pops()))), ["DEL b", 'SET a {"f":"3","g":"2"}']);
    });

    test("closing ends the loop, also one that waits", async () => {
      await using w = await open();
      const consumer = new ConsumerStateTable(await w.store("APPL_DB"), "T", { clock: w.clock });
      const next = consumer[Symbol.asyncIterator]().next();
      await consumer.close();
      assert.equal((await next).done, true);
      assert.equal(await consumer.ready(), false);
    });
  });
}

const KEYS = ["a", "b", "c"] as const;
const fields = fc.dictionary(fc.constantFrom("f", "g", "h"), fc.constantFrom("", "1", "2"), { maxKeys: 3 });
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), key: fc.constantFrom(...KEYS), fields }),
  fc.record({ do: fc.constant("del" as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constant("pop" as const) }),
  fc.record({ do: fc.constant("clear" as const) }),
  fc.record({ do: fc.constant("view" as const), rows: fc.dictionary(fc.constantFrom(...KEYS), fields) }),
);

test("the scripts and their twins leave the same keys and hand out the same changes, whatever the order of calls", async () => {
  const [[, openReal], [, openMemory]] = TABLE_WORLDS;
  await using real = await openReal();
  await using memory = await openMemory();
  const worlds = await Promise.all(
    [real, memory].map(async (w) => {
      const store = await w.store("APPL_DB");
      const producer = new ProducerStateTable(store, "T", { emptySets: "send" });
      return { store, producer, consumer: new ConsumerStateTable(store, "T", { clock: w.clock }) };
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const outcomes = await Promise.all(
        worlds.map(async ({ store, producer, consumer }) => {
          unwrap(await store.command(["FLUSHDB"]));
          const outcome: unknown[] = [];
          for (const each of steps) {
            if (each.do === "set") unwrap(await producer.set(each.key, each.fields));
            else if (each.do === "del") unwrap(await producer.del(each.key));
            else if (each.do === "clear") unwrap(await producer.clear());
            else if (each.do === "pop") outcome.push(told(unwrap(await consumer.pops())));
            else {
              producer.createTempView();
              unwrap(await producer.setMany(Object.entries(each.rows)));
              outcome.push(unwrap(await producer.applyTempView()));
            }
            outcome.push(await dumpKeyspace(store));
          }
          return outcome;
        }),
      );
      assert.deepEqual(outcomes[0], outcomes[1]);
    }),
    { numRuns: 60 },
  );
  for (const { consumer } of worlds) await consumer.close();
});

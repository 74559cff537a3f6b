import assert from "node:assert/strict";
import { invariant, unwrap } from "@tandem/base";
import fc from "fast-check";
import { describe, test } from "vitest";
import { ConsumerTable } from "./consumer-table.js";
import { ProducerTable } from "./producer-table.js";
import type { Store } from "./store.js";
import type { ReaderError } from "./table-error.js";
import { describeTableError } from "./table-error.js";
import { describeChanges, dumpKeyspace, PublishRecorder, TABLE_WORLDS } from "./testing/table-world.js";

const QUEUE = "T_KEY_VALUE_OP_QUEUE";

/** Queues elements as another program might, oldest first. */
async function queueRaw(store: Store, ...elements: readonly string[]): Promise<void> {
  unwrap(await store.command(["LPUSH", QUEUE, ...elements]));
}

for (const [world, open] of TABLE_WORLDS) {
  describe(`queue tables on ${world}`, () => {
    test("entries keep their order across batches and calls, one message each", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const recorder = await PublishRecorder.start(await w.store("APPL_DB"));
      const producer = new ProducerTable(store, "T");
      const entries = Array.from({ length: 700 }, (_, i) => ({ class: "S", key: `k${i}`, op: "SET" }) as const);
      unwrap(await producer.write(entries.map((entry) => ({ ...entry, fields: { n: "1" } }))));
      assert.equal((await recorder.take()).length, 700);
      assert.equal(unwrap(await producer.count()), 700);
      await using consumer = new ConsumerTable(await w.store("APPL_DB"), "T", { clock: w.clock });
      const seen: string[] = [];
      for await (const changes of consumer) {
        seen.push(...changes.map(({ key }) => key));
        if (seen.length === entries.length) break;
      }
      assert.deepEqual(
        seen,
        entries.map(({ key }) => key),
      );
    });

    test("the class letter decides whether a row is written or deleted, not the op", async () => {
      await using w = await open();
      const store = await w.store("APPL_DB");
      const producer = new ProducerTable(store, "T");
      await using consumer = new ConsumerTable(store, "T", { clock: w.clock });
      unwrap(await producer.set("a", { f: "1" }, "remove"));
      unwrap(await producer.set("", { f: "1" }, "create"));
      unwrap(await producer.set("b", { f: "1" }));
      unwrap(await producer.del("b", "set"));
      const changes = describeChanges(unwrap(await consumer.pops()));
      assert.deepEqual(changes, ['remove a {"f":"1"}', 'create  {"f":"1"}', 'SET b {"f":"1"}', "set b"]);
      assert.deepEqual(await dumpKeyspace(store), { "T:a": { hash: { f: "1" } }, T: { hash: { f: "1" } } });
    });

    test("bulk ops write and delete one row per field", async () => {
      await using w = await open();
      const store = await w.store("ASIC_DB");
      const producer = new ProducerTable(store, "T");
      await using consumer = new ConsumerTable(store, "T", { clock: w.clock, rowPrefix: "TEMP_" });
      unwrap(await producer.set("ROUTE:2", { r1: "a=1|b==2|", r2: "c=3" }, "bulkcreate"));
      unwrap(await producer.set("ROUTE:1", { r2: "" }, "bulkremove"));
      assert.equal(unwrap(await consumer.pops()).length, 2);
      assert.deepEqual(await dumpKeyspace(store), { "TEMP_T:ROUTE:r1": { hash: { a: "1", b: "=2" } } });
    });

    test("without modifyRows rows are left alone and any op passes", async () => {
      await using w = await open();
      const store = await w.store("ASIC_DB");
      const producer = new ProducerTable(store, "T", { extraOps: ["start_poll"] });
      await using consumer = new ConsumerTable(store, "T", { clock: w.clock, modifyRows: false });
      unwrap(await producer.set("a", { f: "1" }, "start_poll"));
      unwrap(await producer.set("b", { f: "1" }));
      assert.deepEqual(describeChanges(unwrap(await consumer.pops())), ['start_poll a {"f":"1"}', 'SET b {"f":"1"}']);
      assert.deepEqual(await dumpKeyspace(store), {});
    });

    test("an entry that no consumer could take is refused before it is queued", async () => {
      await using w = await open();
      const store = await w.store("ASIC_DB");
      const producer = new ProducerTable(store, "T");
      const details = [];
      for (const refused of [
        await producer.set("a", { f: "1" }, "start_poll"),
        await producer.set("a", { f: "\udc80" }),
        await producer.set("a", { f: "x=1" }, "bulkset"),
        await producer.set("T:1", { f: "x=1|strict" }, "bulkcreate"),
      ]) {
        invariant(!refused.ok, "it was queued");
        invariant(refused.error.kind === "invalidChange", refused.error.kind);
        details.push(describeTableError(refused.error));
      }
      assert.deepEqual(details, [
        'ASIC_DB T "a": an op that consumers know was expected, found "start_poll"; it was not written',
        'ASIC_DB T "a": UTF-8 was expected in the value of field "f"; it was not written',
        'ASIC_DB T "a": a key TYPE:count was expected for bulkset; it was not written',
        'ASIC_DB T "T:1": name=value pieces joined by | were expected in the value of field "f"; it was not written',
      ]);
      assert.deepEqual(await dumpKeyspace(store), {});
    });

    const bad = [
      { what: "an unknown op", entry: ["x", '["f","1"]', "Sstart_poll"] },
      { what: "a value that is not JSON", entry: ["x", "[f", "SSET"] },
      { what: "an odd array", entry: ["x", '["f"]', "SSET"] },
      { what: "a number", entry: ["x", '["f",1]', "SSET"] },
      { what: "an object with members", entry: ["x", '{"f":"1"}', "SSET"] },
      { what: "a bulk attribute without =", entry: ["T:1", '["r","a=1|b"]', "Sbulkset"] },
      { what: "a row of another type", entry: ["list", '["f","1"]', "SSET"] },
      { what: "a stray element", entry: ["stray"] },
      { what: "two stray elements", entry: ["stray", "S"] },
    ];
    for (const { what, entry } of bad) {
      test(`${what} spoils none of its neighbours and is reported`, async () => {
        await using w = await open();
        const store = await w.store("ASIC_DB");
        unwrap(await store.command(["LPUSH", "T:list", "x"]));
        await queueRaw(store, "before", '["f","1"]', "SSET", ...entry, "after", '["f","2"]', "SSET");
        const errors: ReaderError[] = [];
        await using consumer = new ConsumerTable(store, "T", { clock: w.clock, onError: (e) => errors.push(e) });
        const seen: string[] = [];
        for (let popped = 1; popped > 0 || errors.length === 0; ) {
          const changes = unwrap(await consumer.pops(2));
          popped = changes.length;
          seen.push(...describeChanges(changes));
        }
        seen.push(...describeChanges(unwrap(await consumer.pops(2))));
        assert.deepEqual(seen, ['SET before {"f":"1"}', 'SET after {"f":"2"}']);
        assert.ok(errors.every(({ kind }) => kind === "badEntry"));
        assert.deepEqual(await dumpKeyspace(store), {
          "T:list": { list: ["x"] },
          "T:before": { hash: { f: "1" } },
          "T:after": { hash: { f: "2" } },
        });
      });
    }

    test("a loop goes on behind bad entries", async () => {
      await using w = await open();
      const store = await w.store("ASIC_DB");
      await queueRaw(store, ...Array.from({ length: 5 }, () => ["x", "{", "SSET"]).flat(), "good", '["f","1"]', "SSET");
      await using consumer = new ConsumerTable(store, "T", { clock: w.clock, batch: 1 });
      for await (const changes of consumer) {
        assert.deepEqual(describeChanges(changes), ['SET good {"f":"1"}']);
        break;
      }
    });
  });
}

const element = fc.oneof(
  fc.constantFrom("a", "ROUTE:1", "", "SSET", "Sbulkset", "DDEL", "Sget", "Screate", "Snope", "{}", "[]"),
  fc.array(fc.constantFrom("f", "g", "x=1", ""), { maxLength: 4 }).map((list) => JSON.stringify(list)),
  fc.json({ maxDepth: 1 }),
);

test("whatever is queued, the script and its twin hand out the same and leave the same keys", async () => {
  const [[, openReal], [, openMemory]] = TABLE_WORLDS;
  await using real = await openReal();
  await using memory = await openMemory();
  const stores = await Promise.all([real, memory].map((w) => w.store("ASIC_DB")));
  await fc.assert(
    fc.asyncProperty(fc.array(element, { minLength: 1, maxLength: 15 }), async (elements) => {
      const outcomes = await Promise.all(
        stores.map(async (store, i) => {
          unwrap(await store.command(["FLUSHDB"]));
          await queueRaw(store, ...elements);
          const bad: ReaderError[] = [];
          const { clock } = i === 0 ? real : memory;
          await using consumer = new ConsumerTable(store, "T", { clock, onError: (error) => bad.push(error) });
          const popped = [unwrap(await consumer.pops(3)), unwrap(await consumer.pops(3))];
          return { popped, bad, keys: await dumpKeyspace(store) };
        }),
      );
      assert.deepEqual(outcomes[0], outcomes[1]);
    }),
    { numRuns: 150 },
  );
});

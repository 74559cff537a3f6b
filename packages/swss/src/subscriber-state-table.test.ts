import assert from "node:assert/strict";
import { invariant, seconds, unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import type { KeyOpFieldsValues } from "./field-values.js";
import { enableKeyspaceEvents } from "./keyspace-events.js";
import type { Store } from "./store.js";
import { SubscriberStateTable } from "./subscriber-state-table.js";
import { Table } from "./table.js";
import { describeTableError, type ReaderError } from "./table-error.js";
import { describeChanges, disconnection, TABLE_WORLDS, type TableWorld, untilWritten } from "./testing/table-world.js";

/** A table, its subscriber on another connection, and what the subscriber hands out until `count` changes. */
async function subscribed(w: TableWorld, options: ConstructorParameters<typeof SubscriberStateTable>[2] = {}) {
  const store = await w.store("CONFIG_DB");
  const own = await w.store("CONFIG_DB");
  const subscriber = new SubscriberStateTable(own, "T", { clock: w.clock, ...options });
  await w.run(subscriber.untilSubscribed());
  const until = async (count: number): Promise<string[]> => {
    const seen: KeyOpFieldsValues[] = [];
    while (seen.length < count) {
      await w.run(subscriber.ready());
      seen.push(...unwrap(await w.run(subscriber.pops())));
    }
    return describeChanges(seen);
  };
  return { store, own, rows: new Table(store, "T"), subscriber, until };
}

async function run(store: Store, ...command: [string, ...string[]]): Promise<void> {
  unwrap(await store.command(command));
}

for (const [world, open] of TABLE_WORLDS) {
  describe(`subscribers on ${world}`, () => {
    test("a SET is the whole row under names without list marks; keep shows them", async () => {
      await using w = await open();
      const { store, rows, subscriber, until } = await subscribed(w);
      unwrap(await rows.set("a|b", { "ports@": "x,y", tier: "1" }));
      unwrap(await rows.hset("a|b", "tier", "2"));
      assert.equal((await until(1)).at(-1), 'SET a|b {"ports":"x,y","tier":"2"}');
      await using raw = new SubscriberStateTable(store, "T", { clock: w.clock, listMarks: "keep" });
      await w.run(raw.untilSubscribed());
      assert.deepEqual(describeChanges(unwrap(await raw.pops())), ['SET a|b {"ports@":"x,y","tier":"2"}']);
      await subscriber.close();
    });

    test("a row that was deleted and written again in between is told as DEL, then SET", async () => {
      await using w = await open();
      const { rows, subscriber, until } = await subscribed(w);
      unwrap(await rows.set("a", { old: "1" }));
      assert.deepEqual(await until(1), ['SET a {"old":"1"}']);
      const written = [rows.del("a"), rows.set("a", { new: "2" })];
      for (const write of written) unwrap(await write);
      const changes = await until(2);
      assert.deepEqual(changes.slice(0, 2), ["DEL a", 'SET a {"new":"2"}']);
      await subscriber.close();
    });

    test("a row that loses its last field is told as one DEL", async () => {
      await using w = await open();
      const { rows, subscriber, until } = await subscribed(w);
      unwrap(await rows.set("a", { f: "1" }));
      await until(1);
      unwrap(await rows.hdel("a", "f"));
      unwrap(await rows.set("b", { f: "1" }));
      assert.deepEqual(await until(2), ["DEL a", 'SET b {"f":"1"}']);
      await subscriber.close();
    });

    test("a batch is kept, and what is left over can be popped at once", async () => {
      await using w = await open();
      const { rows, subscriber } = await subscribed(w, { batch: 2 });
      unwrap(await subscriber.pops());
      const writes = Array.from({ length: 5 }, (_, i) => rows.set(`k${i}`, { f: "1" }));
      for (const write of writes) unwrap(await write);
      const sizes: number[] = [];
      let seen = 0;
      for await (const changes of subscriber) {
        sizes.push(changes.length);
        seen += changes.length;
        if (seen >= 5) break;
      }
      assert.ok(sizes.every((size) => size <= 2));
      await subscriber.close();
    });

    test("with key events off it fails with what to do, and works as soon as they are on", async () => {
      await using w = await open({ "notify-keyspace-events": "" });
      const errors: ReaderError[] = [];
      const { own, rows, subscriber } = await subscribed(w, { onError: (error) => errors.push(error) });
      unwrap(await rows.set("a", { f: "1" }));
      const failed = await subscriber.pops();
      invariant(!failed.ok, "it read rows that it could not follow");
      assert.equal(
        describeTableError(failed.error),
        'CONFIG_DB: notify-keyspace-events is "", subscribers need "KEA"; nothing is read until it is set (CONFIG SET notify-keyspace-events KEA)',
      );
      const next = subscriber[Symbol.asyncIterator]().next();
      unwrap(await enableKeyspaceEvents(own));
      assert.deepEqual(describeChanges((await w.run(next)).value ?? []), ['SET a {"f":"1"}']);
      assert.ok(errors.every(({ kind }) => kind === "keyspaceEventsOff"));
      await subscriber.close();
    });

    test("after a reconnect rows come again, and rows that vanished meanwhile as DEL", async () => {
      await using w = await open();
      const { store, own, rows, subscriber, until } = await subscribed(w);
      unwrap(await rows.set("stays", { f: "1" }));
      unwrap(await rows.set("vanishes", { f: "1" }));
      await until(2);
      const lost = disconnection(own);
      await w.kill();
      await w.run(lost);
      await w.restart();
      await w.run(untilWritten(() => rows.set("stays", { f: "2" })));
      await w.run(untilWritten(() => rows.set("new", { f: "1" })));
      const seen: string[] = [];
      while (!seen.some((change) => change.startsWith("DEL"))) {
        await w.run(subscriber.ready());
        const popped = await w.run(subscriber.pops());
        if (popped.ok) seen.push(...describeChanges(popped.value));
      }
      assert.deepEqual(new Set(seen), new Set(['SET stays {"f":"2"}', 'SET new {"f":"1"}', "DEL vanishes"]));
      assert.equal(store.connected, true);
      await subscriber.close();
    });

    test("a flushed database makes no events; refresh finds what it removed", async () => {
      await using w = await open();
      const { store, rows, subscriber, until } = await subscribed(w);
      unwrap(await rows.set("a", { f: "1" }));
      await until(1);
      await run(store, "FLUSHDB");
      subscriber.refresh();
      assert.deepEqual(await until(1), ["DEL a"]);
      await subscriber.close();
    });

    test("a renamed row is not told as deleted, unless that is asked for", async () => {
      await using w = await open();
      const quiet = await subscribed(w);
      const strict = await subscribed(w, { deletesOnExpiry: true });
      unwrap(await quiet.rows.set("a", { f: "1" }));
      await quiet.until(1);
      await strict.until(1);
      await run(quiet.store, "RENAME", "T|a", "T|b");
      assert.deepEqual(await quiet.until(1), ['SET b {"f":"1"}']);
      assert.deepEqual(await strict.until(2), ["DEL a", 'SET b {"f":"1"}']);
      await quiet.subscriber.close();
      await strict.subscriber.close();
    });

    test("a key of another type is reported and spoils no other row", async () => {
      await using w = await open();
      const errors: ReaderError[] = [];
      const { store, rows, subscriber, until } = await subscribed(w, { onError: (error) => errors.push(error) });
      unwrap(await rows.set("a", { f: "1" }));
      await until(1);
      await run(store, "SET", "T|a", "text");
      unwrap(await rows.set("b", { f: "1" }));
      const seen = await until(2);
      assert.deepEqual(seen, ["DEL a", 'SET b {"f":"1"}']);
      assert.equal(errors[0]?.kind, "refused");
      await subscriber.close();
    });

    test("tables whose names begin alike, or hold glob characters, are told apart", async () => {
      await using w = await open();
      const store = await w.store("CONFIG_DB");
      await using subscriber = new SubscriberStateTable(await w.store("CONFIG_DB"), "T*[x]", { clock: w.clock });
      await w.run(subscriber.untilSubscribed());
      unwrap(await new Table(store, "TAx").set("wrong", { f: "1" }));
      unwrap(await new Table(store, "T*[x]").set("right", { f: "1" }));
      await w.run(subscriber.ready());
      const seen: string[] = [];
      while (seen.length === 0) {
        seen.push(...describeChanges(unwrap(await subscriber.pops())));
        if (seen.length === 0) await w.pass(seconds(0));
      }
      assert.deepEqual([...new Set(seen)], ['SET right {"f":"1"}']);
    });
  });
}

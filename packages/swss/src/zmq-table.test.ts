import assert from "node:assert/strict";
import { invariant, minutes, seconds, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { describe, test } from "vitest";
import { AsyncDbUpdater, describeUpdaterError, type UpdaterError } from "./async-db-updater.js";
import { encodeMessage } from "./binary-serializer.js";
import type { KeyOpFieldsValues } from "./field-values.js";
import { MemoryWires } from "./memory/memory-sockets.js";
import { Table } from "./table.js";
import { describeChanges, disconnection, dumpKeyspace, TABLE_WORLDS, type TableWorld } from "./testing/table-world.js";
import { ZmqClient, type ZmqClientOptions } from "./zmq-client.js";
import { ZmqConsumerStateTable, type ZmqConsumerStateTableOptions } from "./zmq-consumer-state-table.js";
import { ZmqProducerStateTable } from "./zmq-producer-state-table.js";
import { describeServerError, ZmqServer } from "./zmq-server.js";

async function pair(w: TableWorld, options: ZmqConsumerStateTableOptions & ZmqClientOptions = {}) {
  const store = await w.store("DPU_APPL_DB");
  const endpoint = await w.freeEndpoint();
  const errors: string[] = [];
  const server = new ZmqServer(w.sockets, endpoint, { onError: (error) => errors.push(describeServerError(error)) });
  const consumer = new ZmqConsumerStateTable(store, "T", server, { ...options, clock: w.clock });
  unwrap(await server.bind());
  const client = new ZmqClient(w.sockets, endpoint, { ...options, clock: w.clock });
  const producer = new ZmqProducerStateTable(store, "T", client, { updater: { clock: w.clock } });
  const until = async (count: number): Promise<string[]> => {
    const seen: KeyOpFieldsValues[] = [];
    for (;;) {
      for (let popped = unwrap(await consumer.pops()); popped.length > 0; popped = unwrap(await consumer.pops())) {
        seen.push(...popped);
      }
      if (seen.length >= count) break;
      await consumer.ready();
    }
    return describeChanges(seen);
  };
  return { store, endpoint, server, consumer, client, producer, errors, until };
}

for (const [world, open] of TABLE_WORLDS) {
  describe(`ZMQ state tables on ${world}`, () => {
    test("changes arrive in order, unmerged, and Redis gets the newest state of each row", async () => {
      await using w = await open();
      const { store, producer, until } = await pair(w);
      const sent = [
        producer.set("a", { f: "1" }),
        producer.setMany([
          ["a", { g: "2" }],
          ["b", { f: "1" }],
        ]),
        producer.del("c"),
        producer.send([
          { key: "a", op: "HSET", fieldValues: { h: "3" } },
          { key: "b", op: "DEL", fieldValues: [] },
        ]),
        producer.delMany(["d"]),
      ];
      for (const each of sent) unwrap(await each);
      assert.deepEqual(await until(7), [
        'SET a {"f":"1"}',
        'SET a {"g":"2"}',
        'SET b {"f":"1"}',
        "DEL c",
        'SET a {"h":"3"}',
        "DEL b",
        "DEL d",
      ]);
      await producer.flush();
      assert.deepEqual(await dumpKeyspace(store), { "T:a": { hash: { g: "2", h: "3" } } });
    });

    test("a set without fields is refused: it would arrive as a delete", async () => {
      await using w = await open();
      const { producer } = await pair(w);
      const refused = await producer.set("a", []);
      invariant(!refused.ok, "it was sent");
      assert.equal(refused.error.kind, "invalidChange");
    });

    test("malformed messages and unknown tables are dropped and reported; the rest goes on", async () => {
      await using w = await open();
      const { endpoint, store, producer, errors, until, server } = await pair(w);
      const raw = w.sockets.push(endpoint);
      unwrap(await raw.push(Buffer.from("garbage")));
      unwrap(await raw.push(unwrap(encodeMessage("DPU_APPL_DB", "U", []))));
      unwrap(await raw.push(unwrap(encodeMessage("DPU_APPL_DB", "T", [{ key: "x", op: "DEL", fieldValues: [] }]))));
      assert.deepEqual(await until(1), ["DEL x"]);
      assert.deepEqual(errors, [
        `${endpoint}: a ZMQ message ends early: 8 more bytes expected at offset 0; it is dropped`,
        `${endpoint}: nobody here handles DPU_APPL_DB U; the message is dropped`,
      ]);
      assert.equal(server.register("DPU_APPL_DB", "T", () => {}).ok, false);
      assert.throws(() => new ZmqConsumerStateTable(store, "T", server));
      unwrap(await producer.set("a", { f: "1" }));
      assert.deepEqual(await until(1), ['SET a {"f":"1"}']);
    });

    test("a consumer that does not read holds its server back, and then gets everything", async () => {
      await using w = await open();
      const { consumer, producer, until } = await pair(w, { limit: 10 });
      const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
      for (const key of keys) unwrap(await producer.set(key, { f: "1" }));
      await consumer.ready();
      await settle();
      assert.ok(consumer.size <= 11, `${consumer.size} changes wait`);
      assert.equal((await until(500)).length, 500);
    });

    test("a closed consumer lets its server go on", async () => {
      await using w = await open();
      const { consumer, producer, server } = await pair(w, { limit: 1 });
      const other: string[] = [];
      let arrived = (): void => {};
      const done = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      unwrap(
        server.register("DPU_APPL_DB", "U", (entries) => {
          other.push(...describeChanges(entries));
          arrived();
        }),
      );
      for (let i = 0; i < 5; i++) unwrap(await producer.set(`k${i}`, { f: "1" }));
      await consumer.ready();
      const client = new ZmqClient(w.sockets, server.endpoint, { clock: w.clock });
      unwrap(await client.send("DPU_APPL_DB", "U", [{ key: "x", op: "DEL", fieldValues: [] }]));
      await consumer.close();
      await done;
      assert.deepEqual(other, ["DEL x"]);
    });

    test("copies survive a lost connection and are written newest state only", async () => {
      await using w = await open();
      const store = await w.store("DPU_APPL_DB");
      const reader = await w.store("DPU_APPL_DB");
      const errors: UpdaterError[] = [];
      const updater = new AsyncDbUpdater(store, "T", { clock: w.clock, onError: (error) => errors.push(error) });
      const lost = disconnection(store);
      await w.kill();
      await w.run(lost);
      await updater.put([{ key: "a", op: "SET", fieldValues: { f: "1" } }]);
      await updater.put([
        { key: "a", op: "HSET", fieldValues: { g: "2" } },
        { key: "b", op: "SET", fieldValues: { f: "1" } },
        { key: "b", op: "DEL", fieldValues: [] },
      ]);
      assert.equal(updater.size, 2);
      await w.restart();
      await w.run(updater.flush());
      while (!reader.connected) await w.pass(seconds(1));
      assert.deepEqual(await dumpKeyspace(reader), { "T:a": { hash: { f: "1", g: "2" } } });
      await updater[Symbol.asyncDispose]();
    });

    test("a row that cannot be written is reported and dropped, its neighbours are written", async () => {
      await using w = await open();
      const store = await w.store("DPU_APPL_DB");
      const errors: string[] = [];
      const onError = (error: UpdaterError) => errors.push(describeUpdaterError(error));
      const updater = new AsyncDbUpdater(store, "T", { clock: w.clock, onError });
      unwrap(await store.command(["LPUSH", "T:list", "x"]));
      const merge = (key: string) => ({ key, op: "HSET", fieldValues: { f: "1" } }) as const;
      await updater.put([merge("a"), merge("list"), merge("b")]);
      await updater.flush();
      assert.deepEqual(await dumpKeyspace(store), {
        "T:list": { list: ["x"] },
        "T:a": { hash: { f: "1" } },
        "T:b": { hash: { f: "1" } },
      });
      assert.match(errors.join(), /^DPU_APPL_DB: T:list cannot be written: .*WRONGTYPE.*; the row is dropped$/);
      await updater[Symbol.asyncDispose]();
    });

    test("closing writes what is left", async () => {
      await using w = await open();
      const store = await w.store("DPU_APPL_DB");
      const updater = new AsyncDbUpdater(store, "T", { clock: w.clock });
      const entries = Array.from(
        { length: 1000 },
        (_, i) => ({ key: `k${i}`, op: "SET", fieldValues: { f: "1" } }) as const,
      );
      await updater.put(entries);
      await updater[Symbol.asyncDispose]();
      assert.equal(unwrap(await new Table(store, "T").getKeys()).length, 1000);
    });
  });
}

test("closing without Redis gives up after 5 s and says how many rows are unwritten", async () => {
  await using w = await TABLE_WORLDS[1][1]();
  const store = await w.store("DPU_APPL_DB");
  const errors: UpdaterError[] = [];
  const updater = new AsyncDbUpdater(store, "T", { clock: w.clock, onError: (error) => errors.push(error) });
  const lost = disconnection(store);
  await w.kill();
  await w.run(lost);
  await updater.put([{ key: "a", op: "DEL", fieldValues: [] }]);
  const before = w.clock.monotonic();
  await w.run(updater[Symbol.asyncDispose]());
  assert.equal(w.clock.monotonic() - before, 5_000);
  assert.deepEqual(errors, [{ kind: "rowsUnwritten", db: "DPU_APPL_DB", rows: 1 }]);
});

test("more rows than the limit hold the writer back until there is room", async () => {
  await using w = await TABLE_WORLDS[1][1]();
  const store = await w.store("DPU_APPL_DB");
  const updater = new AsyncDbUpdater(store, "T", { clock: w.clock, limit: 2 });
  const put = (key: string) => updater.put([{ key, op: "SET", fieldValues: { f: "1" } }]);
  const lost = disconnection(store);
  await w.kill();
  await w.run(lost);
  assert.deepEqual([put("a"), put("b"), put("a")], [undefined, undefined, undefined]);
  const room = put("c");
  assert.ok(room instanceof Promise);
  await w.restart();
  await w.run(room);
  await w.run(updater.flush());
});

test("a client waits for room, keeps the order, and fails in the end", async () => {
  const clock = new VirtualClock();
  const wires = new MemoryWires(2);
  const client = new ZmqClient(wires.sockets(), "tcp://127.0.0.1:1", { clock, waitingMax: 3 });
  const send = (key: string) => client.send("DB", "T", [{ key, op: "DEL", fieldValues: [] }]);
  unwrap(await send("a"));
  unwrap(await send("b"));
  const waiting = ["c", "d", "e"].map(send);
  await settle();
  const server = new ZmqServer(wires.sockets(), "tcp://127.0.0.1:1");
  const seen: string[] = [];
  unwrap(server.register("DB", "T", (entries) => void seen.push(...entries.map(({ key }) => key))));
  await clock.advance(seconds(1));
  unwrap(await server.bind());
  for (const sent of await clock.run(Promise.all(waiting), minutes(1))) unwrap(sent);
  await settle();
  assert.deepEqual(seen, ["a", "b", "c", "d", "e"]);

  await server[Symbol.asyncDispose]();
  for (let i = 0; i < 2; i++) unwrap(await send("f"));
  const before = clock.monotonic();
  const refused = await clock.run(send("g"), minutes(1));
  assert.equal(clock.monotonic() - before, 20_460, "20 ms, doubled ten times");
  assert.deepEqual(refused, { ok: false, error: { kind: "full", endpoint: "tcp://127.0.0.1:1", limit: 2 } });
  const cut = send("h");
  await settle();
  await client[Symbol.asyncDispose]();
  assert.deepEqual(await cut, { ok: false, error: { kind: "closed", endpoint: "tcp://127.0.0.1:1" } });
});

test("sends of one turn share a message while they are for one table, in order and below its size", async () => {
  const wires = new MemoryWires();
  const messages: string[] = [];
  const server = new ZmqServer(wires.sockets(), "tcp://127.0.0.1:1");
  for (const table of ["T", "U"]) {
    const take = (entries: readonly { readonly key: string }[]): void =>
      void messages.push(`${table} ${entries.map(({ key }) => key.slice(0, 8)).join(" ")}`);
    unwrap(server.register("DB", table, take));
  }
  unwrap(await server.bind());
  const client = new ZmqClient(wires.sockets(), "tcp://127.0.0.1:1", { clock: new VirtualClock() });
  const send = (table: string, key: string) => client.send("DB", table, [{ key, op: "SET", fieldValues: { f: key } }]);
  const large = "large".padEnd(40_000);
  for (const sent of await Promise.all([
    ...["a", "b"].map((key) => send("T", key)),
    ...["c", "d"].map((key) => send("U", key)),
    ...["e", large, large, "f"].map((key) => send("T", key)),
  ])) {
    unwrap(sent);
  }
  unwrap(await send("T", "g"));
  await settle();
  assert.deepEqual(messages, ["T a b", "U c d", "T e", "T large   ", "T large   ", "T f", "T g"]);
});

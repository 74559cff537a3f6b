import { seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import {
  ConsumerStateTable,
  ProducerStateTable,
  Table,
  untilConnected,
  ZmqClient,
  ZmqConsumerStateTable,
  ZmqProducerStateTable,
  ZmqServer,
} from "@tandem/swss";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import { producerStateWriter, tableWriter, zmqWriter } from "./row-writers.js";

async function world(db: string) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const redis = new MemoryRedis({ clock, random });
  const stores = new MemoryStores({ clock, random, servers: [{ redis }] });
  const opened = stores.open({ db });
  if (!opened.ok) throw new Error(`no ${db}`);
  await untilConnected(opened.value);
  return { clock, redis, store: opened.value };
}

test("a state table: a delete before a Set reaches the consumer as the Set alone, with exactly its fields", async () => {
  const { store, redis, clock } = await world("APPL_DB");
  const writer = producerStateWriter(new ProducerStateTable(store, "T"));
  const consumer = new ConsumerStateTable(store, "T", { clock });
  await writer.write([{ key: "a", op: "SET", fieldValues: { x: "1" } }]);
  await consumer.pops();
  await writer.write([
    { key: "a", op: "DEL" },
    { key: "a", op: "SET", fieldValues: { y: "2" } },
  ]);
  expect(await consumer.pops()).toMatchObject({ value: [{ key: "a", op: "SET", fieldValues: [["y", "2"]] }] });
  expect(await store.command(["HGETALL", "T:a"])).toMatchObject({ value: ["y", "2"] });
  expect(await writer.write([{ key: "a", op: "SET", fieldValues: {} }])).toMatchObject({
    error: expect.stringContaining("fields were expected"),
  });
  let resets = 0;
  writer.onReset(() => resets++);
  redis.kill();
  expect(await writer.write([{ key: "a", op: "DEL" }])).toMatchObject({
    error: expect.stringContaining("not connected"),
  });
  redis.restart();
  await clock.advanceUntil(() => store.connected, seconds(5));
  expect(resets).toBe(1);
  await consumer.close();
});

test("a plain table: rows in order, and what is gone is gone", async () => {
  const { store, redis } = await world("STATE_DB");
  const writer = tableWriter(new Table(store, "T"));
  const written = await writer.write([
    { key: "a", op: "SET", fieldValues: { x: "1" } },
    { key: "a", op: "DEL" },
    { key: "a", op: "SET", fieldValues: { y: "2" } },
    { key: "b", op: "DEL" },
  ]);
  expect(written.ok).toBe(true);
  expect(await store.command(["HGETALL", "T|a"])).toMatchObject({ value: ["y", "2"] });
  redis.kill();
  expect(await writer.write([{ key: "a", op: "DEL" }])).toMatchObject({ ok: false });
});

test("ZMQ: whole rows to the consumer and a copy in Redis; a receiver that appears is a reset", async () => {
  const { store, clock } = await world("DPU_APPL_DB");
  const wires = new MemoryWires(2);
  const endpoint = "tcp://127.0.0.1:8100";
  const client = new ZmqClient(wires.sockets(), endpoint, { clock, retries: 0 });
  const producer = new ZmqProducerStateTable(store, "T", client, { updater: { clock } });
  const writer = zmqWriter(producer, client, store);
  let resets = 0;
  writer.onReset(() => resets++);
  for (const key of ["a", "b"]) {
    expect(await writer.write([{ key, op: "SET", fieldValues: { x: "1" } }])).toEqual({ ok: true, value: undefined });
  }
  expect(await writer.write([{ key: "c", op: "DEL" }])).toEqual({ ok: false, error: `${endpoint}: full` });
  const server = new ZmqServer(wires.sockets(), endpoint);
  const consumer = new ZmqConsumerStateTable(store, "T", server, { clock });
  await server.bind();
  await settle();
  expect(resets).toBe(1);
  expect(await consumer.pops()).toMatchObject({ value: [{ key: "a" }, { key: "b" }] });
  expect(await writer.write([{ key: "a", op: "SET", fieldValues: { y: "2" } }])).toMatchObject({ ok: true });
  await clock.run(producer.flush(), seconds(5));
  expect(await store.command(["HGETALL", "T:a"])).toMatchObject({ value: ["y", "2"] });
});

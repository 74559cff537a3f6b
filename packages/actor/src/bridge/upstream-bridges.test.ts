import { noCrash, pick, type Random, seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { parseServicePath, SwbusErrorCode, startEdge } from "@tandem/swbus/edge";
import {
  ConsumerStateTable,
  defineTable,
  ProducerStateTable,
  t,
  untilConnected,
  ZmqClient,
  ZmqConsumerStateTable,
  ZmqProducerStateTable,
  ZmqServer,
} from "@tandem/swss";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import { FakeService } from "../testing/fake-service.js";
import { NO_BUS } from "../testing/no-bus.js";
import { ProducerBridge } from "./producer.js";
import type { RowWriter } from "./row-writer.js";
import { producerStateWriter, zmqWriter } from "./row-writers.js";
import { TableHub } from "./table-hub.js";

// Rows as large and as random as those of sonic-dash-ha's bridge tests, end to end.

const Big = defineTable({
  name: "BIG",
  db: "APPL_DB",
  spec: "example",
  key: { name: t.text({ doc: "" }) },
  fields: { f0: t.text({ doc: "" }) },
});

type Rows = Map<string, Readonly<Record<string, string>>>;

/** 100 to 999 fields. */
function randomFields(random: Random): Record<string, string> {
  const count = 100 + Math.floor(random.next() * 900);
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f${i}`, String(Math.floor(random.next() * 1e9))]),
  );
}

/** Sets and deletes of a few rows, and what they come to. */
function randomUpdates(random: Random, count: number) {
  const updates: { readonly key: string; readonly fields: Record<string, string> | undefined }[] = [];
  const final: Rows = new Map();
  for (let i = 0; i < count; i++) {
    const key = pick(random, ["a", "b", "c", "d", "e"]);
    const fields = random.next() < 0.3 ? undefined : randomFields(random);
    updates.push({ key, fields });
    if (fields === undefined) final.delete(key);
    else final.set(key, fields);
  }
  return { updates, final };
}

async function world(db: "APPL_DB" | "DPU_APPL_DB") {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const stores = new MemoryStores({ clock, random, servers: [{ redis: new MemoryRedis({ clock, random }) }] });
  const store = stores.open({ db });
  if (!store.ok) throw new Error(`no ${db}`);
  await untilConnected(store.value);
  return { clock, random, stores, store: store.value };
}

/** A bridge, and somebody who sends it rows. */
function bridge(clock: VirtualClock, random: Random, writer: RowWriter) {
  const basePath = parseServicePath("r.c.n/test/0");
  const edge = startEdge({ bus: NO_BUS, clock, random, endpoint: "127.0.0.1:1", basePath, type: "inNode" });
  const producer = new ProducerBridge({ edge, table: Big, clock, crashPoint: noCrash, onReset: () => {} });
  producer.connect(writer, "start");
  const actor = new FakeService(edge, clock, basePath.withResource("dpu", "d0"));
  const send = async (key: string, fields: Record<string, string> | undefined): Promise<string> => {
    const { code, text } = await actor.sendRow(producer.path, Big, key, fields);
    expect(code).toBe(SwbusErrorCode.OK);
    return text;
  };
  return { send };
}

test("random updates of a table reach its readers; a second reader gets every row as it is, and no deletes", async () => {
  const { clock, random, stores, store } = await world("APPL_DB");
  const { updates, final } = randomUpdates(random, 40);
  const follow = () => {
    const rows: Rows = new Map();
    let deletes = 0;
    const feed = new TableHub({ stores, clock, onEvent: () => {} }).feed(Big, "");
    feed.watchAll(
      {
        onRow: (_, key, row) => {
          if (row === undefined) {
            deletes += 1;
            rows.delete(key);
          } else rows.set(key, feed.get(key)?.fields ?? {});
        },
        onLoaded: () => {},
      },
      () => true,
    );
    return { rows, deletes: () => deletes };
  };
  const first = follow();
  await settle();
  for (const { key, fields } of updates) {
    await store.command(["DEL", `BIG:${key}`]);
    if (fields !== undefined) await store.command(["HSET", `BIG:${key}`, ...Object.entries(fields).flat()]);
    await settle();
  }
  expect(first.rows).toEqual(final);
  const second = follow();
  await settle();
  expect(second.rows).toEqual(final);
  expect(second.deletes()).toBe(0);
});

test("random rows sent to a bridge appear in a consumer of its state table; sent again they do not", async () => {
  const { clock, random, store } = await world("APPL_DB");
  const { updates, final } = randomUpdates(random, 40);
  const { send } = bridge(clock, random, producerStateWriter(new ProducerStateTable(store, Big.name)));
  const consumer = new ConsumerStateTable(store, Big.name, { clock });
  const seen: Rows = new Map();
  const drain = async (): Promise<number> => {
    const popped = await consumer.pops();
    if (!popped.ok) throw new Error("no pop");
    for (const { key, op, fieldValues } of popped.value) {
      if (op === "DEL") seen.delete(key);
      else seen.set(key, Object.fromEntries(fieldValues));
    }
    return popped.value.length;
  };
  for (const { key, fields } of updates) {
    await send(key, fields);
    await drain();
  }
  expect(seen).toEqual(final);
  for (const [key, fields] of final) expect(await send(key, { ...fields })).toBe("No change in data");
  expect(await drain()).toBe(0);
  await consumer.close();
});

test("a bridge with ZMQ goes on when its receiver is made anew at the same endpoint", async () => {
  const { clock, random, store } = await world("DPU_APPL_DB");
  const wires = new MemoryWires();
  const endpoint = "tcp://127.0.0.1:8100";
  const client = new ZmqClient(wires.sockets(), endpoint, { clock });
  const producer = new ZmqProducerStateTable(store, Big.name, client, { updater: { clock } });
  const { send } = bridge(clock, random, zmqWriter(producer, client, store));
  for (let life = 0; life < 3; life++) {
    const server = new ZmqServer(wires.sockets(), endpoint);
    const consumer = new ZmqConsumerStateTable(store, Big.name, server, { clock });
    await server.bind();
    await settle();
    const fields = randomFields(random);
    await send("a", fields);
    await clock.advance(seconds(1));
    const popped = await consumer.pops();
    const changes = popped.ok ? popped.value : [];
    expect(changes.map(({ key, op }) => `${op} ${key}`)).toEqual(["SET a"]);
    expect(Object.fromEntries(changes[0]?.fieldValues ?? [])).toEqual(fields);
    await server[Symbol.asyncDispose]();
    await settle();
  }
});

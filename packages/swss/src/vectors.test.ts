import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import type { ChangeReader } from "./change-source.js";
import { ConsumerStateTable } from "./consumer-state-table.js";
import { ConsumerTable } from "./consumer-table.js";
import type { FieldValues } from "./field-values.js";
import { NotificationConsumer } from "./notification-consumer.js";
import { NotificationProducer } from "./notification-producer.js";
import { ProducerStateTable } from "./producer-state-table.js";
import { ProducerTable } from "./producer-table.js";
import type { Store } from "./store.js";
import { SubscriberStateTable } from "./subscriber-state-table.js";
import { Table } from "./table.js";
import {
  dumpKeyspace,
  type KeyspaceDump,
  loadKeyspace,
  PublishRecorder,
  TABLE_WORLDS,
  type TableWorld,
} from "./testing/table-world.js";
import { ZmqClient } from "./zmq-client.js";
import { ZmqConsumerStateTable } from "./zmq-consumer-state-table.js";
import { ZmqProducerStateTable } from "./zmq-producer-state-table.js";
import { ZmqServer } from "./zmq-server.js";

/** Cases recorded from the C++ library on Redis 7.0: calls, replies, and what the database and its channels held. */
interface Call {
  readonly op: string;
  readonly db?: string;
  readonly table: string;
  readonly key: string;
  readonly field: string;
  readonly value: string;
  readonly verb?: string;
  readonly data: string;
  readonly fv: FieldValues;
  readonly entries: readonly { readonly key: string; readonly fv: FieldValues }[];
  readonly keys: readonly string[];
  readonly endpoint: string;
  readonly persist: boolean;
}

interface Step {
  readonly call: Call;
  readonly reply: unknown;
  readonly keyspace: KeyspaceDump;
  readonly published: readonly (readonly [string, string])[];
}

const vectors = JSON.parse(readFileSync(new URL("../testdata/swss.json", import.meta.url), "utf8")) as readonly {
  readonly name: string;
  readonly steps: readonly Step[];
}[];
const cases = vectors.filter(({ steps }) => steps[0]?.call.op !== "serialize");

/** Plays calls; keeps what they open. */
class Player {
  readonly #world: TableWorld;
  readonly #store: Store;
  readonly #open = new Map<string, ChangeReader<unknown>>();
  readonly #producers = new Map<string, ProducerStateTable>();
  readonly #endpoints = new Map<string, string>();
  readonly #zmqProducers = new Map<string, ZmqProducerStateTable>();
  /** Which end copies rows to Redis; the recorded one is the consumer. */
  readonly #copies: "consumer" | "producer";

  constructor(world: TableWorld, store: Store, copies: "consumer" | "producer" = "consumer") {
    this.#world = world;
    this.#store = store;
    this.#copies = copies;
  }

  /** The reply, in the form of the recording. */
  async play(call: Call): Promise<unknown> {
    const [kind, verb] = call.op.split(".") as [string, string];
    switch (kind) {
      case "table":
        return this.#table(verb, call);
      case "pst":
        return this.#producerStateTable(verb, call);
      case "pt": {
        const table = new ProducerTable(this.#store, call.table);
        unwrap(verb === "set" ? await table.set(call.key, call.fv, call.verb) : await table.del(call.key, call.verb));
        return {};
      }
      case "np": {
        const producer = new NotificationProducer(this.#store, call.table);
        return { receivers: unwrap(await producer.send(call.verb ?? "", call.data, call.fv)) };
      }
      case "zc":
        return this.#zmqProducer(verb, call);
      default:
        return verb === "open" ? this.#openReader(kind, call) : this.#read(kind, call);
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#open.values()) await reader.close();
    for (const producer of this.#zmqProducers.values()) await producer[Symbol.asyncDispose]();
  }

  async #table(verb: string, call: Call): Promise<unknown> {
    const table = new Table(this.#store, call.table);
    switch (verb) {
      case "set":
        return done(unwrap(await table.set(call.key, call.fv)));
      case "hset":
        return done(unwrap(await table.hset(call.key, call.field, call.value)));
      case "hdel":
        return done(unwrap(await table.hdel(call.key, call.field)));
      case "del":
        return done(unwrap(await table.del(call.key)));
      case "keys":
        return { keys: unwrap(await table.getKeys()) };
      default: {
        const row = unwrap(await table.get(call.key));
        return { found: row !== undefined, fv: row ?? [] };
      }
    }
  }

  async #producerStateTable(verb: string, call: Call): Promise<unknown> {
    const table =
      this.#producers.get(call.table) ?? new ProducerStateTable(this.#store, call.table, { emptySets: "send" });
    this.#producers.set(call.table, table);
    switch (verb) {
      case "set":
        return done(unwrap(await table.set(call.key, call.fv)));
      case "setMany":
        return done(unwrap(await table.setMany(call.entries.map(({ key, fv }) => [key, fv]))));
      case "del":
        return done(unwrap(await table.del(call.key)));
      case "delMany":
        return done(unwrap(await table.delMany(call.keys)));
      case "clear":
        return done(unwrap(await table.clear()));
      case "createTempView":
        return done(table.createTempView());
      default:
        return done(unwrap(await table.applyTempView()));
    }
  }

  async #zmqProducer(verb: string, call: Call): Promise<unknown> {
    if (verb === "open") {
      const client = new ZmqClient(this.#world.sockets, this.#endpoints.get(call.table) as string);
      const options = { dbPersistence: this.#copies === "producer", emptySets: "send" } as const;
      this.#zmqProducers.set(call.table, new ZmqProducerStateTable(this.#store, call.table, client, options));
      return {};
    }
    const table = this.#zmqProducers.get(call.table) as ZmqProducerStateTable;
    unwrap(verb === "set" ? await table.set(call.key, call.fv) : await table.del(call.key));
    const consumer = this.#open.get(`zs ${call.table}`) as ZmqConsumerStateTable;
    await consumer.ready();
    await consumer.flush();
    await table.flush();
    return {};
  }

  async #openReader(kind: string, call: Call): Promise<unknown> {
    const { table } = call;
    const options = { clock: this.#world.clock };
    if (kind === "zs") {
      const endpoint = await this.#world.freeEndpoint();
      const server = new ZmqServer(this.#world.sockets, endpoint);
      const dbPersistence = this.#copies === "consumer";
      const consumer = new ZmqConsumerStateTable(this.#store, table, server, { ...options, dbPersistence });
      this.#open.set(`zs ${table}`, consumer);
      unwrap(await server.bind());
      this.#endpoints.set(table, endpoint);
      return {};
    }
    const reader =
      kind === "cst"
        ? new ConsumerStateTable(this.#store, table, options)
        : kind === "ct"
          ? new ConsumerTable(this.#store, table, options)
          : kind === "sst"
            ? new SubscriberStateTable(this.#store, table, options)
            : new NotificationConsumer(this.#store, table, options);
    this.#open.set(`${kind} ${table}`, reader);
    await reader.untilSubscribed();
    return {};
  }

  async #read(kind: string, call: Call): Promise<unknown> {
    const reader = this.#open.get(`${kind} ${call.table}`);
    assert.ok(reader, `${kind} ${call.table} is open`);
    if (kind === "nc") {
      await reader.ready();
      const { op, data, fieldValues } = (reader as NotificationConsumer).pop() ?? { op: "", data: "", fieldValues: [] };
      return { pops: [{ data, fv: fieldValues, verb: op }] };
    }
    const changes = unwrap(await reader.pops()) as readonly { key: string; op: string; fieldValues: FieldValues }[];
    return { pops: changes.map(({ key, op, fieldValues }) => ({ fv: fieldValues, key, op })) };
  }
}

function done(_nothing: unknown): unknown {
  return {};
}

/** The order of keys within one pop is that of a set. */
function comparable(reply: unknown): unknown {
  const { pops } = reply as { pops?: readonly { key: string; fv: FieldValues }[] };
  if (pops === undefined) return reply;
  const sorted = (fv: FieldValues) => [...fv].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = pops.map((change) => ({ ...change, fv: sorted(change.fv) }));
  return { pops: rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) };
}

/** Only the C++ queue keeps its order; a set has none. */
const inOrder = (op: string): boolean => op === "ct.pops";

for (const [world, open] of TABLE_WORLDS) {
  describe(`recorded calls of the C++ library on ${world}`, () => {
    const replay = async (steps: readonly Step[], copies: "consumer" | "producer") => {
      await using world = await open();
      const store = await world.store(steps[0]?.call.db ?? "APPL_DB");
      const recorder = await PublishRecorder.start(await world.store("APPL_DB"));
      const player = new Player(world, store, copies);
      for (const [i, { call, reply, keyspace, published }] of steps.entries()) {
        const context = `step ${i}: ${call.op}`;
        const played = await player.play(call);
        if (inOrder(call.op)) assert.deepEqual(played, reply, context);
        else assert.deepEqual(comparable(played), comparable(reply), context);
        assert.deepEqual(await dumpKeyspace(store), keyspace, context);
        assert.deepEqual(await recorder.take(), published, context);
      }
      await player.close();
    };
    for (const { name, steps } of cases) {
      test(`${name}: the same calls give the same replies, keys and messages`, () => replay(steps, "consumer"));
      if (steps.some(({ call }) => call.op === "zc.open")) {
        test(`${name}: so they do when the producer writes the copy`, () => replay(steps, "producer"));
      }

      const pops = [...steps.entries()].filter(([, { call }]) => /^(cst|ct)\.pops$/.test(call.op));
      if (pops.length === 0) continue;
      test(`${name}: what the C++ library left in Redis is popped as it pops it itself`, async () => {
        await using world = await open();
        const store = await world.store(steps[0]?.call.db ?? "APPL_DB");
        for (const [i, { call, reply, keyspace }] of pops) {
          await loadKeyspace(store, steps[i - 1]?.keyspace ?? {});
          const player = new Player(world, store);
          await player.play({ ...call, op: call.op.replace("pops", "open") });
          const played = await player.play(call);
          if (inOrder(call.op)) assert.deepEqual(played, reply);
          else assert.deepEqual(comparable(played), comparable(reply));
          assert.deepEqual(await dumpKeyspace(store), keyspace, `step ${i}`);
          await player.close();
        }
      });
    }
  });
}

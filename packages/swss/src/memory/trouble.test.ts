import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { AsyncDbUpdater, describeUpdaterError } from "../async-db-updater.js";
import { writeRows } from "../scripts.js";
import { type Command, type Store, untilConnected } from "../store.js";
import { Table } from "../table.js";
import { startRedis } from "../testing/redis-server.js";
import { redisStoresAt } from "../testing/redis-stores.js";
import { MemoryRedis } from "./memory-redis.js";
import { MemoryStores } from "./memory-stores.js";

/** One of each kind; the keys are not there. */
const COMMANDS: readonly Command[] = [
  ["PING"],
  ["ECHO", "x"],
  ["PUBLISH", "channel", "x"],
  ["GET", "s"],
  ["SET", "s", "1"],
  ["INCR", "n"],
  ["INCRBY", "n", "2"],
  ["HSET", "h", "a", "1"],
  ["HMSET", "h", "a", "1"],
  ["HDEL", "h", "a"],
  ["HGETALL", "h"],
  ["SADD", "m", "a"],
  ["SREM", "m", "a"],
  ["SPOP", "m"],
  ["LPUSH", "l", "a"],
  ["RPUSH", "l", "a"],
  ["LPOP", "l"],
  ["RPOP", "l"],
  ["LTRIM", "l", "0", "1"],
  ["EXPIRE", "s", "1"],
  ["PEXPIRE", "s", "1"],
  ["PERSIST", "s"],
  ["RENAME", "s", "t"],
  ["DEL", "s"],
  ["UNLINK", "s"],
  ["MULTI"],
  ["HSET", "h", "a", "1"],
  ["EXEC"],
  ["FLUSHDB"],
  ["FLUSHALL"],
];

async function answers(store: Store): Promise<unknown[]> {
  const told: unknown[] = [];
  // A script that has taken a row away may write it, also where a write of its own would be refused.
  for (const mode of ["replace", "merge"] as const) {
    const written = await writeRows(store, [{ row: `T:${mode}`, mode, fields: [["f", "1"]] }]);
    const text = written.ok || written.error.kind !== "refused" ? written.ok : written.error.detail;
    told.push([mode, String(text).replace(/ script: .*/, "")]);
  }
  told.push(await store.command(["HGETALL", "T:replace"]));
  for (const command of COMMANDS) {
    const result = await store.command(command);
    const text = result.ok ? result.value : result.error.kind === "refused" ? result.error.detail : result.error.kind;
    told.push([command[0], text]);
  }
  return told;
}

function memory(): { redis: MemoryRedis; stores: MemoryStores; clock: VirtualClock } {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  return { redis, clock, stores: new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] }) };
}

test("a server in memory that is full refuses what Redis 7 refuses, in its words", async () => {
  await using server = await startRedis({ config: { maxmemory: "1" } });
  await using stores = redisStoresAt(server);
  const real = unwrap(stores.open({ db: "APPL_DB" }));
  const { redis, stores: twins } = memory();
  await using _twins = twins;
  const twin = unwrap(twins.open({ db: "APPL_DB" }));
  await Promise.all([untilConnected(real), untilConnected(twin)]);
  redis.suffer("full");
  expect(await answers(twin)).toEqual(await answers(real));
  redis.suffer(undefined);
  expect(await twin.command(["SET", "s", "1"])).toEqual({ ok: true, value: "OK" });
});

/** Makes it a server whose last snapshot failed. */
async function unsaved(store: Store, folder: string): Promise<void> {
  await mkdir(join(folder, "dump.rdb"));
  unwrap(await store.command(["BGSAVE"]));
  const failed = async (): Promise<boolean> =>
    String(unwrap(await store.command(["INFO", "persistence"]))).includes("rdb_last_bgsave_status:err");
  while (!(await failed())) await new Promise((resolve) => setImmediate(resolve));
}

test("a server in memory that cannot save refuses what Redis 7 refuses, in its words", async () => {
  await using server = await startRedis({ config: { save: "3600 1" } });
  await using stores = redisStoresAt(server);
  const real = unwrap(stores.open({ db: "APPL_DB" }));
  const { redis, stores: twins } = memory();
  await using _twins = twins;
  const twin = unwrap(twins.open({ db: "APPL_DB" }));
  await Promise.all([untilConnected(real), untilConnected(twin)]);
  await unsaved(real, dirname(server.socket));
  redis.suffer("unsaved");
  expect(await answers(twin)).toEqual(await answers(real));
});

test("a Redis that cannot save is still connected to, and read", async () => {
  await using server = await startRedis({ config: { save: "3600 1" } });
  await using before = redisStoresAt(server);
  const writer = unwrap(before.open({ db: "APPL_DB" }));
  await untilConnected(writer);
  unwrap(await new Table(writer, "T").set("k", { a: "1" }));
  await unsaved(writer, dirname(server.socket));
  await using stores = redisStoresAt(server);
  const store = unwrap(stores.open({ db: "APPL_DB" }));
  await untilConnected(store);
  expect(unwrap(await new Table(store, "T").get("k"))).toEqual([["a", "1"]]);
});

test("a server in memory that is stalled answers nothing until it goes on, and then everything in order", async () => {
  const { redis, clock, stores } = memory();
  await using _stores = stores;
  const store = unwrap(stores.open({ db: "APPL_DB" }));
  await untilConnected(store);
  redis.suffer("stalled");
  const done: string[] = [];
  const writes = ["1", "2"].map(async (text) => {
    unwrap(await store.command(["SET", "s", text]));
    done.push(text);
  });
  await clock.advance(seconds(3));
  expect(done).toEqual([]);
  redis.suffer(undefined);
  await Promise.all(writes);
  expect(done).toEqual(["1", "2"]);
  expect(await store.command(["GET", "s"])).toEqual({ ok: true, value: "2" });
});

test("copies for a Redis that cannot save: told once, tried again each second, written when it can", async () => {
  const { redis, clock, stores } = memory();
  await using _stores = stores;
  const store = unwrap(stores.open({ db: "DPU_APPL_DB" }));
  await untilConnected(store);
  const told: string[] = [];
  const updater = new AsyncDbUpdater(store, "T", { clock, onError: (error) => told.push(describeUpdaterError(error)) });
  const put = (key: string) => updater.put([{ key, op: "SET", fieldValues: { f: "1" } }]);
  redis.suffer("unsaved");
  await put("a");
  await clock.advance(seconds(30));
  await put("b");
  await clock.advance(seconds(30));
  expect(told).toEqual([expect.stringMatching(/^DPU_APPL_DB: EVALSHA refused: MISCONF /)]);
  redis.suffer(undefined);
  await clock.run(updater.flush(), seconds(5));
  redis.suffer("unsaved");
  await put("a");
  await clock.advance(seconds(5));
  expect(told).toHaveLength(2);
  redis.suffer(undefined);
  await clock.run(updater[Symbol.asyncDispose](), seconds(5));
  expect([...unwrap(await new Table(store, "T").getKeys())].sort()).toEqual(["a", "b"]);
});

import { millis, seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { untilConnected } from "../store.js";
import { MemoryRedis } from "./memory-redis.js";
import { MemoryStores } from "./memory-stores.js";

function setUp() {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  const stores = new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
  return { clock, redis, stores, store: unwrap(stores.open({ db: "STATE_DB" })) };
}

test("a store of a killed process never settles nor hears again; what had not reached the server is not applied", async () => {
  const { clock, redis, stores, store } = setUp();
  await untilConnected(store);
  const heard: string[] = [];
  store.onDisconnect(() => heard.push("disconnect"));
  await store.psubscribe("__keyspace@6__:*", (event) => heard.push(event));
  await store.command(["SET", "a", "1"]);
  await clock.advance(millis(0));
  const settled: string[] = [];
  void store.command(["SET", "b", "1"]).then(() => settled.push("set"));
  stores.abandon();
  void store.command(["SET", "c", "1"]).then(() => settled.push("late set"));
  redis.restart({ keep: true });
  await clock.advance(seconds(10));
  expect({ heard, settled, keys: [...redis.dump(6).keys()], clients: redis.clients }).toEqual({
    heard: ["set"],
    settled: [],
    keys: ["a"],
    clients: 0,
  });
});

test("a severed server is out of reach of this process only, until it is mended", async () => {
  const { clock, redis, stores, store } = setUp();
  await using other = new MemoryStores({ clock, random: seededRandom(2), servers: [{ redis }] });
  const theirs = unwrap(other.open({ db: "STATE_DB" }));
  await untilConnected(store);
  await untilConnected(theirs);
  stores.sever(redis);
  await clock.advance(seconds(5));
  expect([store.connected, theirs.connected]).toEqual([false, true]);
  stores.mend(redis);
  await clock.advance(seconds(1.25));
  expect(store.connected).toBe(true);
  await stores[Symbol.asyncDispose]();
});

test("latency is one way there and one way back", async () => {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock, latency: millis(3) });
  await using stores = new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
  const store = unwrap(stores.open({ db: "STATE_DB" }));
  await clock.run(untilConnected(store), seconds(1));
  const start = clock.monotonic();
  const reply = store.command(["PING"]);
  expect(await clock.run(reply, seconds(1))).toEqual({ ok: true, value: "PONG" });
  expect(clock.monotonic() - start).toBe(6);
});

test("a process whose subscriptions are behind reads and writes at once, and hears of it later, in order", async () => {
  const { clock, stores, store } = setUp();
  await untilConnected(store);
  const heard: string[] = [];
  await store.psubscribe("__keyspace@6__:*", (event) => heard.push(event));
  stores.setBehind(millis(500));
  await store.command(["HSET", "a", "x", "1"]);
  stores.setBehind(millis(0));
  await store.command(["DEL", "a"]);
  await clock.advance(millis(400));
  expect(heard).toEqual([]);
  expect(stores.backlog).toBe(100);
  await clock.advance(millis(200));
  expect(heard).toEqual(["hset", "del"]);
  expect(stores.backlog).toBe(0);
});

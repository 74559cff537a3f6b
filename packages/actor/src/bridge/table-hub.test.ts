import { millis, seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { defineTable, type Store, t, untilConnected } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import type { RuntimeEvent } from "../runtime-event.js";
import type { RowReader } from "./table-feed.js";
import { TableHub } from "./table-hub.js";

const Port = defineTable({
  name: "PORT",
  db: "APPL_DB",
  spec: "example",
  key: { name: t.text({ doc: "" }) },
  fields: { speed: t.u32({ doc: "" }), note: t.text({ doc: "", optional: true }) },
});

interface Seen {
  readonly key: string;
  readonly row: unknown;
  readonly before: unknown;
}

class Listener implements RowReader {
  readonly seen: Seen[] = [];
  loads = 0;
  onRow(_: unknown, key: string, row: unknown, before: unknown): void {
    this.seen.push({ key, row, before });
  }
  onLoaded(): void {
    this.loads += 1;
  }
  take(): readonly Seen[] {
    return this.seen.splice(0);
  }
}

async function world(config: Readonly<Record<string, string>> = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const redis = new MemoryRedis({ clock, random, config });
  const stores = new MemoryStores({ clock, random, servers: [{ redis }] });
  const events: RuntimeEvent[] = [];
  const hub = new TableHub({ stores, clock, onEvent: (event) => events.push(event) });
  const opened = stores.open({ db: "APPL_DB" });
  if (!opened.ok) throw new Error("no APPL_DB");
  await untilConnected(opened.value);
  const set = async (key: string, ...fields: string[]): Promise<void> => {
    await opened.value.command(["HSET", `PORT:${key}`, ...fields]);
    await settle();
  };
  const store: Store = opened.value;
  return { clock, redis, store, events, hub, set };
}

test("first the snapshot, then loaded, then each change whole, with what was before", async () => {
  const { hub, set, store } = await world();
  await set("a", "speed", "1", "note", "x");
  const listener = new Listener();
  const feed = hub.feed(Port, "");
  feed.watchAll(listener, () => true);
  feed.watchLoad(listener);
  expect(feed.loaded).toBe(false);
  await settle();
  expect([feed.loaded, listener.loads]).toEqual([true, 1]);
  expect(listener.take()).toEqual([{ key: "a", row: { speed: 1, note: "x" }, before: undefined }]);
  await set("a", "speed", "2");
  expect(listener.take()).toEqual([{ key: "a", row: { speed: 2, note: "x" }, before: { speed: 1, note: "x" } }]);
  await store.command(["HDEL", "PORT:a", "note"]);
  await settle();
  expect(listener.take()).toEqual([{ key: "a", row: { speed: 2 }, before: { speed: 2, note: "x" } }]);
  await store.command(["DEL", "PORT:a"]);
  await settle();
  expect(listener.take()).toEqual([{ key: "a", row: undefined, before: { speed: 2 } }]);
  expect(hub.feed(Port, "")).toBe(feed);
  await hub[Symbol.asyncDispose]();
});

test("an empty table is loaded too", async () => {
  const { hub } = await world();
  const feed = hub.feed(Port, "");
  await settle();
  expect(feed.loaded).toBe(true);
  await hub[Symbol.asyncDispose]();
});

test("rows that are written again unchanged stop at the feed; a delete in between does not", async () => {
  const { hub, set, store } = await world();
  const listener = new Listener();
  hub.feed(Port, "").watchAll(listener, () => true);
  await set("a", "speed", "1");
  listener.take();
  await set("a", "speed", "1");
  await set("a", "speed", "01");
  expect(listener.take()).toEqual([]);
  await store.multi([
    ["DEL", "PORT:a"],
    ["HSET", "PORT:a", "speed", "1"],
  ]);
  await settle();
  expect(listener.take().map(({ row }) => row)).toEqual([undefined, { speed: 1 }]);
  await hub[Symbol.asyncDispose]();
});

test("each key goes to those who read it, once", async () => {
  const { hub, set } = await world();
  const feed = hub.feed(Port, "");
  const [one, some, both] = [new Listener(), new Listener(), new Listener()];
  feed.watchKey("a", one);
  feed.watchAll(some, (key) => key !== "a");
  feed.watchKey("a", both);
  feed.watchAll(both, () => true);
  await set("a", "speed", "1");
  await set("b", "speed", "1");
  expect(one.take().map(({ key }) => key)).toEqual(["a"]);
  expect(some.take().map(({ key }) => key)).toEqual(["b"]);
  expect(both.take().map(({ key }) => key)).toEqual(["a", "b"]);
  feed.unwatchKey("a", one);
  await set("a", "speed", "2");
  expect(one.take()).toEqual([]);
  await hub[Symbol.asyncDispose]();
});

test("a bad row is one clear error; the last good one stays; mended or deleted it is good again", async () => {
  const { hub, set, store, events } = await world();
  const listener = new Listener();
  const feed = hub.feed(Port, "");
  feed.watchAll(listener, () => true);
  await set("a", "speed", "1");
  listener.take();
  await set("a", "speed", "fast");
  await set("a", "speed", "fast", "note", "x");
  expect(listener.take()).toEqual([]);
  expect(feed.get("a")?.row).toEqual({ speed: 1 });
  expect([...feed.bad.keys()]).toEqual(["a"]);
  expect(events).toMatchObject([{ kind: "badRow", key: "a", error: { field: "speed", found: "fast" } }]);
  await set("a", "speed", "2");
  expect(listener.take()).toMatchObject([{ row: { speed: 2, note: "x" } }]);
  expect(events).toHaveLength(2);
  expect(events[1]).toMatchObject({ kind: "goodRow", key: "a" });
  await set("b", "note", "no speed");
  await store.command(["DEL", "PORT:b"]);
  await settle();
  expect([...feed.bad.keys()]).toEqual([]);
  await hub[Symbol.asyncDispose]();
});

test("unknown fields are named once and ignored", async () => {
  const { hub, set, events } = await world();
  const listener = new Listener();
  hub.feed(Port, "").watchAll(listener, () => true);
  await set("a", "speed", "1", "colour", "red");
  await set("a", "colour", "blue");
  expect(listener.take()).toHaveLength(1);
  expect(events).toMatchObject([{ kind: "unknownFields", key: "a", fields: ["colour"] }]);
  await hub[Symbol.asyncDispose]();
});

test("after a reconnect, and on refresh, rows that are gone are told as gone, also without an event", async () => {
  const { hub, set, store, redis, clock } = await world();
  const listener = new Listener();
  hub.feed(Port, "").watchAll(listener, () => true);
  await set("a", "speed", "1");
  await set("b", "speed", "1");
  listener.take();
  await store.command(["FLUSHDB"]);
  await set("b", "speed", "1");
  hub.refresh("");
  await settle();
  expect(listener.take()).toMatchObject([{ key: "a", row: undefined }]);
  redis.kill();
  redis.restart();
  await clock.advance(seconds(3));
  expect(listener.take()).toMatchObject([{ key: "b", row: undefined }]);
  await hub[Symbol.asyncDispose]();
});

test("without key events it says so and reads as soon as they are on", async () => {
  const { hub, set, store, events, clock } = await world({ "notify-keyspace-events": "" });
  const feed = hub.feed(Port, "");
  await set("a", "speed", "1");
  await clock.advance(seconds(3));
  expect(feed.loaded).toBe(false);
  expect(events).toMatchObject([{ kind: "storeFailed", detail: expect.stringContaining("notify-keyspace-events") }]);
  await store.command(["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
  await clock.advance(millis(1500));
  expect(feed.get("a")?.row).toEqual({ speed: 1 });
  await hub[Symbol.asyncDispose]();
});

test("a table that is kept elsewhere is read there, its keys joined as the schema joins them", async () => {
  const Lane = defineTable({
    name: "LANE_TABLE",
    db: "APPL_DB",
    spec: "example",
    key: { port: t.text({ doc: "" }), lane: t.text({ doc: "" }) },
    fields: { speed: t.u32({ doc: "" }) },
  });
  const { clock, redis } = await world();
  const stores = new MemoryStores({ clock, random: seededRandom(2), servers: [{ redis }] });
  const places = new Map([[Lane.id, { db: "CONFIG_DB", name: "LANE" } as const]]);
  await using hub = new TableHub({ stores, clock, places });
  const config = stores.open({ db: "CONFIG_DB" });
  if (!config.ok) throw new Error("no CONFIG_DB");
  await untilConnected(config.value);
  await config.value.command(["HSET", "LANE|a|1", "speed", "7"]);
  const feed = hub.feed(Lane, "");
  await settle();
  expect(feed.get("a:1")?.row).toEqual({ speed: 7 });
  await config.value.command(["DEL", "LANE|a|1"]);
  await settle();
  expect(feed.get("a:1")).toBeUndefined();
});

import { err, type Json, millis, ok, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { ManagementRequestType, newMessage, type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import type { Store } from "@tandem/swss";
import { expect, test } from "vitest";
import { PlainHarness } from "../testing/plain-harness.js";
import { definePlainActor, type PlainDefinition } from "./define-plain-actor.js";

/** Returns each message to its source. */
const echo = definePlainActor({
  type: "echo",
  create: () => ({
    handle: (context, { key, data, source }) => {
      context.send(source, key, data);
      return undefined;
    },
  }),
});

test("echo: a client and an echo actor pass 0 to 1000; every row stays in the client's incoming table", async () => {
  await using harness = new PlainHarness();
  const seen: number[] = [];
  const client = definePlainActor({
    type: "client",
    create: () => ({
      init: (context) => context.send(harness.path("echo", "a"), "0", 0),
      handle: (context, { data }) => {
        const n = data as number;
        seen.push(n);
        for (let i = 0; i <= n; i += 97) expect(context.incoming.get(String(i))).toEqual(ok(i));
        if (n === 1000) context.stop();
        else context.send(harness.path("echo", "a"), String(n + 1), n + 1);
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(echo, "a");
  harness.runtime.spawn(client, "b");
  await harness.until(() => seen.at(-1) === 1000 && harness.runtime.size === 1, seconds(3));
  expect(seen).toHaveLength(1001);
  // The client's path is free: a second one works there.
  seen.length = 0;
  harness.runtime.spawn(client, "b");
  await harness.until(() => harness.runtime.size === 1, seconds(3));
  expect(seen).toHaveLength(1001);
});

test("count to 1000: an actor sends to itself under one key; the counter in its internal row follows", async () => {
  await using harness = new PlainHarness();
  const db = await harness.store("STATE_DB");
  let last = -1;
  const counter = definePlainActor({
    type: "counter",
    create: () => ({
      init: async (context) => {
        await context.internal.add("count", db, "COUNTER", "row");
        context.send(context.path, "count", 0);
      },
      handle: (context, { data, source }) => {
        last = data as number;
        expect(source.equals(context.path)).toBe(true);
        if (last < 1000) context.send(context.path, "count", last + 1);
        context.internal.write("count", { count: String(last) });
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(counter, "a");
  await harness.until(() => last === 1000, seconds(5));
  await settle();
  expect(await db.command(["HGETALL", "COUNTER|row"])).toEqual(ok(["count", "1000"]));
});

type KvRequest = { readonly op: "get" | "del" } | { readonly op: "set"; readonly value: string };

/** A store of one value in a row of its own. */
function kvStore(db: Store): PlainDefinition {
  return definePlainActor({
    type: "kv",
    create: () => ({
      init: async (context) => {
        await context.internal.add("data", db, "KV", "kv-actor-data");
      },
      handle: (context, { data, source }) => {
        const request = data as unknown as KvRequest;
        if (request.op === "get") context.send(source, "kv-get", context.internal.read("data")["count"] ?? "0");
        else if (request.op === "set") context.internal.update("data", { count: request.value });
        else context.internal.delete("data");
        return undefined;
      },
    }),
  });
}

test("kvstore, phase 1: get and set up to 1000; the dump shows the committed row", async () => {
  await using harness = new PlainHarness();
  const db = await harness.store("STATE_DB");
  harness.runtime.spawn(kvStore(db), "kv");
  let reached = 0;
  const client = definePlainActor({
    type: "client",
    create: () => ({
      init: (context) => context.send(harness.path("kv", "kv"), "", { op: "get" }),
      handle: (context, { data }) => {
        reached = Number(data);
        if (reached === 1000) {
          context.stop();
          return undefined;
        }
        context.send(harness.path("kv", "kv"), "", { op: "set", value: String(reached + 1) });
        context.sendAfter(millis(1), harness.path("kv", "kv"), "", { op: "get" });
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(client, "client");
  await harness.until(() => reached === 1000 && harness.runtime.size === 1, seconds(30));
  const tool = harness.service("tool", "x");
  const text = await tool.actorState(harness.path("kv", "kv"));
  const dump = JSON.parse(text);
  expect(dump.incoming[""]).toMatchObject({
    version: 2001,
    msg: { key: "", data: { op: "get" } },
    acked: true,
    response: "Ok",
  });
  expect(dump.internal.data).toMatchObject({
    swss_table_name: "KV",
    swss_key: "kv-actor-data",
    fvs: { count: "1000" },
    backup_fvs: { count: "1000" },
    mutated: false,
    to_delete: false,
  });
  expect(dump.outgoing.outgoing_queued).toEqual([]);
  expect(dump.outgoing.outgoing_sent["kv-get"]).toMatchObject({
    version: 1001,
    acked: true,
    response: "Ok",
    response_source: { resource_type: "client", resource_id: "client", service_type: "test", region_id: "region-a" },
  });
  // Ids exceed 2^53 and stand there digit for digit.
  const id = /"request_id":(\d+)/.exec(text)?.[1] ?? "";
  expect(BigInt(id) > 2n ** 53n).toBe(true);

  // Phase 2: the row is deleted; what was sent stays in the dump.
  const other = harness.service("client", "client");
  expect(await other.send(harness.path("kv", "kv"), "", { op: "del" })).toMatchObject({ code: SwbusErrorCode.OK });
  await settle();
  const after = JSON.parse(await tool.actorState(harness.path("kv", "kv")));
  expect(after.incoming[""].version).toBe(2002);
  expect(after.internal).toEqual({});
  expect(after.outgoing.outgoing_sent["kv-get"].version).toBe(1001);
  expect(await db.command(["EXISTS", "KV|kv-actor-data"])).toEqual(ok(0));
});

test("a failing handler puts its row back to the last commit and drops its own messages, nobody else's", async () => {
  await using harness = new PlainHarness();
  const db = await harness.store("STATE_DB");
  const target = harness.service("target", "t");
  const picky = definePlainActor({
    type: "picky",
    create: () => ({
      init: async (context) => {
        await context.internal.add("row", db, "PICKY", "row");
      },
      handle: (context, { data }) => {
        context.internal.write("row", { value: String(data) });
        context.sendAfter(seconds(1), target.path, `late-${data as string}`, data);
        return data === "bad" ? err("not this one") : undefined;
      },
    }),
  });
  harness.runtime.spawn(picky, "p");
  const client = harness.service("client", "c");
  const to: ServicePath = harness.path("picky", "p");
  await client.send(to, "k", "one");
  await client.send(to, "k", "two");
  expect((await client.send(to, "k", "bad")).code).toBe(SwbusErrorCode.OK);
  await settle();
  expect(await db.command(["HGETALL", "PICKY|row"])).toEqual(ok(["value", "two"]));
  const dump = JSON.parse(await client.actorState(to));
  expect(dump.internal.row).toMatchObject({ fvs: { value: "two" }, backup_fvs: { value: "two" } });
  expect(dump.incoming.k).toMatchObject({ response: "Fail (not this one)", acked: false });
  expect(dump.outgoing.outgoing_queued.map((q: { actor_message: { key: string } }) => q.actor_message.key)).toEqual([
    "late-one",
    "late-two",
  ]);
  expect([(await target.next()).key, (await target.next()).key]).toEqual(["late-one", "late-two"]);
  // The next success writes its own value, not an older one.
  await client.send(to, "k", "three");
  await settle();
  expect(await db.command(["HGETALL", "PICKY|row"])).toEqual(ok(["value", "three"]));
});

test("an exception ends one life; the next begins from the rows", async () => {
  await using harness = new PlainHarness();
  const db = await harness.store("STATE_DB");
  let lives = 0;
  const fragile = definePlainActor({
    type: "fragile",
    create: () => {
      lives += 1;
      return {
        init: async (context) => {
          await context.internal.add("row", db, "FRAGILE", "row");
        },
        handle: (context, { data }) => {
          if (data === "boom") throw new Error("boom");
          context.internal.update("row", { [String(data)]: "1" });
          return undefined;
        },
      };
    },
  });
  harness.runtime.spawn(fragile, "f");
  const client = harness.service("client", "c");
  const to = harness.path("fragile", "f");
  await client.send(to, "k", "a");
  await client.send(to, "k", "boom");
  await client.send(to, "k", "b");
  await harness.until(() => lives === 2);
  await settle();
  expect(await db.command(["HGETALL", "FRAGILE|row"])).toEqual(ok(["a", "1", "b", "1"]));
  expect(harness.events).toMatchObject([{ kind: "crashed", actor: "fragile/f", crashes: 1, detail: "Error: boom" }]);
});

test("a repeated request is acknowledged again and handled once", async () => {
  await using harness = new PlainHarness();
  const handled: Json[] = [];
  const listener = definePlainActor({
    type: "listener",
    create: () => ({
      handle: (_, { data }) => {
        handled.push(data);
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(listener, "l");
  const client = harness.service("client", "c");
  const message = newMessage(77n, client.path, harness.path("listener", "l"), {
    kind: "data",
    payload: { key: "k", data: 1 },
  });
  harness.edge.send(message);
  harness.edge.send(message);
  await settle();
  expect(handled).toEqual([1]);
});

test("bad payloads and unknown management requests are answered, not ignored", async () => {
  await using harness = new PlainHarness();
  harness.runtime.spawn(echo, "a");
  const client = harness.service("client", "c");
  const to = harness.path("echo", "a");
  expect(await client.sendBytes(to, new TextEncoder().encode("{"))).toMatchObject({
    code: SwbusErrorCode.INVALID_PAYLOAD,
  });
  expect(await client.manage(to, ManagementRequestType.SWBUSD_GET_ROUTES)).toMatchObject({
    code: SwbusErrorCode.INVALID_ARGS,
    text: "Unsupported request type: SwbusdGetRoutes",
  });
});

test("a stopping actor acknowledges and ignores, and ends when what it sent is acknowledged", async () => {
  await using harness = new PlainHarness();
  const target = harness.service("target", "t");
  const leaving = definePlainActor({
    type: "leaving",
    create: () => ({
      handle: (context) => {
        context.send(target.path, "bye", null);
        context.stop();
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(leaving, "l");
  const client = harness.service("client", "c");
  const to = harness.path("leaving", "l");
  await client.send(to, "k", 1);
  await settle();
  expect(await client.send(to, "k", 2)).toMatchObject({
    code: SwbusErrorCode.OK,
    text: "Request ignored: actor has been marked for deletion",
  });
  expect(harness.runtime.size).toBe(1);
  await target.next();
  await settle();
  expect(harness.runtime.size).toBe(0);
});

test("incoming lookups: by key, by key or error, and by prefix", async () => {
  const { IncomingTable } = await import("./incoming-table.js");
  const table = new IncomingTable();
  const source = { toString: () => "x" } as unknown as ServicePath;
  table.put("DPUState|a", { data: 1, source, requestId: 1n }, millis(1000));
  table.put("DPUState|b", { data: 2, source, requestId: 2n }, millis(2000));
  table.put("DPUState|a", { data: 3, source, requestId: 3n }, millis(3000));
  expect(table.get("DPUState|a")).toEqual(ok(3));
  expect(table.get("nothing")).toEqual(err("Incoming state table has no key 'nothing'"));
  expect(table.entry("DPUState|a")).toMatchObject({ version: 2, createdAt: 1000, updatedAt: 3000 });
  expect([...table.withPrefix("DPUState|").keys()].sort()).toEqual(["DPUState|a", "DPUState|b"]);
});

import assert from "node:assert/strict";
import { type CrashPoint, noCrash, seconds, unwrap } from "@tandem/base";
import type { Command, Reply } from "@tandem/swss";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { clientOf, isDone, nextEvents, portEvent, serving, upTo, word, words } from "../testing/contract-steps.js";
import { type RedisWorld, RedisWorlds } from "../testing/redis-world.js";
import { create, get, remove, routerKey, set, view } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { ListPubsubClient } from "./client.js";
import { ListPubsubServer, type ListPubsubServerOptions } from "./server.js";
import { listPubsubTraits } from "./traits.js";

const QUEUE = "ASIC_STATE_KEY_VALUE_OP_QUEUE";
const REPLIES = "GETRESPONSE_KEY_VALUE_OP_QUEUE";
const MAC = "SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS";

let worlds: RedisWorlds;
let serverOptions: Partial<ListPubsubServerOptions> = {};
let clientCrash: CrashPoint = noCrash;
beforeAll(async () => {
  worlds = await RedisWorlds.start({
    traits: listPubsubTraits(),
    client: (options) => ListPubsubClient.open({ ...options, crash: { reach: (name) => clientCrash.reach(name) } }),
    server: (options) => ListPubsubServer.open({ ...options, ...serverOptions }),
    garble: async () => {},
  });
});
beforeEach(() => {
  serverOptions = {};
  clientCrash = noCrash;
});
afterAll(() => worlds[Symbol.asyncDispose]());

const call = async (world: RedisWorld, ...command: Command): Promise<Reply> =>
  unwrap(await world.store.command(command));

/** Keys of the database, ours left out. */
async function upstreamKeys(world: RedisWorld): Promise<string[]> {
  const keys = (await call(world, "KEYS", "*")) as string[];
  return keys.filter((key) => !key.startsWith("TANDEM_ASIC_OWNER:")).sort();
}

/** What upstream's orchagent and syncd do to Redis, by hand. */
const push = (world: RedisWorld, ...triple: [key: string, value: string, opstring: string]): Promise<Reply> =>
  call(world, "LPUSH", QUEUE, ...triple);
const answer = async (world: RedisWorld, status: string, value: string, op: string): Promise<void> => {
  await call(world, "LPUSH", REPLIES, status, value, op);
  await call(world, "PUBLISH", "GETRESPONSE_CHANNEL@1", "G");
};

/** Resolves when so many elements stand in a list, which the client or the server puts there. */
async function untilLength(world: RedisWorld, list: string, length: number): Promise<string[]> {
  while ((await call(world, "LLEN", list)) !== length) await isDone(Promise.resolve());
  return (await call(world, "LRANGE", list, "0", "-1")) as string[];
}

/** Takes the oldest entry as upstream's syncd does. */
async function take(world: RedisWorld): Promise<string[]> {
  await untilLength(world, QUEUE, 3);
  return (await call(world, "RPOP", QUEUE, "3")) as string[];
}

describe("an unmodified syncd sits at the other end", () => {
  test("async changes stand in the list as libsairedis writes them, one message each, and no other key beside it", async () => {
    await using world = await worlds.open();
    await using client = await clientOf(world, { mode: "async" });
    const messages: string[] = [];
    unwrap(await world.store.subscribe("ASIC_STATE_CHANNEL@1", (message) => messages.push(message)));
    const bulk = {
      op: "bulkcreate",
      key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:1",
      fields: [['{"dest":"10.1.0.0/16"}', "A=1|B=2"]],
    } as const;
    await words([create(1), set(1, "ä"), bulk, remove(1)].map((request) => client.request(request)));
    expect(await call(world, "LRANGE", QUEUE, "0", "-1")).toEqual([
      ...["Dremove", "{}", routerKey(1)],
      ...["Sbulkcreate", '["{\\"dest\\":\\"10.1.0.0/16\\"}","A=1|B=2"]', "SAI_OBJECT_TYPE_ROUTE_ENTRY:1"],
      ...["Sset", `["${MAC}","ä"]`, routerKey(1)],
      ...["Screate", '["NULL","NULL"]', routerKey(1)],
    ]);
    expect(await upstreamKeys(world)).toEqual([QUEUE]);
    expect(messages).toEqual(["G", "G", "G", "G"]);
  });

  test("before the first reply that counts goes a query that any syncd answers; replies from before it are stale", async () => {
    await using world = await worlds.open();
    await answer(world, "SAI_STATUS_SUCCESS", "[]", "Sgetresponse");
    await using client = await clientOf(world, { mode: "sync" });
    const asked = client.request(create(1));
    expect(await take(world)).toEqual(["oid:0x0", "[]", "Sattribute_capability_query"]);
    await answer(world, "SAI_STATUS_FAILURE", "[]", "Sgetresponse");
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattribute_capability_response");
    expect(await take(world)).toEqual([routerKey(1), '["NULL","NULL"]', "Screate"]);
    await answer(world, "SAI_STATUS_NOT_SUPPORTED", "[]", "Sgetresponse");
    expect(word(await asked)).toBe("SAI_STATUS_NOT_SUPPORTED");
    const next = client.request(get(1));
    expect(await take(world)).toEqual([routerKey(1), `["${MAC}",""]`, "Sget"]);
    await answer(world, "SAI_STATUS_SUCCESS", `["${MAC}","1"]`, "Sgetresponse");
    expect(word(await next)).toBe("SAI_STATUS_SUCCESS");
  });

  test("a fence behind a capability query has another op, and behind a lost fence another one goes out", async () => {
    await using world = await worlds.open();
    await using client = await clientOf(world, { mode: "sync", replyTimeout: seconds(60) });
    const query = { op: "attribute_capability_query", key: "oid:0x21000000000000", fields: [] } as const;
    const first = client.request(query);
    expect((await take(world))[2]).toBe("Sattribute_capability_query");
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattribute_capability_response");
    expect((await take(world))[0]).toBe("oid:0x21000000000000");
    await world.clock.advance(seconds(60));
    expect(word(await first)).toBe("unknown");
    const second = client.request(get(1));
    expect((await take(world))[2]).toBe("Sattr_enum_values_capability_query");
    await world.clock.advance(seconds(60));
    expect(await second).toEqual({
      ok: false,
      error: {
        kind: "refused",
        reason: "it waited 60000 ms: the server has not answered what was sent before",
      },
    });
    const third = client.request(get(1));
    expect((await take(world))[0]).toBe("oid:0x0");
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattr_enum_values_capability_response");
    expect((await take(world))[2]).toBe("Sget");
    await answer(world, "SAI_STATUS_SUCCESS", "[]", "Sgetresponse");
    expect(word(await third)).toBe("SAI_STATUS_SUCCESS");
  });

  test("a reply that cannot be read is unknown at once, and the next one is its own", async () => {
    await using world = await worlds.open();
    const troubles: ChannelTrouble[] = [];
    await using client = await clientOf(world, { mode: "sync", onTrouble: (trouble) => troubles.push(trouble) });
    const asked = client.request(create(1));
    await take(world);
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattribute_capability_response");
    await take(world);
    await answer(world, "SAI_STATUS_SUCCESS", "[", "Sgetresponse");
    expect(word(await asked)).toBe("unknown");
    expect(troubles.map(({ kind }) => kind)).toEqual(["malformed"]);
    const next = client.request(create(2));
    await take(world);
    await answer(world, "SAI_STATUS_SUCCESS", "[]", "Sgetresponse");
    expect(word(await next)).toBe("SAI_STATUS_SUCCESS");
  });

  test("a bulk value with a bar inside never reaches the list: it would lose the whole batch", async () => {
    await using world = await worlds.open();
    await using client = await clientOf(world, { mode: "async" });
    const fields = [["oid:0x1", "SAI_PORT_ATTR_FLAGS=A|B"]] as const;
    const outcome = await client.request({ op: "bulkset", key: "SAI_OBJECT_TYPE_PORT:1", fields });
    expect(word(outcome)).toBe("invalidRequest");
    const counters = { op: "start_poll", key: "PORT_STAT_COUNTER:oid:0x1", fields: [] } as const;
    expect(word(await client.request(counters))).toBe("invalidRequest");
    expect(await upstreamKeys(world)).toEqual([]);
  });

  test("nothing is queued behind a view change whose reply is owed", async () => {
    await using world = await worlds.open();
    await using client = await clientOf(world, { mode: "async", replyTimeout: seconds(60) });
    const change = client.request(view("INIT_VIEW"));
    await take(world);
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattribute_capability_response");
    await untilLength(world, QUEUE, 3);
    await world.clock.advance(seconds(60));
    expect(word(await change)).toBe("unknown");
    const behind = client.request(create(1));
    await untilLength(world, QUEUE, 6);
    expect(await isDone(behind)).toBe(false);
    await call(world, "DEL", QUEUE);
    await answer(world, "SAI_STATUS_SUCCESS", "[]", "Snotify");
    await answer(world, "SAI_STATUS_INVALID_PARAMETER", "[]", "Sattribute_capability_response");
    expect(word(await behind)).toBe("accepted");
  });
});

describe("an unmodified orchagent sits at the other end", () => {
  test("async: rows are written as entries are taken, under TEMP_ while a view is built; only questions are answered", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await push(world, routerKey(1), '["A","1"]', "Screate");
    await push(world, "INIT_VIEW", "[]", "Snotify");
    await serving(world, syncd, { mode: "async" });
    expect(await untilLength(world, REPLIES, 3)).toEqual(["Snotify", "[]", "SAI_STATUS_SUCCESS"]);
    await push(world, routerKey(2), '["A","2"]', "Screate");
    await push(world, routerKey(2), '["A",""]', "Sget");
    await world.clock.advance(seconds(1));
    expect((await untilLength(world, REPLIES, 6)).slice(0, 3)).toEqual([
      "Sgetresponse",
      '["A","2"]',
      "SAI_STATUS_SUCCESS",
    ]);
    expect(await upstreamKeys(world)).toEqual([
      `ASIC_STATE:${routerKey(1)}`,
      REPLIES,
      `TEMP_ASIC_STATE:${routerKey(2)}`,
    ]);
    expect(syncd.taken.map(({ rowsWritten, unanswered }) => [rowsWritten, unanswered])).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
    ]);
  });

  test("sync: rows are left to syncd, and every request is answered", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "sync" });
    await push(world, routerKey(1), '["A","1"]', "Screate");
    await world.clock.advance(seconds(1));
    expect(await untilLength(world, REPLIES, 3)).toEqual(["Sgetresponse", "[]", "SAI_STATUS_SUCCESS"]);
    expect(await upstreamKeys(world)).toEqual([REPLIES]);
    expect(syncd.taken[0]?.rowsWritten).toBe(false);
  });

  test("a wake-up that got lost is repaired within a second", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "async" });
    await using client = await clientOf(world, { mode: "async" });
    expect(word(await client.request(get(1)))).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    // The server looks once more behind what it has just answered; a request that is there by then needs no wake-up.
    let sent = 0;
    let took = Promise.resolve<unknown>(undefined);
    do {
      expect(sent).toBeLessThan(50);
      sent += 1;
      await push(world, routerKey(sent), '["A","1"]', "Screate");
      took = syncd.took(1 + sent);
    } while (await isDone(took));
    await world.clock.advance(seconds(1));
    await took;
  });

  test("an entry that nobody can read loses none of its batch; where a reply is owed it is answered as invalid", async () => {
    await using world = await worlds.open();
    const troubles: ChannelTrouble[] = [];
    const syncd = new TestSyncd();
    for (const n of upTo(50)) await push(world, routerKey(n), '["A","1"]', "Screate");
    await push(world, routerKey(50), '["A"', "Screate");
    await push(world, routerKey(51), '["A","1"]', "Scrate");
    await push(world, routerKey(52), "{", "Sget");
    await push(world, "", "[]", "Sget");
    for (const n of upTo(50)) await push(world, routerKey(100 + n), '["A","1"]', "Screate");
    await serving(world, syncd, { mode: "async", onTrouble: (trouble) => troubles.push(trouble) });
    await syncd.took(100);
    expect(syncd.asic.effects).toHaveLength(100);
    expect(await untilLength(world, REPLIES, 3)).toEqual(["Sgetresponse", "[]", "SAI_STATUS_INVALID_PARAMETER"]);
    expect(troubles.map(({ kind }) => kind)).toEqual(["malformed", "malformed", "malformed", "malformed"]);
  });

  test("notifications and restart queries use upstream's channels and words", async () => {
    const stops: string[] = [];
    serverOptions = { onRestartQuery: (kind) => stops.push(kind) };
    await using world = await worlds.open();
    const { server } = await serving(world, new TestSyncd());
    const published: string[] = [];
    unwrap(await world.store.subscribe("NOTIFICATIONS", (message) => published.push(message)));
    await using client = await clientOf(world);
    const heard = nextEvents(client, 1);
    unwrap(await server.notify(portEvent(1)));
    await heard;
    while (published.length === 0) await isDone(Promise.resolve());
    expect(published).toEqual([JSON.stringify(["port_state_change", portEvent(1).data])]);
    for (const kind of ["WARM", "PRE-SHUTDOWN", "NONSENSE"])
      while ((await call(world, "PUBLISH", "RESTARTQUERY", JSON.stringify([kind, kind]))) === 0);
    while (stops.length < 3) await isDone(Promise.resolve());
    assert.deepEqual(stops, ["WARM", "PRE-SHUTDOWN", "COLD"]);
  });
});

test("a request that is given up as Redis takes it leaves a reply that is nobody else's", async () => {
  await using world = await worlds.open();
  await serving(world, new TestSyncd(), { mode: "sync" });
  await using client = await clientOf(world, { mode: "sync" });
  expect(await words([client.request(create(1)), client.request(set(1, "one"))])).not.toContain("unknown");
  const giveUp = new AbortController();
  clientCrash = { reach: () => giveUp.abort(new Error("enough")) };
  await expect(client.request(remove(2), giveUp.signal)).rejects.toThrow("enough");
  expect(word(await client.request(get(1)))).toBe("SAI_STATUS_SUCCESS");
});

import { unwrap } from "@tandem/base";
import type { Command, Reply } from "@tandem/swss";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { clientOf, isDone, serving, upTo, word, words } from "../testing/contract-steps.js";
import { type RedisWorld, RedisWorlds } from "../testing/redis-world.js";
import { create, get, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { archivedUpTo, archivers, forgetArchiver, saveArchived } from "./archivers.js";
import { StreamsClient } from "./client.js";
import { finishRequests, publish, storeRequests } from "./scripts.js";
import { StreamsServer } from "./server.js";
import { readBetween, StreamReader } from "./stream-reader.js";
import { streamsTraits } from "./traits.js";
import { comparePositions, GROUP, REQUEST_STREAM, RESPONSE_STREAM, STATE } from "./wire.js";

const BOUNDS = { requests: 1_000_000, bytes: 1e9, retained: 1_000_000 };

let worlds: RedisWorlds;
beforeAll(async () => {
  worlds = await RedisWorlds.start({
    traits: streamsTraits(),
    client: (options) => StreamsClient.open(options),
    server: (options) => StreamsServer.open(options),
    garble: async () => {},
  });
});
afterAll(() => worlds[Symbol.asyncDispose]());

const call = async (world: RedisWorld, ...command: Command): Promise<Reply> =>
  unwrap(await world.store.command(command));
const numbered = (numbers: readonly number[]) =>
  numbers.map((number) => ({ number, request: create(number), answered: true }));
const lengths = async (world: RedisWorld): Promise<Reply[]> => [
  await call(world, "XLEN", REQUEST_STREAM),
  await call(world, "XLEN", RESPONSE_STREAM),
];

/** Takes and finishes so many requests, as a server does. */
async function work(world: RedisWorld, count: number, keep: number): Promise<void> {
  await world.store.command(["XGROUP", "CREATE", REQUEST_STREAM, GROUP, "0", "MKSTREAM"]);
  const read = (await call(
    world,
    ...(["XREADGROUP", "GROUP", GROUP, "syncd", "COUNT", String(count), "STREAMS", REQUEST_STREAM, ">"] as const),
  )) as [string, [string, string[]][]][];
  const entries = read[0]?.[1] ?? [];
  const finished = entries.map(([position, fields]) => ({
    position,
    size: fields[fields.indexOf("size") + 1] as string,
    id: fields[fields.indexOf("id") + 1],
    reply: { op: "getresponse", status: "SAI_STATUS_SUCCESS", fields: [] } as const,
  }));
  expect(unwrap(await finishRequests(world.store, keep, finished))).toBe(count);
}

describe("requests", () => {
  test("an entry holds key, op and attributes first, then its id for ever; a reply holds the same id", async () => {
    await using world = await worlds.open();
    await serving(world, new TestSyncd(), { mode: "sync" });
    await using client = await clientOf(world, { mode: "sync" });
    expect(word(await client.request(create(1)))).toBe("SAI_STATUS_SUCCESS");
    const [[, request]] = (await call(world, "XRANGE", REQUEST_STREAM, "-", "+")) as [[string, string[]]];
    const [[, reply]] = (await call(world, "XRANGE", RESPONSE_STREAM, "-", "+")) as [[string, string[]]];
    const id = request[7] as string;
    expect(request.slice(0, 7)).toEqual(["key", routerKey(1), "op", "create", "attrs", '["NULL","NULL"]', "id"]);
    expect(reply).toEqual(["key", "SAI_STATUS_SUCCESS", "op", "getresponse", "attrs", "[]", "id", id]);
  });

  test("a request that is sent again is stored once", async () => {
    await using world = await worlds.open();
    expect(unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([1, 2])))).toEqual(["stored", "stored"]);
    expect(unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([1, 2, 3])))).toEqual([
      "stored",
      "stored",
      "stored",
    ]);
    expect(await call(world, "XLEN", REQUEST_STREAM)).toBe(3);
    expect(unwrap(await storeRequests(world.store, "another", BOUNDS, numbered([4])))).toEqual(["displaced"]);
  });

  test("all connections may break while a client sends: every request is executed once, in order", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "sync" });
    await using client = await clientOf(world, { mode: "sync" });
    const outcomes: Promise<unknown>[] = [];
    for (const round of upTo(5)) {
      for (const n of upTo(200)) outcomes.push(client.request(create(200 * round + n)).then(word));
      await syncd.took(200 * round + 50);
      await worlds.redis.disconnectClients();
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["SAI_STATUS_SUCCESS"]));
    expect(syncd.asic.effects).toEqual(upTo(1000).map((n) => `create ${routerKey(n)}`));
  });

  test("the state may be deleted by hand: ids go on behind what stands in the streams", async () => {
    await using world = await worlds.open();
    unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([1, 2])));
    await call(world, "DEL", STATE);
    expect(unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([3])))).toEqual(["stored"]);
    const ids = ((await call(world, "XRANGE", REQUEST_STREAM, "-", "+")) as [string, Reply][]).map(([id]) => id);
    expect(ids.map((id) => id.split("-")[1])).toEqual(["1", "2", "3"]);
  });
});

describe("taking", () => {
  test("what any consumer took and did not finish is taken first, marked as repeated", async () => {
    await using world = await worlds.open();
    unwrap(await storeRequests(world.store, "e", BOUNDS, numbered(upTo(300).map((n) => n + 1))));
    await call(world, "XGROUP", "CREATE", REQUEST_STREAM, GROUP, "0");
    const read = ["XREADGROUP", "GROUP", GROUP] as const;
    await call(world, ...read, "somebody", "COUNT", "150", "STREAMS", REQUEST_STREAM, ">");
    await call(world, ...read, "syncd", "COUNT", "50", "STREAMS", REQUEST_STREAM, ">");
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "async" });
    await syncd.took(300);
    expect(syncd.asic.effects).toEqual(upTo(300).map((n) => `create ${routerKey(n + 1)}`));
    expect(syncd.taken.map(({ repeated }) => repeated)).toEqual(upTo(300).map((n) => n < 200));
  });

  test("an entry that somebody cut away while it was pending is reported as lost, and holds nobody up", async () => {
    await using world = await worlds.open();
    const troubles: ChannelTrouble[] = [];
    unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([1, 2])));
    await call(world, "XGROUP", "CREATE", REQUEST_STREAM, GROUP, "0");
    const read = ["XREADGROUP", "GROUP", GROUP, "syncd", "COUNT", "1", "STREAMS", REQUEST_STREAM, ">"] as const;
    const taken = (await call(world, ...read)) as [string, [string, Reply][]][];
    await call(world, "XDEL", REQUEST_STREAM, taken[0]?.[1][0]?.[0] as string);
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "async", onTrouble: (trouble) => troubles.push(trouble) });
    await syncd.took(1);
    expect(syncd.words).toEqual([`create ${routerKey(2)}`]);
    expect(troubles.filter(({ kind }) => kind !== "missed")).toEqual([]);
  });

  test("the stream may vanish under a server: it makes its group again", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "sync" });
    await using client = await clientOf(world, { mode: "sync" });
    expect(word(await client.request(create(1)))).toBe("SAI_STATUS_SUCCESS");
    await call(world, "DEL", REQUEST_STREAM);
    expect(word(await client.request(create(2)))).toBe("SAI_STATUS_SUCCESS");
  });
});

describe("what Redis lost", () => {
  test("requests whose callers still wait are stored again, and the server answers what it did from memory", async () => {
    await using world = await worlds.open();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "sync" });
    const troubles: ChannelTrouble[] = [];
    await using client = await clientOf(world, { mode: "sync", onTrouble: (trouble) => troubles.push(trouble) });
    expect(word(await client.request(create(1)))).toBe("SAI_STATUS_SUCCESS");
    syncd.hold();
    const outcomes = upTo(10).map((n) => client.request(create(2 + n)));
    await syncd.took(2);
    await world.carrier.stop();
    await world.carrier.start();
    syncd.release();
    expect(new Set(await words(outcomes))).toEqual(new Set(["SAI_STATUS_SUCCESS"]));
    expect(syncd.asic.effects).toEqual(upTo(11).map((n) => `create ${routerKey(n + 1)}`));
    expect(troubles).toEqual([]);
  });

  test("requests that were accepted and forgotten are reported by their number", async () => {
    await using world = await worlds.open();
    const troubles: ChannelTrouble[] = [];
    await using client = await clientOf(world, { mode: "async", onTrouble: (trouble) => troubles.push(trouble) });
    await words(upTo(7).map((n) => client.request(create(n))));
    await world.carrier.stop();
    await world.carrier.start();
    const syncd = new TestSyncd();
    await serving(world, syncd, { mode: "async" });
    expect(word(await client.request(get(1)))).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    expect(troubles).toEqual([{ kind: "lost", where: STATE, count: 7 }]);
  });
});

describe("trimming", () => {
  test("keeps about what it was told to, and never passes a request that is not finished", async () => {
    await using world = await worlds.open();
    for (const call of upTo(10)) {
      const numbers = upTo(1000).map((n) => 1000 * call + n + 1);
      unwrap(await storeRequests(world.store, "e", BOUNDS, numbered(numbers)));
    }
    await work(world, 1, 1000);
    // A stuck server: whatever is published meanwhile, its requests stay.
    for (const n of upTo(3000)) void publish(world.store, 1000, { name: "n", data: String(n), fields: [] });
    unwrap(await publish(world.store, 1000, { name: "n", data: "", fields: [] }));
    expect(await call(world, "XLEN", REQUEST_STREAM)).toBe(10_000);
    await work(world, 4999, 1000);
    expect((await lengths(world))[0]).toBe(6001);
    await work(world, 5000, 1000);
    unwrap(await publish(world.store, 1000, { name: "n", data: "", fields: [] }));
    const [requests, responses] = (await lengths(world)) as [number, number];
    expect(requests + responses).toBeLessThanOrEqual(2001);
    expect(await call(world, "HMGET", STATE, "waiting", "bytes")).toEqual(["0", "0"]);
  });

  test("never passes what an archiver has not got; beyond the bound requests are refused until it goes on or is forgotten", async () => {
    await using world = await worlds.open();
    const bounds = { ...BOUNDS, retained: 8000 };
    unwrap(await saveArchived(world.store, "archive", "0-0"));
    const fates = new Set<string>();
    for (const call of upTo(5)) {
      const numbers = upTo(1000).map((n) => 1000 * call + n + 1);
      for (const fate of unwrap(await storeRequests(world.store, "e", bounds, numbered(numbers)))) fates.add(fate);
      if (call < 4) await work(world, 1000, 1000);
    }
    expect(fates).toEqual(new Set(["stored", "unarchived"]));
    const reader = new StreamReader(world.store, "0-0");
    const seen = [];
    for (let placed = unwrap(await reader.next()); placed.length > 0; placed = unwrap(await reader.next()))
      seen.push(...placed);
    expect(seen.filter(({ event }) => event.kind === "gap")).toEqual([]);
    expect(seen).toHaveLength(8000);
    unwrap(await saveArchived(world.store, "archive", reader.position));
    expect(unwrap(await archivedUpTo(world.store, "archive"))).toBe(reader.position);
    unwrap(await publish(world.store, 1000, { name: "n", data: "", fields: [] }));
    expect(unwrap(await storeRequests(world.store, "e", bounds, numbered([5001])))).toEqual(["stored"]);
    unwrap(await forgetArchiver(world.store, "archive"));
    expect([...unwrap(await archivers(world.store))]).toEqual([]);
  });
});

describe("reading along", () => {
  test("requests and replies come in the order in which they happened, also within a millisecond, in parts of any size", async () => {
    await using world = await worlds.open();
    await serving(world, new TestSyncd(), { mode: "sync" });
    await using client = await clientOf(world, { mode: "sync" });
    for (const round of upTo(4)) await words(upTo(400).map((n) => client.request(create(400 * round + n))));
    const reader = new StreamReader(world.store, "0-0");
    const seen = [];
    for (let placed = unwrap(await reader.next()); placed.length > 0; placed = unwrap(await reader.next()))
      seen.push(...placed);
    expect(seen).toHaveLength(3200);
    expect(seen.map(({ position }) => Number(position.split("-")[1]))).toEqual(upTo(3200).map((n) => n + 1));
    const all = unwrap(await readBetween(world.store, "-", "+"));
    expect(all).toEqual(seen);
    expect(comparePositions(all[0]?.position ?? "", all[1]?.position ?? "")).toBeLessThan(0);
  });

  test("entries made by hand neither break the count nor are taken for a gap", async () => {
    await using world = await worlds.open();
    unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([1])));
    for (const _ of upTo(3)) await call(world, "XADD", REQUEST_STREAM, "*", "by", "hand");
    unwrap(await storeRequests(world.store, "e", BOUNDS, numbered([2])));
    const placed = unwrap(await new StreamReader(world.store, "0-0").next());
    expect(placed.map(({ event }) => event.kind)).toEqual(["request", "request"]);
  });

  test("a client that nobody listens to is not done with what is published", async () => {
    await using world = await worlds.open();
    const { server } = await serving(world, new TestSyncd());
    await using client = await clientOf(world);
    unwrap(await server.notify({ name: "n", data: "1", fields: [["a", "b"]] }));
    const next = client.notifications(new AbortController().signal)[Symbol.asyncIterator]();
    expect((await next.next()).value).toEqual({ name: "n", data: "1", fields: [["a", "b"]] });
    expect(await call(world, "HGET", STATE, "seen")).toBe(null);
    const second = next.next();
    while ((await call(world, "HGET", STATE, "seen")) === null) await isDone(Promise.resolve());
    await client[Symbol.asyncDispose]();
    expect((await second).done).toBe(true);
  });
});

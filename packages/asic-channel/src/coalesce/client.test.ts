import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { err, millis, seconds, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { AsicRequest } from "../request.js";
import { ShmChannelClient } from "../shm/client.js";
import { ShmChannelServer } from "../shm/server.js";
import { shmTraits } from "../shm/traits.js";
import { serving, word } from "../testing/contract-steps.js";
import { LocalWorld } from "../testing/local-world.js";
import { create, get, set } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import type { AsicClient } from "../transport.js";
import { CoalescingClient } from "./client.js";

const SIZES = { requests: 2 ** 20, replies: 2 ** 20, notifications: 2 ** 16 } as const;

let folder: string;
let world: LocalWorld;
let client: CoalescingClient;
const troubles: ChannelTrouble[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-coalesce-"));
  const ends = { path: join(folder, "ring"), sizes: SIZES, mode: "sync" } as const;
  world = new LocalWorld({
    traits: shmTraits(),
    client: (options) => ShmChannelClient.open({ ...options, ...ends }),
    server: (options) => ShmChannelServer.open({ ...options, ...ends }),
  });
  troubles.length = 0;
  client = new CoalescingClient(unwrap(await world.client({ replyTimeout: seconds(5) })), {
    ...{ clock: world.clock, onTrouble: (trouble) => void troubles.push(trouble) },
  });
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const route = (n: number): string =>
  `SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.0.${n}.0/24","switch_id":"oid:0x21000000000000","vr":"oid:0x3000000000001"}`;
const flap = (n: number, up: boolean): AsicRequest =>
  up ? { op: "create", key: route(n), fields: [["A", "1"]] } : { op: "remove", key: route(n), fields: [] };

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

test("while the server is away what waits grows with keys; when it is there it has what was said last", async () => {
  for (const n of [0, 1]) await client.request(create(n));
  for (let i = 0; i < 20_000; i++) {
    expect(word(await client.request(flap(i % 40, Math.floor(i / 40) % 2 === 0)))).toBe("accepted");
    if (i % 4 === 0) await client.request(set(i % 2, String(i)));
  }
  expect(client.size).toBeLessThan(200);
  const syncd = new TestSyncd();
  await serving(world, syncd, { mode: "sync" });
  await until(() => client.size === 0);
  expect(word(await client.request(get(0)))).toBe("SAI_STATUS_SUCCESS");
  expect(syncd.taken.length).toBeLessThan(250);
  expect([...syncd.asic.objects.keys()].filter((key) => key.includes("ROUTE_ENTRY")).length).toBe(0);
  expect([0, 1].map((n) => [...(syncd.asic.objects.get(create(n).key)?.values() ?? [])].at(-1))).toEqual([
    "19996",
    "NULL",
  ]);
  expect(troubles).toEqual([]);
});

test("what is accepted and then refused is told, with what it was", async () => {
  await serving(world, new TestSyncd(), { mode: "sync" });
  expect(word(await client.request(set(7, "x")))).toBe("accepted");
  await until(() => troubles.length > 0);
  const { op, key } = set(7, "x");
  expect(troubles).toEqual([{ kind: "refusedLater", op, key, status: "SAI_STATUS_ITEM_NOT_FOUND", fields: [] }]);
});

test("what was sent to a server that does not answer goes again, and that it is done already is no refusal", async () => {
  const syncd = new TestSyncd();
  await serving(world, syncd, { mode: "sync" });
  syncd.hold();
  await client.request(create(1));
  await syncd.took(1);
  await world.clock.advance(seconds(5));
  syncd.release();
  await until(() => client.size === 0);
  expect(syncd.words).toEqual(Array(2).fill(`create ${create(1).key}`));
  expect(syncd.asic.count("create", create(1).key)).toBe(1);
  expect(troubles).toEqual([]);
});

test("what still waits when a client is closed is told, with its number", async () => {
  for (const n of [1, 2, 3]) await client.request(create(n));
  await client[Symbol.asyncDispose]();
  expect(troubles).toEqual([{ kind: "undelivered", count: 3 }]);
});

test("a channel that takes nothing is asked five times a second, not all the time", async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const channel: AsicClient = {
    traits: shmTraits(),
    mode: "sync",
    request: async () => {
      asked += 1;
      return err({ kind: "closed" });
    },
    notifications: async function* () {},
    [Symbol.asyncDispose]: async () => {},
  };
  await using displaced = new CoalescingClient(channel, { clock });
  expect(word(await displaced.request(create(1)))).toBe("accepted");
  for (let step = 0; step < 10; step++) {
    for (let turn = 0; turn < 5; turn++) await settle();
    await clock.advance(millis(200));
  }
  expect(asked).toBeLessThanOrEqual(11);
  expect(asked).toBeGreaterThan(5);
});

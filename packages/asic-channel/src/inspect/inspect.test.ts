import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { err, ok, unwrap } from "@tandem/base";
import type { Store } from "@tandem/swss";
import { untilConnected } from "@tandem/swss";
import { type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openRingFile } from "../shm/channel-file.js";
import { intentCommand } from "../syncd/journal.js";
import { readObjects, typeName } from "./objects.js";
import { readPending } from "./pending.js";
import { readQueues } from "./queues.js";
import { readRings } from "./rings.js";

let redis: RedisServer;
let stores: ReturnType<typeof redisStoresAt>;
let store: Store;

beforeAll(async () => {
  redis = await startRedis();
  stores = redisStoresAt({ socket: redis.socket });
  store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
});

beforeEach(async () => {
  unwrap(await store.command(["FLUSHDB"]));
});

afterAll(async () => {
  await stores[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

describe("queues", () => {
  test("of a channel that nobody uses are empty", async () => {
    const queues = unwrap(await readQueues(store));
    expect(queues.map(({ name, entries, pending, oldest }) => [name, entries, pending, oldest])).toEqual([
      ["ASIC_STATE_KEY_VALUE_OP_QUEUE", 0, 0, undefined],
      ["GETRESPONSE_KEY_VALUE_OP_QUEUE", 0, 0, undefined],
      ["ASIC_REQUEST_STREAM", 0, 0, undefined],
      ["ASIC_RESPONSE_STREAM", 0, 0, undefined],
      ["ASIC_GRPC_QUEUE", 0, 0, undefined],
      ["ASIC_ZMQ_OUTBOX_QUEUE", 0, 0, undefined],
      ["ASIC_GRPC_LIST", 0, 0, undefined],
    ]);
  });

  test("what stands in Redis behind grpc and zmq is a queue too", async () => {
    unwrap(await store.command(["XADD", "ASIC_ZMQ_OUTBOX_QUEUE", "1000-1", "op", "set"]));
    unwrap(await store.command(["XADD", "ASIC_ZMQ_OUTBOX_QUEUE", "2000-1", "op", "set"]));
    unwrap(await store.command(["RPUSH", "ASIC_GRPC_LIST", "3000-0 {}", "3000-1 {}", "4000-0 {}"]));
    const [outbox, list] = unwrap(await readQueues(store)).slice(-2);
    expect(outbox).toMatchObject({ transport: "zmq", entries: 2, oldest: 1000 });
    expect(list).toMatchObject({ transport: "grpc-queue", kind: "list", entries: 3, oldest: 3000 });
  });

  test("of a ring file are read without touching it; no file has none, another file is an error", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tandem-rings-"));
    const path = join(folder, "ring");
    expect(readRings(path)).toEqual(ok([]));
    const sizes = { requests: 4096, replies: 8192, notifications: 4096 };
    const file = openRingFile(path, sizes);
    file.requests.put(Buffer.alloc(100), 1, 1000);
    file.requests.put(Buffer.alloc(100), 1, 2000);
    file.replies.put(Buffer.alloc(10), 1, 3000);
    const seen = () => unwrap(readRings(path)).map(({ entries, bytes, oldest }) => [entries, bytes, oldest]);
    expect(seen()).toEqual([
      [2, 288, 1000],
      [1, 56, 3000],
      [0, 0, undefined],
    ]);
    const first = file.requests.peek();
    if (first?.kind === "record") file.requests.release(first.record.next, first.record.sequence);
    expect(seen()[0]).toEqual([1, 144, 2000]);
    file.unmap();
    await writeFile(path, "something else");
    expect(readRings(path)).toEqual(err(`${path}: a ring file was expected, found something else`));
    await rm(folder, { recursive: true });
  });

  test("show what waits, what is taken and not acknowledged, and since when", async () => {
    unwrap(await store.command(["LPUSH", "ASIC_STATE_KEY_VALUE_OP_QUEUE", "k", "[]", "Sset", "k", "[]", "Sset"]));
    for (const id of ["1000-1", "2000-2", "3000-3"])
      unwrap(await store.command(["XADD", "ASIC_REQUEST_STREAM", id, "op", "set"]));
    unwrap(await store.command(["XGROUP", "CREATE", "ASIC_REQUEST_STREAM", "syncd_group", "0"]));
    const seen = async () => {
      const queues = unwrap(await readQueues(store));
      return [queues[0], queues[2]].map((queue) => [queue?.entries, queue?.pending, queue?.oldest]);
    };
    expect(await seen()).toEqual([
      [2, 0, undefined],
      [3, 0, 1000],
    ]);
    const take = [
      "XREADGROUP",
      "GROUP",
      "syncd_group",
      "syncd",
      "COUNT",
      "2",
      "STREAMS",
      "ASIC_REQUEST_STREAM",
      ">",
    ] as const;
    unwrap(await store.command(take));
    unwrap(await store.command(["XACK", "ASIC_REQUEST_STREAM", "syncd_group", "1000-1"]));
    expect((await seen())[1]).toEqual([3, 1, 2000]);
  });
});

test("objects are sorted, have their RIDs, and can be asked for by type in any spelling", async () => {
  unwrap(await store.command(["HSET", "ASIC_STATE:SAI_OBJECT_TYPE_VLAN:oid:0x26000000000002", "NULL", "NULL"]));
  unwrap(
    await store.command(["HSET", "ASIC_STATE:SAI_OBJECT_TYPE_PORT:oid:0x1000000000001", "SAI_PORT_ATTR_MTU", "9100"]),
  );
  unwrap(await store.command(["HSET", "VIDTORID", "oid:0x1000000000001", "oid:0xaa01000000000001"]));
  const port = {
    type: "SAI_OBJECT_TYPE_PORT",
    id: "oid:0x1000000000001",
    rid: "oid:0xaa01000000000001",
    attributes: { SAI_PORT_ATTR_MTU: "9100" },
  };
  const all = unwrap(await readObjects(store, undefined));
  expect(all).toEqual([port, { type: "SAI_OBJECT_TYPE_VLAN", id: "oid:0x26000000000002", attributes: {} }]);
  for (const word of ["port", "PORT", "SAI_OBJECT_TYPE_PORT"])
    expect(unwrap(await readObjects(store, word))).toEqual([port]);
  expect(typeName("route-entry")).toBe("SAI_OBJECT_TYPE_ROUTE_ENTRY");
});

test("what is begun is shown with its size, beside the view that is being built", async () => {
  expect(unwrap(await readPending(store))).toEqual({
    ...{ request: undefined, steps: 0, view: "apply", collected: 0, firstRun: true, boot: "" },
  });
  const request = {
    op: "bulkremove",
    key: "SAI_OBJECT_TYPE_VLAN:2",
    fields: [
      ["oid:0x1", ""],
      ["oid:0x2", ""],
    ],
  } as const;
  unwrap(await store.command(intentCommand({ id: "r1", request, rowsWritten: false })));
  unwrap(await store.command(["HSET", "TANDEM_SYNCD_STATE", "view", "init", "first_run", "false", "boot", "needed"]));
  unwrap(await store.command(["HSET", "TEMP_ASIC_STATE:SAI_OBJECT_TYPE_VLAN:oid:0x1", "NULL", "NULL"]));
  unwrap(await store.command(["HSET", "TANDEM_SYNCD_PROGRESS", "0", ""]));
  expect(unwrap(await readPending(store))).toEqual({
    request: { op: "bulkremove", key: "SAI_OBJECT_TYPE_VLAN:2", id: "r1", objects: 2 },
    ...{ steps: 1, view: "init", collected: 1, firstRun: false, boot: "needed" },
  });
});

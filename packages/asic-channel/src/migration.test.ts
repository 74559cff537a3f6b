import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, seconds, systemClock, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { type Command, type Stores, untilConnected } from "@tandem/swss";
import { freePort, type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GrpcChannelClient } from "./grpc/client.js";
import { GrpcChannelServer } from "./grpc/server.js";
import { GrpcQueueClient } from "./grpc-queue/client.js";
import { GrpcQueueServer } from "./grpc-queue/server.js";
import { ListPubsubClient } from "./list-pubsub/client.js";
import { ListPubsubServer } from "./list-pubsub/server.js";
import { ShmChannelClient } from "./shm/client.js";
import { ShmChannelServer } from "./shm/server.js";
import { StreamsClient } from "./streams/client.js";
import { StreamsServer } from "./streams/server.js";
import { upTo, word, words } from "./testing/contract-steps.js";
import { create, get } from "./testing/requests.js";
import { SWITCH_KEY, SyncdWorld } from "./testing/syncd-world.js";
import { TestAsic, TestSyncd } from "./testing/test-asic.js";
import type { AsicClient, AsicHandler, AsicServer } from "./transport.js";
import { ZmqChannelClient } from "./zmq/client.js";
import { ZmqOutboxClient } from "./zmq/outbox-client.js";
import { ZmqChannelServer } from "./zmq/server.js";

const SIZES = { requests: 2 ** 16, replies: 2 ** 16, notifications: 2 ** 12 } as const;

/**
 * From the list to gRPC in four phases, each of which can be stayed in: a second interface beside the list; a client that
 * chooses, with a queue in Redis behind it; Redis for state only; no queue at all. The last one cannot restart syncd.
 */

let redis: RedisServer;
let stores: ReturnType<typeof redisStoresAt>;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  redis = await startRedis();
  stores = redisStoresAt({ socket: redis.socket });
});
beforeEach(async () => {
  for (const end of opened.splice(0).reverse()) await end[Symbol.asyncDispose]();
  await inRedis(stores, ["FLUSHALL"]);
});
afterAll(async () => {
  for (const end of opened.splice(0).reverse()) await end[Symbol.asyncDispose]();
  await stores[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function inRedis(of: Stores, words: Command): Promise<unknown> {
  const store = unwrap(of.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  return unwrap(await store.command(words));
}

const keys = async (pattern: string): Promise<readonly string[]> =>
  (await inRedis(stores, ["KEYS", pattern])) as readonly string[];

function use<T extends AsyncDisposable>(end: T): T {
  opened.push(end);
  return end;
}

const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };

/** Begins to serve; the returned function ends it as `kill -9` of a process would, saying nothing to anybody. */
function serve(server: AsicServer, handler: AsicHandler): () => Promise<void> {
  const ending = new AbortController();
  void server.serve(handler, ending.signal);
  return async () => {
    const gone = server[Symbol.asyncDispose]();
    ending.abort();
    await gone;
  };
}

test("phase 1: one syncd serves gRPC beside the list; an orchagent on the list changes nothing", async () => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const syncd = new TestSyncd();
  const options = { stores, clock: systemClock, owner, mode: "sync" } as const;
  serve(use(unwrap(await ListPubsubServer.open(options))), syncd);
  serve(use(unwrap(await GrpcChannelServer.open({ ...options, endpoint }))), syncd);
  const old = use(unwrap(await ListPubsubClient.open(options)));
  expect(await words([old.request(create(1)), old.request(get(1))])).toEqual([
    "SAI_STATUS_SUCCESS",
    "SAI_STATUS_SUCCESS",
  ]);
  const young = use(unwrap(await GrpcChannelClient.open({ ...options, endpoint })));
  expect(await words([young.request(get(1)), young.request(create(1))])).toEqual([
    "SAI_STATUS_SUCCESS",
    "SAI_STATUS_ITEM_ALREADY_EXISTS",
  ]);
});

/** How syncd is reached, and which requests it had executed in the end. */
interface RestartOutcome {
  /** Numbers of the requests that the ASIC has, in the order of their effects. */
  readonly executed: readonly number[];
  /** How the requests ended for their caller. */
  readonly ends: readonly string[];
}

const NAME_END = /[0-9a-f]{12}$/;

/**
 * syncd restarts while orchagent goes on: 0 is executed, 1 is in hand when syncd dies, 2 to 9 are sent while it is away
 * for longer than a reply is waited for, then the next syncd comes.
 */
async function restarted(ends: {
  client(clock: VirtualClock): Promise<AsicClient>;
  server(clock: VirtualClock): Promise<AsicServer>;
}): Promise<RestartOutcome> {
  const clock = new VirtualClock();
  const asic = new TestAsic();
  const dying = new TestSyncd(asic);
  const kill = serve(await ends.server(clock), dying);
  const client = use(await ends.client(clock));
  const sent = [client.request(create(0))];
  await dying.took(1);
  await sent[0];
  dying.hold();
  sent.push(client.request(create(1)));
  await dying.took(2);
  await kill();
  sent.push(...upTo(8).map((n) => client.request(create(n + 2))));
  // What is accepted needs Redis only, which has its own time.
  if (client.mode === "async") await Promise.all(sent);
  for (let second = 0; second < 61; second++) {
    for (let turn = 0; turn < 3; turn++) await settle();
    await clock.advance(seconds(1));
  }
  const ended = await words(sent);
  const next = new TestSyncd(asic);
  serve(use(await ends.server(clock)), next);
  // Behind everything that was kept anywhere.
  for (;;) {
    const asked = client.request(get(0));
    for (let turn = 0; turn < 20; turn++) await settle();
    await clock.advance(millis(1000));
    if (word(await asked) === "SAI_STATUS_SUCCESS") break;
  }
  const executed = asic.effects.map((effect) => Number.parseInt(NAME_END.exec(effect)?.[0] ?? "", 16));
  return { executed, ends: ended };
}

describe("syncd restarts while orchagent goes on", () => {
  test("phase 2: the client chooses gRPC, and the queue in Redis keeps what syncd could not take: nothing is lost", {
    timeout: 60_000,
  }, async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const options = { stores, endpoint, owner, mode: "async" } as const;
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await GrpcQueueClient.open({ ...options, clock })),
      server: async (clock) => unwrap(await GrpcQueueServer.open({ ...options, clock })),
    });
    expect(executed).toEqual(upTo(10));
    expect(new Set(ends)).toEqual(new Set(["accepted"]));
  });

  test("phase 4: gRPC alone fails it: the request in hand and those of the gap are lost, and their callers are told", {
    timeout: 60_000,
  }, async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await GrpcChannelClient.open({ endpoint, owner, clock })),
      server: async (clock) => unwrap(await GrpcChannelServer.open({ endpoint, owner, clock })),
    });
    expect(executed).toEqual([0]);
    expect(ends).toEqual(["SAI_STATUS_SUCCESS", "unknown", ...upTo(8).map(() => "refused")]);
  });
});

describe("the same restart, elsewhere", () => {
  const gap = upTo(8).map((n) => n + 2);

  test("streams: nothing is lost, not even what syncd had in hand", { timeout: 60_000 }, async () => {
    const options = { stores, owner, mode: "async" } as const;
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await StreamsClient.open({ ...options, clock })),
      server: async (clock) => unwrap(await StreamsServer.open({ ...options, clock })),
    });
    expect(executed).toEqual([0, 1, ...gap]);
    expect(new Set(ends)).toEqual(new Set(["accepted"]));
  });

  test("list-pubsub: what is sent in the gap waits; what syncd had popped is lost, though it was accepted", {
    timeout: 60_000,
  }, async () => {
    const options = { stores, owner, mode: "async" } as const;
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await ListPubsubClient.open({ ...options, clock })),
      server: async (clock) => unwrap(await ListPubsubServer.open({ ...options, clock })),
    });
    expect(executed).toEqual([0, ...gap]);
    expect(new Set(ends)).toEqual(new Set(["accepted"]));
  });

  test("zmq fails it as gRPC alone does", { timeout: 60_000 }, async () => {
    const context = {
      zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
      zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    };
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await ZmqChannelClient.open({ context, owner, clock })),
      server: async (clock) => unwrap(await ZmqChannelServer.open({ context, owner, clock })),
    });
    expect(executed).toEqual([0]);
    expect(ends).toEqual(["SAI_STATUS_SUCCESS", "unknown", ...gap.map(() => "refused")]);
  });

  test("zmq with an outbox loses nothing, not even what syncd had in hand", { timeout: 60_000 }, async () => {
    const context = {
      zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
      zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    };
    const { executed, ends } = await restarted({
      client: async (clock) => unwrap(await ZmqOutboxClient.open({ stores, context, owner, mode: "async", clock })),
      server: async (clock) => unwrap(await ZmqChannelServer.open({ context, owner, clock })),
    });
    expect(executed).toEqual([0, 1, ...gap]);
    expect(new Set(ends)).toEqual(new Set(["accepted"]));
  });

  test("shm loses nothing either: its rings are in a file", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tandem-shm-"));
    try {
      const options = { path: join(folder, "ring"), owner, mode: "async", sizes: SIZES } as const;
      const { executed, ends } = await restarted({
        client: async (clock) => unwrap(await ShmChannelClient.open({ ...options, clock })),
        server: async (clock) => unwrap(await ShmChannelServer.open({ ...options, clock })),
      });
      expect(executed).toEqual([0, 1, ...gap]);
      expect(new Set(ends)).toEqual(new Set(["accepted"]));
    } finally {
      for (const end of opened.splice(0).reverse()) await end[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("phase 3: Redis holds state only, written after success, and the next syncd has it", async () => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const options = { clock: systemClock, owner, endpoint } as const;
  const world = new SyncdWorld(stores);
  const first = await world.start();
  const kill = serve(unwrap(await GrpcChannelServer.open(options)), first);
  const client = use(unwrap(await GrpcChannelClient.open(options)));
  const ask = async (key: string, fields: readonly (readonly [string, string])[]): Promise<string> =>
    word(await client.request({ op: "create", key, fields }));
  expect(await ask(SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]])).toBe("SAI_STATUS_SUCCESS");
  const vlan = (n: number): string => `SAI_OBJECT_TYPE_VLAN:oid:0x2600000000${(0x5000 + n).toString(16)}`;
  expect(await ask(vlan(1), [["SAI_VLAN_ATTR_VLAN_ID", "101"]])).toBe("SAI_STATUS_SUCCESS");
  expect(await ask(vlan(2), [])).toBe("SAI_STATUS_MANDATORY_ATTRIBUTE_MISSING");
  expect(await world.row(`ASIC_STATE:${vlan(1)}`)).toMatchObject({ SAI_VLAN_ATTR_VLAN_ID: "101" });
  expect(await keys(`ASIC_STATE:${vlan(2)}`)).toEqual([]);
  expect([
    ...(await keys("*_KEY_VALUE_OP_QUEUE")),
    ...(await keys("ASIC_GRPC*")),
    ...(await keys("ASIC_*_STREAM")),
  ]).toEqual([]);
  await kill();
  const next = await world.start();
  serve(use(unwrap(await GrpcChannelServer.open(options))), next);
  const again = await client.request({ op: "get", key: vlan(1), fields: [["SAI_VLAN_ATTR_VLAN_ID", "0"]] });
  expect(again).toMatchObject({ value: { reply: { fields: [["SAI_VLAN_ATTR_VLAN_ID", "101"]] } } });
  expect(world.counts(vlan(1))).toEqual([1]);
  await next[Symbol.asyncDispose]();
});

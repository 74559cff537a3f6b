import assert from "node:assert/strict";
import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { type Command, RedisStores, type Reply, untilConnected } from "@tandem/swss";
import { databasesAt, freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { isDone, upTo, word, words } from "../testing/contract-steps.js";
import { create, get, routerKey, set, view } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { GrpcQueueClient } from "./client.js";
import { FALLBACK_NAMES, FALLBACKS, type FallbackName, oldestOf } from "./fallback.js";
import { GrpcQueueServer } from "./server.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Both ends on real time, and their Redis by hand. */
class Pair implements AsyncDisposable {
  readonly troubles: ChannelTrouble[] = [];
  readonly #stores = new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });
  readonly #endpoint: string;
  readonly #open: AsyncDisposable[] = [];

  private constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  static async open(): Promise<Pair> {
    const pair = new Pair(`127.0.0.1:${await freePort()}`);
    await pair.call("FLUSHALL");
    return pair;
  }

  async call(...command: Command): Promise<Reply> {
    const store = unwrap(this.#stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    return unwrap(await store.command(command));
  }

  async client(fallback: FallbackName = "stream", mode: "async" | "sync" = "async"): Promise<GrpcQueueClient> {
    const client = unwrap(await GrpcQueueClient.open({ ...this.#options("orchagent"), mode, fallback }));
    this.#open.push(client);
    return client;
  }

  /** A server at work; what it returns stops it, the request in hand finished first. */
  async serve(syncd: TestSyncd, mode: "async" | "sync" = "async"): Promise<() => Promise<void>> {
    const server = unwrap(await GrpcQueueServer.open({ ...this.#options("syncd"), mode }));
    this.#open.push(server);
    const stop = new AbortController();
    const served = server.serve(syncd, stop.signal);
    return async () => {
      stop.abort();
      await served;
      await server[Symbol.asyncDispose]();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#open) await end[Symbol.asyncDispose]();
    await this.#stores[Symbol.asyncDispose]();
  }

  #options(name: string) {
    return {
      ...{ stores: this.#stores, endpoint: this.#endpoint, clock: systemClock },
      owner: { name, host: "localhost", pid: process.pid, since: 0 },
      onTrouble: (trouble: ChannelTrouble) => void this.troubles.push(trouble),
    };
  }
}

/** Requests that wait in Redis, in whichever form. */
async function waitingIn(pair: Pair): Promise<number> {
  return Number(await pair.call("XLEN", "ASIC_GRPC_QUEUE")) + Number(await pair.call("LLEN", "ASIC_GRPC_LIST"));
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await settle();
}

describe.each(FALLBACK_NAMES)("with a %s behind it", (fallback) => {
  test("under load, over three lives of the server, every request is executed once and in order, by whichever way", async () => {
    await using pair = await Pair.open();
    const client = await pair.client(fallback);
    const lives: TestSyncd[] = [];
    const ways = new Set<string>();
    const outcomes: Promise<string>[] = [];
    let n = 0;
    const load = async (count: number): Promise<void> => {
      for (const _ of upTo(count)) {
        outcomes.push(client.request(create(n++)).then(word));
        if (n % 50 === 0) {
          ways.add(client.way);
          await settle();
        }
      }
    };
    for (const _ of upTo(3)) {
      const syncd = new TestSyncd(lives[0]?.asic);
      lives.push(syncd);
      await load(200);
      const stop = await pair.serve(syncd);
      await until(() => client.way === "direct");
      await load(300);
      await stop();
    }
    await load(100);
    await pair.serve(new TestSyncd(lives[0]?.asic));
    expect(word(await client.request(get(n - 1)))).toBe("SAI_STATUS_SUCCESS");
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["accepted"]));
    expect(lives[0]?.asic.effects).toEqual(upTo(n).map((i) => `create ${routerKey(i)}`));
    expect(ways).toEqual(new Set(["queue", "direct"]));
    expect(await waitingIn(pair)).toBe(0);
  }, 60_000);

  test("an entry leaves the queue after its effect; what a dead server had taken comes again, marked, its neighbours not twice", async () => {
    await using pair = await Pair.open();
    const client = await pair.client(fallback);
    expect(await words([1, 2, 3].map((n) => client.request(create(n))))).toEqual(Array(3).fill("accepted"));
    const before = new TestSyncd();
    before.hold(({ key }) => key === routerKey(2));
    const server = await pair.serve(before);
    await before.took(2);
    expect(await waitingIn(pair)).toBe(2);
    const [, second] = before.taken;
    // It was executed; its server dies before it can say so.
    before.asic.execute(second as never);
    const stopped = server();
    await isDone(stopped);
    const after = new TestSyncd(before.asic);
    before.release();
    await stopped;
    await pair.serve(after);
    expect(word(await client.request(get(3)))).toBe("SAI_STATUS_SUCCESS");
    expect(before.asic.effects).toEqual([1, 2, 3].map((n) => `create ${routerKey(n)}`));
  });

  test("what is accepted into the queue and then refused is told once its server says so", async () => {
    await using pair = await Pair.open();
    const client = await pair.client(fallback);
    const asked = [set(5, "x"), create(1)].map((request) => client.request(request));
    expect(await words(asked)).toEqual(["accepted", "accepted"]);
    await pair.serve(new TestSyncd());
    await until(() => pair.troubles.length > 0);
    const { op, key } = set(5, "x");
    expect(pair.troubles).toEqual([{ kind: "refusedLater", op, key, status: "SAI_STATUS_ITEM_NOT_FOUND", fields: [] }]);
  });

  test("a view change in the queue holds back what is behind it until it is answered", async () => {
    await using pair = await Pair.open();
    const client = await pair.client(fallback);
    const ended: string[] = [];
    const all = [create(1), view("INIT_VIEW"), set(1, "x")].map(async (request) => {
      ended.push(`${request.op} ${word(await client.request(request))}`);
    });
    await until(async () => (await waitingIn(pair)) === 2);
    for (const _ of upTo(5)) await settle();
    expect(await waitingIn(pair)).toBe(2);
    const syncd = new TestSyncd();
    await pair.serve(syncd);
    await Promise.all(all);
    expect(ended).toEqual(["create accepted", "notify SAI_STATUS_SUCCESS", "set accepted"]);
    await syncd.took(3);
    expect(syncd.words).toEqual([`create ${routerKey(1)}`, "notify INIT_VIEW", `set ${routerKey(1)}`]);
  });
});

describe.each(FALLBACK_NAMES)("with a %s behind it", (fallback) => {
  test.each([
    ["out of memory", ["maxmemory", "1"], ["maxmemory", "0"], "OOM"],
    ["read-only", ["min-replicas-to-write", "1"], ["min-replicas-to-write", "0"], "NOREPLICAS"],
  ] as const)(
    "a Redis that is %s is not needed while the server is there; while neither takes a request it is refused, not lost",
    async (_how, on, off, why) => {
      await using pair = await Pair.open();
      const client = await pair.client(fallback);
      const stop = await pair.serve(new TestSyncd());
      await until(() => client.way === "direct");
      expect(word(await client.request(get(0)))).toBe("SAI_STATUS_ITEM_NOT_FOUND");
      await pair.call("CONFIG", "SET", ...on);
      try {
        expect(word(await client.request(create(1)))).toBe("accepted");
        expect(word(await client.request(get(1)))).toBe("SAI_STATUS_SUCCESS");
        await stop();
        await until(() => client.way === "queue");
        const refused = await client.request(create(2));
        assert.ok(!refused.ok && refused.error.kind === "refused");
        expect(refused.error.reason).toContain(why);
      } finally {
        await pair.call("CONFIG", "SET", ...off);
      }
      expect(word(await client.request(create(3)))).toBe("accepted");
    },
  );
});

test("what an earlier client left in the queue is executed before what comes now", async () => {
  await using pair = await Pair.open();
  await pair.call("XADD", "ASIC_GRPC_QUEUE", "*", "id", "older:1", "op", "remove", "key", routerKey(9), "attrs", "[]");
  const client = await pair.client();
  expect(word(await client.request(create(1)))).toBe("accepted");
  const syncd = new TestSyncd();
  await pair.serve(syncd);
  await syncd.took(2);
  expect(syncd.words).toEqual([`remove ${routerKey(9)}`, `create ${routerKey(1)}`]);
});

test("a client that is started with the other fallback passes nothing that an earlier one left", async () => {
  await using pair = await Pair.open();
  for (const [n, fallback] of (["list", "stream", "list"] as const).entries()) {
    const client = await pair.client(fallback);
    expect(await words([1, 2, 3].map((m) => client.request(create(10 * n + m))))).toEqual(Array(3).fill("accepted"));
    await client[Symbol.asyncDispose]();
  }
  expect(await waitingIn(pair)).toBe(9);
  const syncd = new TestSyncd();
  await pair.serve(syncd);
  await syncd.took(9);
  expect(syncd.words).toEqual([1, 2, 3, 11, 12, 13, 21, 22, 23].map((n) => `create ${routerKey(n)}`));
  await until(async () => (await waitingIn(pair)) === 0);
});

test("of two queues the oldest come first, and nothing behind what was not looked at", () => {
  const at = (position: string) => ({ position, fields: new Map<string, string>() });
  const looked = new Map([
    [FALLBACKS.stream, [at("5-0"), at("7-0")]],
    [FALLBACKS.list, [at("4-9"), at("6-0"), at("9-0")]],
  ]);
  const seen = (count: number) => oldestOf(looked, count).map(({ entry }) => entry.position);
  expect(seen(4)).toEqual(["4-9", "5-0", "6-0", "7-0", "9-0"]);
  // The list may have more behind 9-0, which is no matter; the stream may have more behind 7-0.
  expect(seen(2)).toEqual(["4-9", "5-0", "6-0", "7-0"]);
});

test("positions in a list go on though the clock goes back, and what a client has read goes from its replies", async () => {
  await using pair = await Pair.open();
  await pair.call("RPUSH", "ASIC_GRPC_LIST", "99999999999999-3 {}");
  await pair.call("RPUSH", "ASIC_GRPC_LIST_REPLIES", "99999999999999-8 {}");
  const client = await pair.client("list", "sync");
  const outcomes = [1, 2].map((n) => client.request(create(n)));
  await until(async () => (await waitingIn(pair)) === 3);
  const elements = (await pair.call("LRANGE", "ASIC_GRPC_LIST", "0", "-1")) as readonly string[];
  expect(elements.map((each) => each.split(" ")[0])).toEqual([3, 4, 5].map((n) => `99999999999999-${n}`));
  await pair.serve(new TestSyncd(), "sync");
  expect(await words(outcomes)).toEqual(Array(2).fill("SAI_STATUS_SUCCESS"));
  await until(async () => {
    const replies = (await pair.call("LRANGE", "ASIC_GRPC_LIST_REPLIES", "0", "-1")) as readonly string[];
    return replies.length === 1 && replies[0]?.startsWith("99999999999999-11 ") === true;
  });
});

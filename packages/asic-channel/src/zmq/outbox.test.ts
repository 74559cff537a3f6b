import assert from "node:assert/strict";
import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { LockstepClient, LockstepServer, RedisStores, untilConnected } from "@tandem/swss";
import { databasesAt, freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { word, words } from "../testing/contract-steps.js";
import { LocalWorld } from "../testing/local-world.js";
import { create, get, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { transportContract } from "../testing/transport-contract.js";
import { OUTBOX, ZmqOutboxClient } from "./outbox-client.js";
import { ZmqChannelServer } from "./server.js";
import { zmqOutboxTraits } from "./traits.js";

const RAW = { messageBytesMax: 100_000, highWaterMark: 10, lingerMs: 0 } as const;
const HELLO = '["oid:0x0","attribute_capability_query","TANDEM","1"]';
/** What upstream's syncd answers to it. */
const STRANGER = '["SAI_STATUS_INVALID_PARAMETER","attribute_capability_response"]';
const SUCCESS = '["SAI_STATUS_SUCCESS","getresponse"]';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function setting() {
  const stores = new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  unwrap(await store.command(["FLUSHALL"]));
  const context = {
    zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
  };
  const troubles: ChannelTrouble[] = [];
  const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
  const onTrouble = (trouble: ChannelTrouble): void => void troubles.push(trouble);
  return { stores, store, context, troubles, options: { stores, context, clock: systemClock, owner, onTrouble } };
}

async function send(endpoint: string, frame: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = new LockstepClient(endpoint, RAW, resolve);
    void socket.exchange(Buffer.from(frame)).then(() => socket[Symbol.asyncDispose]());
  });
}

describe("the contract of transports, zmq with an outbox", () => {
  for (const { name, run } of transportContract({ traits: zmqOutboxTraits(), carrier: false, garble: true }))
    test(name, { timeout: 60_000 }, async () => {
      const { stores, context } = await setting();
      let garbled = false;
      {
        await using world = new LocalWorld({
          traits: zmqOutboxTraits(),
          client: (options) => ZmqOutboxClient.open({ ...options, stores, context }),
          server: async (options) => {
            const opened = await ZmqChannelServer.open({ ...options, context });
            if (garbled) await send(context.zmqEndpoint, "{");
            return opened;
          },
          garble: async () => {
            garbled = true;
          },
          stillHeard: (server) => server instanceof ZmqChannelServer && server.heard,
        });
        await run(world);
      }
      await stores[Symbol.asyncDispose]();
    });
});

/** Upstream's syncd, frame by frame. */
class Stranger {
  readonly #server: LockstepServer;

  private constructor(server: LockstepServer) {
    this.#server = server;
  }

  static async at(endpoint: string): Promise<Stranger> {
    return new Stranger(unwrap(await LockstepServer.bind(endpoint, RAW)));
  }

  async take(): Promise<string> {
    const [frame = new Uint8Array()] = (await this.#server.receive()) ?? [];
    return Buffer.from(frame).toString();
  }

  answer(frame: string): Promise<void> {
    return this.#server.send(Buffer.from(frame));
  }

  die(): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

test("an unmodified syncd sees upstream's frames and one query; what it had in hand when it died is unknown, the rest goes to the next", async () => {
  const { stores, store, context, options, troubles } = await setting();
  const client = unwrap(await ZmqOutboxClient.open({ ...options, mode: "sync" }));
  const frame = (n: number): string => `["${routerKey(n)}","create","NULL","NULL"]`;
  const first = await Stranger.at(context.zmqEndpoint);
  const ends = [1, 2, 3].map((n) => client.request(create(n)));
  expect(await first.take()).toBe(HELLO);
  await first.answer(STRANGER);
  expect(await first.take()).toBe(frame(1));
  await first.answer(SUCCESS);
  expect(await first.take()).toBe(frame(2));
  await first.die();
  const next = await Stranger.at(context.zmqEndpoint);
  expect(await next.take()).toBe(HELLO);
  await next.answer(STRANGER);
  expect(await next.take()).toBe(frame(3));
  await next.answer(SUCCESS);
  expect(await words(ends)).toEqual(["SAI_STATUS_SUCCESS", "unknown", "SAI_STATUS_SUCCESS"]);
  expect(troubles).toEqual([]);
  expect(unwrap(await store.command(["XLEN", OUTBOX.queue]))).toBe(0);
  await next.die();
  await client[Symbol.asyncDispose]();
  await stores[Symbol.asyncDispose]();
});

test("when one of ours takes the place of an unmodified syncd, what that had in hand is sent again, marked", async () => {
  const { stores, context, options, troubles } = await setting();
  const client = unwrap(await ZmqOutboxClient.open({ ...options, mode: "async" }));
  expect(word(await client.request(create(1)))).toBe("accepted");
  const first = await Stranger.at(context.zmqEndpoint);
  await first.take();
  await first.answer(STRANGER);
  await first.take();
  await first.die();
  const server = unwrap(await ZmqChannelServer.open(options));
  const syncd = new TestSyncd();
  const stop = new AbortController();
  const served = server.serve(syncd, stop.signal);
  // One of ours came: from here on requests have ids, so the old one is sent again, marked.
  expect(word(await client.request(get(1)))).toBe("SAI_STATUS_SUCCESS");
  assert.equal(syncd.taken[0]?.repeated, true);
  expect(troubles).toEqual([]);
  stop.abort();
  await served;
  await server[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await stores[Symbol.asyncDispose]();
});

test("accepted requests go on in the next life of the client, those that were on the wire marked", async () => {
  const { stores, options } = await setting();
  const first = unwrap(await ZmqOutboxClient.open({ ...options, mode: "async" }));
  expect(await words([1, 2].map((n) => first.request(create(n))))).toEqual(["accepted", "accepted"]);
  await first[Symbol.asyncDispose]();
  const client = unwrap(await ZmqOutboxClient.open({ ...options, mode: "async" }));
  const server = unwrap(await ZmqChannelServer.open(options));
  const syncd = new TestSyncd();
  const stop = new AbortController();
  const served = server.serve(syncd, stop.signal);
  expect(word(await client.request(get(2)))).toBe("SAI_STATUS_SUCCESS");
  expect(syncd.asic.effects).toEqual([1, 2].map((n) => `create ${routerKey(n)}`));
  stop.abort();
  await served;
  await server[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await stores[Symbol.asyncDispose]();
});

test.each([
  ["out of memory", ["maxmemory", "1"], ["maxmemory", "0"], "OOM"],
  ["read-only", ["min-replicas-to-write", "1"], ["min-replicas-to-write", "0"], "NOREPLICAS"],
] as const)(
  "a Redis that is %s refuses a request before it leaves; then the channel goes on",
  async (_how, on, off, why) => {
    const { stores, store, context, options } = await setting();
    const client = unwrap(await ZmqOutboxClient.open({ ...options, mode: "async" }));
    unwrap(await store.command(["CONFIG", "SET", ...on]));
    try {
      const refused = await client.request(create(1));
      assert.ok(!refused.ok && refused.error.kind === "refused");
      expect(refused.error.reason).toContain(why);
    } finally {
      unwrap(await store.command(["CONFIG", "SET", ...off]));
    }
    expect(word(await client.request(create(2)))).toBe("accepted");
    const server = unwrap(await ZmqChannelServer.open({ ...options, context }));
    const syncd = new TestSyncd();
    const stop = new AbortController();
    const served = server.serve(syncd, stop.signal);
    expect(word(await client.request(get(1)))).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    expect(word(await client.request(get(2)))).toBe("SAI_STATUS_SUCCESS");
    stop.abort();
    await served;
    await server[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  },
);

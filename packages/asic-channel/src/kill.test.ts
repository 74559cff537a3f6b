import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CrashPointName } from "@tandem/base";
import { CleanUp, unwrap } from "@tandem/base";
import { longTest, settle } from "@tandem/base/testing";
import { untilConnected } from "@tandem/swss";
import { freePort, type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { describe, expect, test } from "vitest";
import { EndProcess } from "./testing/end-process.js";
import type { OneEnd } from "./testing/one-end.js";
import { routerKey } from "./testing/requests.js";

const COUNT = 400;
const AOF = { appendonly: "yes", appendfsync: "everysec" } as const;

type Channel = Pick<OneEnd, "transport" | "mode" | "endpoint" | "fallback">;

/** A channel between processes that may die. */
class KillWorld implements AsyncDisposable {
  readonly #redis: RedisServer | undefined;
  readonly transport: OneEnd["transport"];
  readonly mode: OneEnd["mode"];
  readonly #wire: Pick<OneEnd, "endpoint" | "fallback">;
  readonly #folder: string;
  readonly #cleanUp: CleanUp;

  private constructor(redis: RedisServer | undefined, folder: string, channel: Channel, cleanUp: CleanUp) {
    this.#redis = redis;
    this.transport = channel.transport;
    this.mode = channel.mode;
    const { endpoint, fallback } = channel;
    this.#wire = { ...(endpoint !== undefined && { endpoint }), ...(fallback !== undefined && { fallback }) };
    this.#folder = folder;
    this.#cleanUp = cleanUp;
  }

  static async start(channel: Channel, config: Readonly<Record<string, string>> = {}): Promise<KillWorld> {
    const cleanUp = new CleanUp();
    const folder = await mkdtemp(join(tmpdir(), "tandem-asic-"));
    cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
    const redis = channel.transport === "shm" ? undefined : cleanUp.use(await startRedis({ config }));
    return new KillWorld(redis, folder, channel, cleanUp);
  }

  get redis(): RedisServer {
    if (this.#redis === undefined) throw new Error(`${this.transport} has no Redis`);
    return this.#redis;
  }

  /** What carries the channel. */
  get socket(): string {
    return this.#redis?.socket ?? join(this.#folder, "ring");
  }

  async server(dies?: readonly [CrashPointName, number]): Promise<EndProcess> {
    return this.#start({ end: "server", journal: join(this.#folder, "asic") }, dies);
  }

  async client(
    more: Pick<OneEnd, "from" | "count" | "window" | "replyTimeoutMs">,
    dies?: readonly [CrashPointName, number],
  ): Promise<EndProcess> {
    return this.#start({ end: "client", ...more }, dies);
  }

  /** Objects in the order in which they were created, by number. */
  get effects(): number[] {
    const file = join(this.#folder, "asic");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    const keys = lines.slice(0, -1).map((line) => JSON.parse(line).request.key as string);
    return keys.map((key) => Number.parseInt(key.slice(routerKey(0).length - 12), 16));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  async #start(what: Partial<OneEnd> & Pick<OneEnd, "end">, dies?: readonly [CrashPointName, number]) {
    const { transport, mode } = this;
    const started = new EndProcess({ transport, mode, socket: this.socket, ...this.#wire, ...what }, dies);
    this.#cleanUp.use(started);
    await started.says("ready");
    return started;
  }
}

/** How many requests of clients ended in which way, with their numbers. */
function endsOf(...clients: readonly EndProcess[]): ReadonlyMap<string, number[]> {
  const ends = new Map<string, number[]>();
  for (const line of clients.flatMap(({ lines }) => lines)) {
    const [, n = "", end = ""] = /^(\d+) (\w+)$/.exec(line) ?? [];
    if (end === "") continue;
    const all = ends.get(end) ?? [];
    all.push(Number(n));
    ends.set(end, all);
  }
  return ends;
}

/** What a server says when it has created object `n`. */
function did(n: number): string {
  return `did ${routerKey(n)}`;
}

/** Nothing twice, nothing out of order. */
function expectInOrder(effects: readonly number[]): void {
  expect(effects).toEqual([...new Set(effects)].sort((a, b) => a - b));
}

/** A server dies while a client works; resolves when the next one has done everything that is left to do. */
async function serverDies(world: KillWorld, point: CrashPointName, time: number): Promise<EndProcess> {
  const first = await world.server([point, time]);
  const client = await world.client({ count: COUNT, replyTimeoutMs: 10_000 });
  await first.gone;
  const second = await world.server();
  await client.says("done");
  await second.says(did(COUNT - 1));
  return client;
}

const SERVER_POINTS = [
  "asic.request.taken",
  "asic.effect.before",
  "asic.effect.done",
  "asic.reply.stored",
  "asic.request.acked",
] as const;

for (const transport of ["streams", "shm"] as const)
  describe(`${transport}: a server that is killed`, () => {
    for (const [point, times] of SERVER_POINTS.map(
      (each) => [each, each.startsWith("asic.effect") ? [1, 150] : [1, 3]] as const,
    ))
      for (const time of times)
        for (const mode of ["sync", "async"] as const)
          test(`at ${point}, time ${time}, ${mode}: everything happens once, in order, and its caller hears so`, async (t) => {
            if (point !== "asic.effect.done" || time !== 150 || mode !== "sync") longTest(t);
            await using world = await KillWorld.start({ transport, mode });
            const client = await serverDies(world, point, time);
            const word = mode === "sync" ? "SAI_STATUS_SUCCESS" : "accepted";
            expect([...endsOf(client)].map(([end, all]) => [end, all.length])).toEqual([[word, COUNT]]);
            expect(world.effects).toHaveLength(COUNT);
            expectInOrder(world.effects);
          }, 120_000);
  });

for (const fallback of ["stream", "list"] as const)
  describe(`grpc-queue with a ${fallback} behind it: a server that is killed while it drains that`, () => {
    for (const point of SERVER_POINTS)
      for (const mode of ["sync", "async"] as const)
        test(`at ${point}, ${mode}: everything happens once, in order, and its caller hears so`, async (t) => {
          if (point !== "asic.effect.done" || fallback !== "list" || mode !== "async") longTest(t);
          const endpoint = `127.0.0.1:${await freePort()}`;
          await using world = await KillWorld.start({ transport: "grpc-queue", mode, endpoint, fallback });
          const client = await world.client({ count: COUNT, window: COUNT / 2, replyTimeoutMs: 60_000 });
          // Half of them wait in Redis by then, in either mode: the others go by whichever way there is.
          await untilQueued(world, COUNT / 2);
          const first = await world.server([point, 2]);
          await first.gone;
          const second = await world.server();
          await client.says("done");
          const word = mode === "sync" ? "SAI_STATUS_SUCCESS" : "accepted";
          expect([...endsOf(client)].map(([end, all]) => [end, all.length])).toEqual([[word, COUNT]]);
          if (mode === "async") await second.says(did(COUNT - 1));
          expect(world.effects).toHaveLength(COUNT);
          expectInOrder(world.effects);
        }, 120_000);
  });

/** Resolves when so many requests stand behind gRPC. */
async function untilQueued(world: KillWorld, count: number): Promise<void> {
  await using stores = redisStoresAt({ socket: world.redis.socket });
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  const length = async (): Promise<number> =>
    Number(unwrap(await store.command(["XLEN", "ASIC_GRPC_QUEUE"]))) +
    Number(unwrap(await store.command(["LLEN", "ASIC_GRPC_LIST"])));
  while ((await length()) < count) await settle();
}

describe("list-pubsub: a server that is killed", () => {
  for (const point of ["asic.request.taken", "asic.effect.before", "asic.effect.done"] as const)
    test(`at ${point}, async: what it had popped is lost, at most a batch; the rest happens once, in order`, async (t) => {
      if (point !== "asic.request.taken") longTest(t);
      await using world = await KillWorld.start({ transport: "list-pubsub", mode: "async" });
      const client = await serverDies(world, point, 2);
      expect(endsOf(client).get("accepted")).toHaveLength(COUNT);
      const { effects } = world;
      expectInOrder(effects);
      expect(effects.length).toBeGreaterThanOrEqual(COUNT - 128);
    }, 120_000);
});

test("list-pubsub: a server that is killed behind a reply, sync: everything happens once, and its caller hears so", async (t) => {
  longTest(t);
  await using world = await KillWorld.start({ transport: "list-pubsub", mode: "sync" });
  const client = await serverDies(world, "asic.reply.stored", 50);
  expect([...endsOf(client)].map(([end, all]) => [end, all.length])).toEqual([["SAI_STATUS_SUCCESS", COUNT]]);
  expect(world.effects).toHaveLength(COUNT);
  expectInOrder(world.effects);
}, 120_000);

describe("a client that is killed", () => {
  for (const transport of ["streams", "list-pubsub", "shm"] as const)
    for (const time of [1, 4])
      test(`${transport}, asic.request.stored, time ${time}: what it was told is accepted happens, nothing twice`, async (t) => {
        if (transport === "list-pubsub" || time === 1) longTest(t);
        await using world = await KillWorld.start({ transport, mode: "async" });
        const server = await world.server();
        const first = new EndProcess({ end: "client", transport, mode: "async", socket: world.socket, count: COUNT }, [
          "asic.request.stored",
          time,
        ]);
        await first.gone;
        const next = await world.client({ from: COUNT, count: COUNT });
        await next.says("done");
        const accepted = endsOf(first, next).get("accepted") ?? [];
        await server.says(did(2 * COUNT - 1));
        const effects = new Set(world.effects);
        expectInOrder(world.effects);
        expect(accepted.filter((n) => !effects.has(n))).toEqual([]);
      }, 120_000);
});

describe("a Redis that is killed", () => {
  for (const [durability, config] of [
    ["AOF everysec", AOF],
    ["no AOF", {}],
  ] as const)
    for (const mode of ["sync", "async"] as const)
      test(`streams, ${durability}, ${mode}: once, in order; what may be lost is reported by its number`, async (t) => {
        if (durability !== "no AOF" || mode !== "sync") longTest(t);
        await using world = await KillWorld.start({ transport: "streams", mode }, config);
        const server = await world.server();
        const client = await world.client({ count: 3000 });
        for (const n of ["400 ", "1500 "]) {
          await client.says(n);
          await world.redis.restart();
        }
        await client.says("done");
        const ends = endsOf(client);
        await server.says(did(2999));
        const { effects } = world;
        expectInOrder(effects);
        const happened = new Set(effects);
        if (mode === "sync") {
          const unaccounted = [...ends].filter(([end]) => end !== "SAI_STATUS_SUCCESS" && end !== "unknown");
          expect(unaccounted).toEqual([]);
          expect((ends.get("SAI_STATUS_SUCCESS") ?? []).filter((n) => !happened.has(n))).toEqual([]);
        } else {
          const missing = (ends.get("accepted") ?? []).filter((n) => !happened.has(n)).length;
          const reported = client.lines.map((line) => Number(/^trouble lost (\d+)/.exec(line)?.[1] ?? 0));
          expect(missing).toBeLessThanOrEqual(reported.reduce((sum, each) => sum + each, 0));
        }
      }, 120_000);
});

describe("a burst of 250,000 requests", () => {
  for (const transport of ["streams", "list-pubsub"] as const)
    test(`${transport}: waits for a server that is not there, and is executed in order once it comes`, async (t) => {
      longTest(t);
      await using world = await KillWorld.start({ transport, mode: "async" });
      const client = await world.client({ count: 250_000, window: 10_000 });
      await client.says("done");
      expect(endsOf(client).get("accepted")).toHaveLength(250_000);
      const memory = client.lines.find((line) => line.startsWith("memory"))?.split(" ")[1];
      console.log(`${transport}: ${Math.round(Number(memory) / 2 ** 20)} MiB in the client`);
      const server = await world.server();
      await server.says(did(249_999));
      expectInOrder(world.effects);
    }, 600_000);

  for (const transport of ["shm", "grpc-queue"] as const)
    test(`${transport}: is executed in order and answered, a thousand at a time`, async (t) => {
      longTest(t);
      const endpoint = `127.0.0.1:${await freePort()}`;
      await using world = await KillWorld.start({ transport, mode: "sync", endpoint });
      await world.server();
      const client = await world.client({ count: 250_000, window: 1000 });
      await client.says("done");
      expect(endsOf(client).get("SAI_STATUS_SUCCESS")).toHaveLength(250_000);
      const memory = client.lines.find((line) => line.startsWith("memory"))?.split(" ")[1];
      console.log(`${transport}: ${Math.round(Number(memory) / 2 ** 20)} MiB in the client`);
      expectInOrder(world.effects);
    }, 600_000);
});

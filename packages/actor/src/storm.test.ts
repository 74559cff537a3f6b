import { millis, ok, type Random, randomBelow, seconds, seededRandom } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import {
  exampleActors,
  exampleSinks,
  LinkConfig,
  LinkState,
  PortBoot,
  PortConfig,
  PortCounters,
  PortState,
  PortTable,
  RouteTable,
} from "./testing/example-actors.js";
import { type HarnessOptions, TestHarness, type World } from "./testing/test-harness.js";

const options: HarnessOptions = { actors: exampleActors, sinks: exampleSinks };
const NAMES = ["a", "b", "c"];

/** What others do to the databases, and the rows that must follow from it. */
class Others {
  readonly ports = new Map<string, { peer: string; speed: string }>();
  readonly links = new Map<string, readonly string[]>();
  readonly up = new Map<string, boolean>();
  boot = 0;
}

type Act = (random: Random, admin: TestHarness, others: Others) => Promise<void>;

const acts: readonly Act[] = [
  async (random, admin, { ports }) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    const row = { peer: `peer${randomBelow(random, 3)}`, speed: String(randomBelow(random, 3)) };
    ports.set(name, row);
    await admin.write(PortConfig, name, row);
  },
  async (random, admin, { ports }) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    ports.delete(name);
    await admin.remove(PortConfig, name);
  },
  async (random, admin, { links }) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    const ends = [NAMES[randomBelow(random, 3)] as string, NAMES[randomBelow(random, 3)] as string];
    links.set(name, ends);
    await admin.write(LinkConfig, name, { ports: ends.join(",") });
  },
  async (random, admin, { links }) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    links.delete(name);
    await admin.remove(LinkConfig, name);
  },
  async (random, admin, { up }) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    const isUp = random.next() < 0.7;
    up.set(name, isUp);
    await admin.write(PortCounters, name, { up: String(isUp) });
  },
  /** The DPU boots: its databases are flushed, then it says so. */
  async (_random, admin, others) => {
    others.up.clear();
    others.boot += 1;
    await admin.store(PortTable).command(["FLUSHDB"]);
    await admin.store(PortCounters).command(["FLUSHDB"]);
    await admin.write(PortBoot, "dpu", { boot: String(others.boot) });
  },
  /** Somebody deletes a row of ours. */
  async (random, admin) => {
    const name = NAMES[randomBelow(random, 3)] as string;
    await admin.remove(random.next() < 0.5 ? PortTable : PortState, name);
  },
];

/** Takes pending rows of the state table, as a consumer would. */
async function popRoutes(harness: TestHarness): Promise<void> {
  const store = harness.store(RouteTable);
  const keys = await store.command(["SMEMBERS", "ROUTE_TABLE_KEY_SET"]);
  for (const key of keys.ok ? (keys.value as readonly string[]) : []) {
    const gone = await store.command(["SISMEMBER", "ROUTE_TABLE_DEL_SET", key]);
    const fields = await store.command(["HGETALL", `_ROUTE_TABLE:${key}`]);
    if (gone.ok && gone.value === 1) await store.command(["DEL", `ROUTE_TABLE:${key}`]);
    if (fields.ok && (fields.value as readonly string[]).length > 0) {
      await store.command(["HSET", `ROUTE_TABLE:${key}`, ...(fields.value as readonly string[])]);
    }
    await store.command(["DEL", `_ROUTE_TABLE:${key}`]);
  }
  await store.command(["DEL", "ROUTE_TABLE_KEY_SET", "ROUTE_TABLE_DEL_SET"]);
}

async function expectConverged(harness: TestHarness, { ports, links, up }: Others): Promise<void> {
  for (const name of NAMES) {
    const port = ports.get(name);
    expect(await harness.row(PortTable, name)).toEqual(port && { speed: port.speed });
    expect(await harness.row(RouteTable, name)).toEqual(port && { peer: port.peer });
    expect((await harness.row(PortState, name))?.["peer"]).toBe(port?.peer);
    const ends = links.get(name);
    const known = ends?.every((end) => ports.has(end));
    const state = await harness.row(LinkState, name);
    if (ends === undefined) expect(state).toBeUndefined();
    else if (known) expect(state?.["up"]).toBe(String(ends.every((end) => up.get(end) === true)));
  }
  const ours = await harness.store(PortState).command(["KEYS", "TANDEM_LEDGER|*"]);
  const actors = [...[...links.keys()].map((id) => `link|${id}`), ...[...ports.keys()].map((id) => `port|${id}`)];
  for (const key of ours.ok ? (ours.value as readonly string[]) : []) {
    expect(actors).toContain(key.slice("TANDEM_LEDGER|dpu0|".length));
  }
  expect(ours).toMatchObject(ok(expect.any(Array)));
}

for (let seed = 1; seed <= 40; seed++) {
  test(`a storm of changes, crashes, restarts and outages ends in the rows that the inputs ask for, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const others = new Others();
    let daemon = await TestHarness.start({ ...options, seed });
    const world: World = daemon.world;
    const admin = await TestHarness.start({ actors: [], world });
    for (let i = 0; i < 60; i++) {
      const dice = random.next();
      if (dice < 0.05) {
        daemon.kill();
        daemon = await TestHarness.start({ ...options, world });
      } else if (dice < 0.1) {
        const redis = random.next() < 0.5 ? world.redis : world.dpuRedis;
        daemon.stores.sever(redis);
        await daemon.clock.advance(millis(randomBelow(random, 3000)));
        daemon.stores.mend(redis);
      } else if (dice < 0.2) {
        await popRoutes(admin);
      } else {
        await (acts[randomBelow(random, acts.length)] as Act)(random, admin, others);
      }
      if (random.next() < 0.5) await daemon.clock.advance(millis(randomBelow(random, 500)));
      else await settle();
    }
    await daemon.clock.advance(seconds(60));
    await popRoutes(admin);
    await daemon.clock.advance(seconds(60));
    await expectConverged(daemon, others);
    expect(daemon.events.filter(({ kind }) => kind === "crashed")).toEqual([]);
    admin.kill();
    await daemon[Symbol.asyncDispose]();
  });
}

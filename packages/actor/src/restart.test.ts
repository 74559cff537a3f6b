import { type CrashPoint, type CrashPointName, HAMGRD_CRASH_POINTS, ok, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import {
  exampleActors,
  exampleSinks,
  LinkConfig,
  LinkState,
  linkActor,
  PortConfig,
  PortCounters,
  PortState,
  PortTable,
  portActor,
  RouteTable,
} from "./testing/example-actors.js";
import { type HarnessOptions, TestHarness } from "./testing/test-harness.js";

const options: HarnessOptions = { actors: exampleActors, sinks: exampleSinks };

/** Takes pending rows of the state table, as orchagent would. */
async function popRoutes(harness: TestHarness): Promise<void> {
  const store = harness.store(RouteTable);
  const keys = await store.command(["SMEMBERS", "ROUTE_TABLE_KEY_SET"]);
  if (!keys.ok) throw new Error("no keys");
  for (const key of keys.value as readonly string[]) {
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

test("after a restart rows that still stand are written again, nothing is deleted in between", async () => {
  const first = await TestHarness.start(options);
  await first.write(PortConfig, "p0", { peer: "p1", speed: "5" });
  await first.write(LinkConfig, "l0", { ports: "p0" });
  await first.write(PortCounters, "p0", { up: "true" });
  await first.rest();
  await popRoutes(first);
  const deletes: string[] = [];
  await using again = await TestHarness.start({ ...options, world: first.kill() });
  await again.store(PortState).psubscribe("__keyspace@*__:*", (event, channel) => {
    if (event === "del") deletes.push(channel);
  });
  await again.rest();
  expect(await again.row(LinkState, "l0")).toEqual({ up: "true", changes: "1" });
  expect(await again.row(PortTable, "p0")).toEqual({ speed: "5" });
  expect(deletes.filter((channel) => channel.includes("LINK_STATE") || channel.includes("PORT_STATE"))).toEqual([]);
  const spawned = again.events.filter(({ kind }) => kind === "drift" || kind === "crashed");
  expect(spawned).toEqual([]);
});

test("rows of an actor whose row went while nobody ran are deleted after the snapshots; rows of others are not", async () => {
  const first = await TestHarness.start(options);
  await first.write(PortConfig, "p0", { peer: "p1" });
  await first.write(PortConfig, "p1", { peer: "p0" });
  await first.rest();
  await popRoutes(first);
  await first.store(RouteTable).command(["HSET", "ROUTE_TABLE:foreign", "peer", "x"]);
  await first.remove(PortConfig, "p0");
  first.kill();
  // The removal above may have been seen: what follows holds either way.
  await using again = await TestHarness.start({ ...options, world: first.world });
  await again.rest();
  await popRoutes(again);
  expect(await again.row(PortTable, "p0")).toBeUndefined();
  expect(await again.row(RouteTable, "p0")).toBeUndefined();
  expect(await again.row(RouteTable, "p1")).toEqual({ peer: "p0" });
  expect(await again.row(RouteTable, "foreign")).toEqual({ peer: "x" });
  expect(await again.store(PortState).command(["KEYS", "TANDEM_*p0"])).toEqual(ok([]));
});

test("an orphan is reported, and a bad row is no reason to make one", async () => {
  const first = await TestHarness.start(options);
  await first.write(PortConfig, "gone", { peer: "x" });
  await first.write(PortConfig, "bad", { peer: "x" });
  await first.rest();
  const world = first.kill();
  const admin = await TestHarness.start({ actors: [], world });
  await admin.remove(PortConfig, "gone");
  await admin.write(PortConfig, "bad", { peer: "x", speed: "fast" });
  admin.kill();
  await using again = await TestHarness.start({ ...options, world });
  await again.rest();
  expect(again.events.filter(({ kind }) => kind === "orphan")).toEqual([
    { kind: "orphan", actor: "port/gone", rows: 3 },
  ]);
  expect(again.events.filter(({ kind }) => kind === "badRow")).toHaveLength(1);
  expect(await again.row(PortTable, "gone")).toBeUndefined();
  expect(await again.row(PortTable, "bad")).toEqual({ speed: "1" });
  // Mended: the actor comes back with what it had written. Removed instead, its rows go.
  await again.remove(PortConfig, "bad");
  await again.clock.advance(seconds(6));
  await again.rest();
  expect(await again.row(PortTable, "bad")).toBeUndefined();
});

test("rows that an actor does not stand for yet stay while it waits, and go when it knows better", async () => {
  const first = await TestHarness.start(options);
  await first.write(PortConfig, "p0", { peer: "p1" });
  await first.write(LinkConfig, "l0", { ports: "p0" });
  await first.rest();
  expect(await first.row(LinkState, "l0")).toBeDefined();
  const world = first.kill();
  const admin = await TestHarness.start({ actors: [], world });
  await admin.remove(PortConfig, "p0");
  admin.kill();
  await using again = await TestHarness.start({ ...options, world });
  await again.clock.advance(seconds(10));
  // The link waits for its port: what it wrote before is not taken back yet.
  expect(await again.row(LinkState, "l0")).toBeDefined();
  expect(again.runtime.actor("link", "l0")?.waits).toMatchObject([{ for: "port p0", stuck: true }]);
  await again.clock.advance(seconds(25));
  expect(await again.row(LinkState, "l0")).toBeUndefined();
});

test("delete and re-create at once is a new incarnation: memory starts anew, rows are replaced, nothing is swallowed", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "true", changes: "1" });
  const store = harness.store(LinkConfig);
  await store.multi([
    ["DEL", "LINK_CONFIG|l0"],
    ["HSET", "LINK_CONFIG|l0", "ports", "p0"],
  ]);
  await harness.rest();
  expect(harness.runtime.actor("link", "l0")).toMatchObject({ incarnation: 2, exists: true });
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "true", changes: "1" });
  expect(harness.runtime.actor("port", "p0")?.reason).toBe("told by 1 links");
});

test("a Del that is not acknowledged and the Set of the next incarnation become one replace", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "fake" }, exampleSinks[1]],
  });
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await ports.next();
  await harness.rest();
  await harness.remove(PortConfig, "p0");
  const del = await ports.next("silent");
  expect(del.data).toMatchObject({ operation: "Del" });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  const set = await ports.next();
  expect(set.data).toEqual({ key: "p0", operation: "Set", field_values: { speed: "1" }, replace: true });
  await harness.rest();
  await harness.clock.advance(seconds(5));
  expect(ports.waiting).toEqual([]);
});

/** Stops the process at the `n`th time that it comes by `name`. */
class CrashAt implements CrashPoint {
  readonly #name: CrashPointName;
  #left: number;
  die: () => void = () => {};
  died = false;

  constructor(name: CrashPointName, n: number) {
    this.#name = name;
    this.#left = n;
  }

  reach(name: CrashPointName): void {
    if (name !== this.#name || this.died) return;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.died = true;
    // From here on nothing that the process calls settles.
    this.die();
  }
}

/** A story that passes every crash point. */
async function story(harness: TestHarness): Promise<void> {
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "1" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await settle();
  await harness.update(PortConfig, "p0", { peer: "p2", speed: "2" });
  await harness.write(PortConfig, "p9", { peer: "x" });
  await settle();
  await harness.remove(PortConfig, "p9");
  await settle();
}

for (const name of HAMGRD_CRASH_POINTS) {
  for (const n of [1, 2, 3, 5, 8]) {
    test(`killed at ${name}, time ${n}: the next process ends with the same rows`, async () => {
      const crash = new CrashAt(name, n);
      const first = await TestHarness.start({ ...options, crashPoint: crash });
      crash.die = () => first.kill();
      const admin = await TestHarness.start({ actors: [], world: first.world });
      await story(admin);
      await first.clock.advance(seconds(1));
      if (!crash.died) first.kill();
      admin.kill();
      await using again = await TestHarness.start({ ...options, world: first.world });
      await again.rest();
      expect(await again.row(PortTable, "p0")).toEqual({ speed: "2" });
      expect(await again.row(RouteTable, "p0")).toEqual({ peer: "p2" });
      expect(await again.row(PortState, "p0")).toMatchObject({ peer: "p2" });
      expect(await again.row(LinkState, "l0")).toMatchObject({ up: "true" });
      expect(await again.row(PortTable, "p9")).toBeUndefined();
      expect(await again.row(PortState, "p9")).toBeUndefined();
      expect(await again.store(PortState).command(["KEYS", "TANDEM_*p9"])).toEqual(ok([]));
    });
  }
}

test("a ledger and a memory that Redis has lost are written again", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  const state = harness.store(PortState);
  const ours = async (): Promise<unknown> => {
    const keys = ["TANDEM_LEDGER|dpu0|port|p0", "TANDEM_LEDGER|dpu0|link|l0", "TANDEM_MEMORY|dpu0|link|l0"];
    return state.pipeline(keys.map((key) => ["HGETALL", key]));
  };
  const before = await ours();
  await state.command(["FLUSHDB"]);
  await harness.clock.advance(seconds(6));
  await harness.rest();
  expect(await ours()).toEqual(before);
  expect(await harness.row(PortState, "p0")).toMatchObject({ peer: "p1" });
  await harness.remove(PortConfig, "p0");
  await harness.remove(LinkConfig, "l0");
  await harness.rest();
  expect(await state.command(["KEYS", "*"])).toEqual(ok([]));
});

test("a crash takes nothing back: what was known still holds when the actor starts again", async () => {
  let boom = false;
  const fragile: typeof linkActor = {
    ...linkActor,
    derive: (inputs) => {
      if (boom) throw new Error("boom");
      return linkActor.derive(inputs);
    },
  };
  await using harness = await TestHarness.start({ ...options, actors: [portActor, fragile] });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.rest();
  const deletes: string[] = [];
  await harness.store(LinkState).psubscribe("__keyspace@*__:LINK_STATE*", (event) => deletes.push(event));
  boom = true;
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.clock.advance(seconds(1));
  expect(harness.runtime.actor("link", "l0")?.crashes).toBeGreaterThan(1);
  boom = false;
  await harness.rest(seconds(30));
  expect(deletes).toEqual(["hset"]);
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "true", changes: "1" });
  const crashed = harness.runtime.records.list(({ reason }) => reason.startsWith("it crashed"));
  expect(crashed[0]).toMatchObject({ type: "link", reason: "it crashed: Error: boom" });
});

test("one trace runs from the input row to every step that it set in motion", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.rest();
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  const traced = harness.runtime.records.list(({ trace }) => trace.cause === `${PortCounters.id}|p0`);
  expect(traced.map(({ type }) => type)).toEqual(["port", "link", "link"]);
  expect(traced[0]?.difference).toEqual(["publish"]);
  expect(traced[1]?.difference).toEqual(["set STATE_DB|LINK_STATE|l0"]);
});

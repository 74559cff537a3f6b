import { ok, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { SwbusErrorCode } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import type { RowWriter } from "./bridge/row-writer.js";
import { type AnyActor, defineActor, standingRow, stands, type TellPort } from "./define-actor.js";
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
import { type HarnessOptions, TestHarness } from "./testing/test-harness.js";

const options: HarnessOptions = { actors: exampleActors, sinks: exampleSinks };
const faked: HarnessOptions = {
  actors: exampleActors,
  sinks: [
    { table: PortTable, kind: "fake" },
    { table: RouteTable, kind: "fake" },
  ],
};

/** Stands for a route at once, and for the row before it when the port's speed is known. */
const lateRow: AnyActor = defineActor({
  type: "late",
  rows: [PortConfig],
  derive: (inputs) => {
    const { speed = 1, peer = "" } = inputs.row(PortConfig) ?? {};
    const key = { name: inputs.id };
    return stands({
      reason: "late",
      rows: [...(speed > 1 ? [standingRow(PortTable, key, { speed })] : []), standingRow(RouteTable, key, { peer })],
    });
  },
});

/** A record without its times. */
function kinds(harness: TestHarness, kind: string): readonly unknown[] {
  return harness.events.filter((event) => event.kind === kind);
}

test("a row becomes rows of sinks and a row of ours, and they go with it", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "100" });
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "100" });
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1" });
  expect(await harness.row(PortState, "p0")).toMatchObject({ peer: "p1" });
  expect(await harness.store(PortState).command(["HKEYS", "TANDEM_LEDGER|dpu0|port|p0"])).toEqual(
    ok(["STATE_DB|PORT_STATE|p0", "DPU_APPL_DB|PORT_TABLE|p0", "APPL_DB|ROUTE_TABLE|p0"]),
  );
  await harness.remove(PortConfig, "p0");
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toBeUndefined();
  expect(await harness.row(RouteTable, "p0")).toBeUndefined();
  expect(harness.runtime.actors()).toEqual([]);
  expect(await harness.store(PortState).command(["KEYS", "*"])).toEqual(ok([]));
});

test("rows go out in order: each table waits for the one before, deletes run backwards, state comes last", async () => {
  await using harness = await TestHarness.start(faked);
  const ports = harness.bridge(PortTable);
  const routes = harness.bridge(RouteTable);
  const watcher = harness.service("watcher", "w");
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await settle();
  // Registered before the rows stand: no answer yet.
  await watcher.send(harness.actor("port", "p0"), "PortRegister|w", { active: true });
  expect(routes.waiting).toEqual([]);
  expect(await ports.next()).toMatchObject({
    key: "p0",
    data: { key: "p0", operation: "Set", field_values: { speed: "1" } },
  });
  expect(watcher.waiting).toEqual([]);
  expect(await routes.next()).toMatchObject({ data: { key: "p0", operation: "Set", field_values: { peer: "p1" } } });
  expect(await watcher.next()).toMatchObject({ key: "PortUpdate|p0", data: { peer: "p1", up: false } });

  await harness.remove(PortConfig, "p0");
  expect(await watcher.next()).toMatchObject({ key: "PortUpdate|p0", data: { up: false } });
  expect(ports.waiting).toEqual([]);
  expect(await routes.next()).toMatchObject({ data: { key: "p0", operation: "Del", field_values: {} } });
  expect(await ports.next()).toMatchObject({ data: { key: "p0", operation: "Del" } });
  await harness.rest();
  expect(harness.runtime.actors()).toEqual([]);
});

test("a row that comes to stand before an older one is deleted after it", async () => {
  await using harness = await TestHarness.start({ actors: [lateRow], sinks: faked.sinks ?? [] });
  const ports = harness.bridge(PortTable);
  const routes = harness.bridge(RouteTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await routes.next();
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "100" });
  await ports.next();
  await harness.rest();
  await harness.remove(PortConfig, "p0");
  await settle();
  expect(ports.waiting).toEqual([]);
  expect(await routes.next()).toMatchObject({ data: { operation: "Del" } });
  expect(await ports.next()).toMatchObject({ data: { operation: "Del" } });
  await harness.rest();
  expect(harness.runtime.actors()).toEqual([]);
});

test("a row that is acknowledged after its sink has started anew counts for nothing", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "unconnected" }, exampleSinks[1]],
  });
  const writes: string[] = [];
  let reset = (): void => {};
  harness.runtime.connectSink(PortTable, {
    copy: undefined,
    merges: false,
    write: (changes) => {
      // The connection breaks under the first row, and stands again before anybody has said that it was queued.
      if (writes.length === 0) reset();
      writes.push(...changes.map(({ op, key }) => `${op} ${key}`));
      return Promise.resolve(ok());
    },
    onReset: (listener) => {
      reset = listener;
      return () => {};
    },
  });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(1));
  expect(writes).toEqual(["SET p0", "SET p0"]);
});

test("a message lost once is delivered within 100 ms, with the same id", async () => {
  await using harness = await TestHarness.start(faked);
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  const lost = await ports.next("silent");
  const before = harness.clock.monotonic();
  const again = await ports.next();
  expect(again.id).toBe(lost.id);
  expect(harness.clock.monotonic() - before).toBeLessThanOrEqual(100);
});

test("newest only: rows that change while nobody answers are not queued up", async () => {
  await using harness = await TestHarness.start(faked);
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "1" });
  await ports.next("silent");
  for (const speed of ["2", "3", "4"]) await harness.update(PortConfig, "p0", { speed });
  const ids = new Set(ports.waiting.map(({ data }) => JSON.stringify(data)));
  expect(ids.size).toBe(3);
  for (const _ of [1, 2, 3]) await ports.next("silent");
  const again = await ports.next();
  expect(again.data).toMatchObject({ field_values: { speed: "4" } });
  await harness.clock.advance(seconds(5));
  expect(ports.waiting).toEqual([]);
});

test("a refused row is tried again until it is taken, and says why it is pending", async () => {
  await using harness = await TestHarness.start(faked);
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await ports.next({ code: SwbusErrorCode.FAIL, text: "disk full" });
  expect(harness.runtime.actor("port", "p0")?.pending).toMatchObject([
    { row: "DPU_APPL_DB|PORT_TABLE|p0", op: "set", refusal: "disk full" },
  ]);
  ports.autoAck = true;
  harness.bridge(RouteTable).autoAck = true;
  await harness.rest();
  expect(harness.runtime.actor("port", "p0")?.pending).toEqual([]);
});

test("a message that nobody takes is reported as stuck, and as taken later", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "fake" }, exampleSinks[1]],
  });
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(15));
  expect(kinds(harness, "stuck")).toMatchObject([{ actor: "port/p0", then: "send again (no answer)" }]);
  ports.autoAck = true;
  await harness.rest();
  await harness.clock.advance(seconds(6));
  expect(kinds(harness, "unstuck")).toMatchObject([{ actor: "port/p0" }]);
});

test("registration: state before and after, deregistration, re-registration with a provider that appears", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(LinkConfig, "l0", { ports: "p0,p1" });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(20));
  expect(harness.runtime.actor("link", "l0")?.waits).toMatchObject([{ for: "port p1", stuck: true }]);
  const before = harness.clock.monotonic();
  await harness.write(PortConfig, "p1", { peer: "p0" });
  await harness.rest();
  // The registration did not wait for its next re-send.
  expect(harness.clock.monotonic() - before).toBeLessThan(10);
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "false", changes: "0" });
  expect(kinds(harness, "unstuck")).toContainEqual({ kind: "unstuck", actor: "link/l0", wait: "port p1" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.write(PortCounters, "p1", { up: "true" });
  await harness.rest();
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "true", changes: "1" });
  // A provider that goes says so; when it comes back it is wanted again.
  await harness.remove(PortConfig, "p1");
  await harness.rest();
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "false", changes: "2" });
  await harness.write(PortConfig, "p1", { peer: "p0" });
  await harness.rest();
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "true", changes: "3" });
  await harness.remove(LinkConfig, "l0");
  await harness.rest();
  expect(await harness.row(LinkState, "l0")).toBeUndefined();
});

test("what is told reaches an actor that comes later, and a farewell takes it back", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.rest(seconds(60)).catch(() => undefined);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.rest();
  expect(harness.runtime.actor("port", "p0")?.reason).toBe("told by 1 links");
  await harness.remove(LinkConfig, "l0");
  await harness.rest();
  expect(harness.runtime.actor("port", "p0")?.reason).toBe("told by 0 links");
});

test("a burst of inputs is one step, in which remember sees each change", async () => {
  const seen: unknown[] = [];
  let derived = 0;
  const counting = defineActor<number>({
    type: "counting",
    rows: [PortConfig],
    reads: () => [{ table: PortCounters }],
    remember: {
      initial: 0,
      fold: (memory, change) => {
        if (change.kind === "row" && change.table.id === PortCounters.id) seen.push(change.key);
        return memory;
      },
      encode: (memory) => memory,
      decode: (data) => data as number,
    },
    derive: () => {
      derived += 1;
      return stands({ reason: "" });
    },
  });
  await using harness = await TestHarness.start({ actors: [counting] });
  await harness.write(PortConfig, "p0", { peer: "x" });
  await harness.rest();
  derived = 0;
  const store = harness.store(PortCounters);
  await store.pipeline(["a", "b", "c"].map((key) => ["HSET", `PORT_COUNTERS|${key}`, "up", "true"]));
  await harness.rest();
  expect(seen.toSorted()).toEqual(["a", "b", "c"]);
  expect(derived).toBeLessThanOrEqual(2);
});

test("a sink's new epoch: all its rows are written again, and inputs behind it are read again", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortBoot, "dpu", { boot: "1" });
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "10" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  const routes = await harness.store(RouteTable).command(["SPOP", "ROUTE_TABLE_KEY_SET", "10"]);
  expect(routes).toEqual(ok(["p0"]));
  // The DPU boots: its databases are empty, without any key event.
  await harness.store(PortTable).command(["FLUSHDB"]);
  await harness.store(PortCounters).command(["FLUSHDB"]);
  await harness.write(PortBoot, "dpu", { boot: "2" });
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "10" });
  expect(kinds(harness, "sinkEpoch")).toContainEqual({
    kind: "sinkEpoch",
    sinks: [PortTable.id],
    cause: "dpu0 has started anew",
  });
  const watcher = harness.service("watcher", "w");
  await watcher.send(harness.actor("port", "p0"), "PortRegister|w", { active: true });
  expect(await watcher.next()).toMatchObject({ data: { up: false } });
  // Sinks of the host are not touched.
  expect(await harness.store(RouteTable).command(["SCARD", "ROUTE_TABLE_KEY_SET"])).toEqual(ok(0));
});

test("an epoch that is counted anew is a new one, and so is what it grows to", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortBoot, "dpu", { boot: "1" });
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "10" });
  await harness.rest();
  // Whoever counts has been deleted and created again, and begins at 0; then the DPU boots.
  for (const boot of ["0", "1"]) {
    await harness.store(PortTable).command(["FLUSHDB"]);
    await harness.write(PortBoot, "dpu", { boot });
    await harness.rest();
    expect(await harness.row(PortTable, "p0"), boot).toEqual({ speed: "10" });
  }
});

test("a writer named later gets all rows; a new one gets them again", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "unconnected" }, exampleSinks[1]],
  });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(3));
  expect(harness.runtime.actor("port", "p0")?.pending[0]?.refusal).toBe(
    "DPU_APPL_DB|PORT_TABLE: nobody to write it to is known yet",
  );
  harness.connect(PortTable, "table");
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "1" });
  await harness.store(PortTable).command(["FLUSHDB"]);
  harness.connect(PortTable, "table");
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "1" });
});

test("a connection to a DPU that comes anew: inputs behind it are read again, since it may have started anew", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  await harness.store(PortCounters).command(["FLUSHDB"]);
  const watcher = harness.service("watcher", "w");
  await watcher.send(harness.actor("port", "p0"), "PortRegister|w", { active: true });
  expect(await watcher.next()).toMatchObject({ data: { up: true } });
  harness.connect(PortTable, "table");
  expect(await watcher.next()).toMatchObject({ data: { up: false } });
});

test("Redis that loses rows is repaired by the audit; fields that others add are removed", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "10" });
  await harness.rest();
  await harness.clock.advance(seconds(2));
  await harness.store(PortTable).command(["DEL", "PORT_TABLE:p0"]);
  await harness.store(PortState).command(["HSET", "PORT_STATE|p0", "peer", "wrong", "stray", "1"]);
  await harness.clock.advance(seconds(6));
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "10" });
  expect(await harness.row(PortState, "p0")).toEqual({ peer: "p1", at: expect.any(String) });
  expect(kinds(harness, "drift")).toMatchObject([
    { actor: "port/p0", row: "DPU_APPL_DB|PORT_TABLE|p0", repairs: 1 },
    { actor: "port/p0", row: "STATE_DB|PORT_STATE|p0", repairs: 1 },
  ]);
});

test("stamps are outside the difference; a refresh writes them anew without a change", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.rest();
  const first = Number((await harness.row(PortState, "p0"))?.["at"]);
  await harness.update(PortConfig, "p0", { speed: "7" });
  await harness.rest();
  expect((await harness.row(PortState, "p0"))?.["at"]).toBe(String(first));
  await harness.clock.advance(seconds(61));
  const second = Number((await harness.row(PortState, "p0"))?.["at"]);
  expect(second - first).toBeGreaterThanOrEqual(60_000);
  expect(second - first).toBeLessThan(61_000);
});

test("a field that is gone from a row is gone from what it stands for", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1", note: "x" });
  await harness.rest();
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1", note: "x" });
  await harness.store(PortConfig).command(["HDEL", "PORT_CONFIG|p0", "note"]);
  await harness.rest();
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1" });
  expect(await harness.store(RouteTable).command(["SMEMBERS", "ROUTE_TABLE_DEL_SET"])).toEqual(ok(["p0"]));
});

test("an actor that throws ends alone, keeps its rows, and restarts with back-off until its row is mended", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.write(PortConfig, "p1", { peer: "p0" });
  await harness.write(LinkConfig, "l0", { ports: "p0,p1" });
  await harness.rest();
  await harness.update(PortConfig, "p0", { peer: "boom" });
  await harness.clock.advance(seconds(5));
  const status = harness.runtime.actor("port", "p0");
  expect(status?.crashes).toBeGreaterThan(3);
  expect(status?.crashes).toBeLessThan(12);
  expect(status?.lastError).toContain("boom");
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1" });
  await harness.update(PortConfig, "p1", { peer: "other" });
  await harness.clock.advance(seconds(1));
  expect(await harness.row(RouteTable, "p1")).toEqual({ peer: "other" });
  await harness.update(PortConfig, "p0", { peer: "mended" });
  await harness.rest(seconds(30));
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "mended" });
  expect(await harness.row(LinkState, "l0")).toEqual({ up: "false", changes: "0" });
});

test("an occurrence is written once per edge and never repaired", async () => {
  const edges = defineActor<{ readonly count: number }>({
    type: "edges",
    rows: [PortConfig],
    remember: {
      initial: { count: 0 },
      fold: (memory, change) => (change.kind === "row" ? { count: memory.count + 1 } : memory),
      encode: (memory) => memory,
      decode: (data) => data as { count: number },
    },
    derive: ({ id, memory }) =>
      stands({
        rows: [standingRow(PortState, { name: id }, { peer: "edge" }, { once: String(memory.count) })],
        reason: "",
      }),
  });
  const only: HarnessOptions = { actors: [edges] };
  const harness = await TestHarness.start(only);
  await harness.write(PortConfig, "p0", { peer: "a" });
  await harness.rest();
  expect(await harness.row(PortState, "p0")).toEqual({ peer: "edge" });
  await harness.remove(PortState, "p0");
  await harness.clock.advance(seconds(30));
  expect(await harness.row(PortState, "p0")).toBeUndefined();
  await harness.update(PortConfig, "p0", { peer: "b" });
  await harness.rest();
  expect(await harness.row(PortState, "p0")).toEqual({ peer: "edge" });
  await harness.remove(PortState, "p0");
  // Memory and ledger survive: the restart repeats no edge. (The row itself counts as one here.)
  await using again = await TestHarness.start({ ...only, world: harness.kill() });
  await again.rest();
  expect(again.runtime.actor("edges", "p0")).toMatchObject({ incarnation: 1 });
  await again.remove(PortConfig, "p0");
  await again.rest();
  expect(await again.row(PortState, "p0")).toBeUndefined();
});

test("input that arrives while STATE_DB is away is performed when it is back, persisted first", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.rest();
  harness.world.redis.kill();
  await harness.clock.advance(seconds(3));
  harness.world.redis.restart({ keep: true });
  await harness.clock.advance(seconds(3));
  await harness.write(PortConfig, "p0", { peer: "p2" });
  await harness.rest();
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p2" });
  expect(await harness.row(PortState, "p0")).toMatchObject({ peer: "p2" });
});

test("a host Redis that comes back empty gets every row again", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.rest();
  await harness.clock.advance(seconds(2));
  harness.world.redis.kill();
  harness.world.redis.restart();
  await harness.clock.advanceUntil(() => harness.store(PortConfig).connected, seconds(5));
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(10));
  await harness.rest();
  expect(await harness.row(PortState, "p0")).toMatchObject({ peer: "p1" });
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1" });
});

test("a refresh that is due behind a sink that does not answer costs no spinning, and happens later", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "fake" }, exampleSinks[1]],
  });
  const ports = harness.bridge(PortTable);
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(200));
  expect(harness.runtime.records.list().length).toBeLessThan(300);
  ports.autoAck = true;
  await harness.rest();
  expect(await harness.row(RouteTable, "p0")).toEqual({ peer: "p1" });
});

test("a refresh reaches its sink though the row is the same; a row without one is written once", async () => {
  const asking = defineActor({
    type: "asking",
    rows: [PortConfig],
    derive: (inputs) => {
      const { peer = "" } = inputs.row(PortConfig) ?? {};
      const options = peer === "now" ? { refresh: seconds(2) } : {};
      return stands({ reason: "asking", rows: [standingRow(RouteTable, { name: inputs.id }, { peer }, options)] });
    },
  });
  await using harness = await TestHarness.start({
    actors: [asking],
    sinks: [{ table: RouteTable, kind: "unconnected" }],
  });
  const written: string[] = [];
  const writer: RowWriter = {
    copy: undefined,
    merges: false,
    write: async (changes) => {
      for (const { key, fieldValues } of changes) written.push(`${key} ${fieldValues?.["peer"]}`);
      return ok();
    },
    onReset: () => () => {},
  };
  harness.runtime.connectSink(RouteTable, writer);
  await harness.write(PortConfig, "p0", { peer: "now" });
  await harness.write(PortConfig, "p1", { peer: "later" });
  await harness.clock.advance(seconds(7));
  expect(written).toEqual(["p0 now", "p1 later", "p0 now", "p0 now", "p0 now"]);
});

test("two actors that answer each other for ever are slowed down and named; the process goes on", async () => {
  const chatter = (type: string, other: string): AnyActor => {
    const port: TellPort<number> = {
      key: "Chat",
      decode: (data) => Number((data as { n: number }).n),
      encode: (n) => ({ n }),
    };
    return defineActor({
      type,
      rows: [PortConfig],
      hears: [port],
      derive: (inputs) => {
        const heard = Math.max(0, ...inputs.told(port).values());
        return stands({
          tells: [{ port, to: { type: other, id: inputs.id }, state: heard + 1 }],
          reason: String(heard),
        });
      },
    });
  };
  await using harness = await TestHarness.start({ actors: [chatter("ping", "pong"), chatter("pong", "ping")] });
  await harness.write(PortConfig, "p0", { peer: "x" });
  await harness.clock.advance(seconds(2));
  expect(kinds(harness, "busy").length).toBeGreaterThanOrEqual(1);
  expect(Number(harness.runtime.actor("ping", "p0")?.reason)).toBeLessThan(10_000);
});

test("functions of a definition that throw end their own actor, or refuse their own row", async () => {
  const thrower = defineActor({
    type: "thrower",
    rows: [PortConfig],
    checkId: (id) => {
      if (id === "worse") throw new Error("no idea");
      return undefined;
    },
    reads: () => [
      {
        table: PortCounters,
        where: () => {
          throw new Error("nowhere");
        },
      },
    ],
    derive: (inputs) => stands({ reason: String(inputs.all(PortCounters).size) }),
  });
  await using harness = await TestHarness.start({ actors: [thrower, ...exampleActors], sinks: exampleSinks });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.write(PortConfig, "worse", { peer: "x" });
  await harness.write(PortConfig, "p0", { peer: "x" });
  await harness.clock.advance(seconds(1));
  expect(harness.runtime.actor("thrower", "p0")?.lastError).toContain("nowhere");
  expect(harness.runtime.actor("thrower", "worse")).toBeUndefined();
  expect(kinds(harness, "badRow")).toMatchObject([{ key: "worse", error: { field: "key" } }]);
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "1" });
  expect(await harness.row(PortTable, "worse")).toEqual({ speed: "1" });
});

import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { exampleActors, exampleSinks, PortConfig, PortState, PortTable } from "./testing/example-actors.js";
import { type HarnessOptions, TestHarness } from "./testing/test-harness.js";

const options: HarnessOptions = { actors: exampleActors, sinks: exampleSinks };

test("a report names every row that an actor stands for, with its stamps, and whether it is acknowledged", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "10" });
  await harness.rest();
  const { rows, kept } = harness.runtime.standing();
  expect(kept).toEqual([]);
  expect(rows.map(({ row, actor, underWay }) => ({ row, actor, underWay }))).toEqual([
    { row: "DPU_APPL_DB|PORT_TABLE|p0", actor: "port/p0", underWay: false },
    { row: "APPL_DB|ROUTE_TABLE|p0", actor: "port/p0", underWay: false },
    { row: "STATE_DB|PORT_STATE|p0", actor: "port/p0", underWay: false },
  ]);
  expect(rows[2]).toMatchObject({ fields: { peer: "p1" }, stamps: ["at"], once: false });
});

test("a row that its sink does not take is under way, with what the sink said", async () => {
  const sinks = exampleSinks.map((sink) =>
    sink.table === PortTable ? { ...sink, kind: "unconnected" as const } : sink,
  );
  await using harness = await TestHarness.start({ ...options, sinks });
  await harness.write(PortConfig, "p0", { peer: "p1" });
  await harness.clock.advance(seconds(1));
  const row = harness.runtime.standing().rows.find(({ row: name }) => name.includes("PORT_TABLE"));
  expect(row).toMatchObject({ underWay: true, refusal: expect.stringContaining("nobody to write it to is known yet") });
});

test("rows of actors whose own row is refused after a restart are kept, and cannot be discarded", async () => {
  const first = await TestHarness.start(options);
  await first.write(PortConfig, "p0", { peer: "p1" });
  await first.rest();
  await first.update(PortConfig, "p0", { speed: "fast" });
  await using again = await TestHarness.start({ ...options, world: first.kill() });
  await again.clock.advance(seconds(60));
  const row = "DPU_APPL_DB|PORT_TABLE|p0";
  expect(again.runtime.standing().kept).toContainEqual({
    row,
    actor: "port/p0",
    why: "is kept until its actor can decide",
  });
  expect(await again.runtime.discard(row, [PortTable])).toMatchObject({ ok: false, error: `${row}: port/p0 holds it` });
});

test("a row is written again on demand, exactly as it stands", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "p1", speed: "10" });
  await harness.rest();
  await harness.store(PortTable).command(["DEL", "PORT_TABLE:p0"]);
  await harness.store(PortState).command(["HSET", "PORT_STATE|p0", "stray", "1"]);
  expect(harness.runtime.rewrite("DPU_APPL_DB|PORT_TABLE|p0")).toBe(true);
  expect(harness.runtime.rewrite("STATE_DB|PORT_STATE|p0")).toBe(true);
  expect(harness.runtime.rewrite("STATE_DB|PORT_STATE|p9")).toBe(false);
  await harness.rest();
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "10" });
  expect(await harness.row(PortState, "p0")).toEqual({ peer: "p1", at: expect.any(String) });
});

test("what nobody holds is discarded from the tables that may be, and from no other", async () => {
  await using harness = await TestHarness.start(options);
  await harness.store(PortTable).command(["HSET", "PORT_TABLE:p9", "speed", "1"]);
  await harness.store(PortState).command(["HSET", "PORT_STATE|p9", "peer", "p1"]);
  const { runtime } = harness;
  expect(await runtime.discard("DPU_APPL_DB|PORT_TABLE|p9", [PortState])).toMatchObject({ ok: false });
  expect(await runtime.discard("nonsense", [PortState])).toMatchObject({ ok: false });
  expect(await runtime.discard("DPU_APPL_DB|PORT_TABLE|p9", [PortTable])).toEqual({ ok: true });
  expect(await runtime.discard("STATE_DB|PORT_STATE|p9", [PortState])).toEqual({ ok: true });
  expect(await harness.row(PortTable, "p9")).toBeUndefined();
  expect(await harness.row(PortState, "p9")).toBeUndefined();
});

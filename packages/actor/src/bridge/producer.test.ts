import { err, noCrash, ok, type Result, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { dataMessage, type EdgeRuntime, parseServicePath, SwbusErrorCode, startEdge } from "@tandem/swbus/edge";
import { defineTable, t } from "@tandem/swss";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { encodeEnvelope } from "../envelope.js";
import { FakeService } from "../testing/fake-service.js";
import { NO_BUS } from "../testing/no-bus.js";
import { ProducerBridge } from "./producer.js";
import type { RowChange, RowWriter } from "./row-writer.js";

const Route = defineTable({ name: "ROUTE", db: "APPL_DB", spec: "", key: { k: t.text({ doc: "" }) }, fields: {} });

/** A sink that keeps what is written, in batches, and can fail or wait. */
class FakeWriter implements RowWriter {
  readonly copy = undefined;
  readonly merges: boolean;
  readonly queues?: true;
  readonly batches: (readonly RowChange[])[] = [];
  readonly rows = new Map<string, Record<string, string>>();
  answer: Result<void, string> = ok();
  gate: Promise<void> = Promise.resolve();
  reset: () => void = () => {};

  constructor(merges = true, queues = false) {
    this.merges = merges;
    if (queues) this.queues = true;
  }

  async write(changes: readonly RowChange[]): Promise<Result<void, string>> {
    this.batches.push(changes);
    await this.gate;
    if (!this.answer.ok) return this.answer;
    for (const { key, op, fieldValues } of changes) {
      if (op === "DEL") this.rows.delete(key);
      else this.rows.set(key, { ...(this.merges ? this.rows.get(key) : {}), ...fieldValues });
    }
    return ok();
  }

  onReset(listener: () => void): () => void {
    this.reset = listener;
    return () => {};
  }
}

let edge: EdgeRuntime;

function world(writer: FakeWriter | undefined) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const basePath = parseServicePath("r.c.n/test/0");
  edge = startEdge({ bus: NO_BUS, clock, random, endpoint: "127.0.0.1:1", basePath, type: "inNode" });
  const resets: string[] = [];
  const bridge = new ProducerBridge({
    edge,
    table: Route,
    clock,
    crashPoint: noCrash,
    onReset: (cause) => resets.push(cause),
  });
  if (writer !== undefined) bridge.connect(writer, "start");
  const actor = new FakeService(edge, clock, basePath.withResource("dpu", "d0"));
  const set = (key: string, fields: Record<string, string>, replace?: true) =>
    actor.send(bridge.path, "d0", encodeEnvelope({ key, operation: "Set", fields, ...(replace && { replace }) }));
  const del = (key: string) => actor.send(bridge.path, "d0", encodeEnvelope({ key, operation: "Del", fields: {} }));
  return { bridge, actor, set, del, resets, clock };
}

afterEach(async () => {
  await edge[Symbol.asyncDispose]();
});

const OK = SwbusErrorCode.OK;

test("the path is that of sonic-dash-ha's bridges", () => {
  const { bridge } = world(new FakeWriter());
  expect(bridge.path.toString()).toBe("r.c.n/test/0/swss-common-bridge/APPL_DB|ROUTE");
});

test("a Set is answered when it is written; an equal one is no change; a Del always goes through", async () => {
  const writer = new FakeWriter();
  const { set, del } = world(writer);
  expect(await set("a", { x: "1" })).toMatchObject({ code: OK, text: "" });
  expect(writer.rows.get("a")).toEqual({ x: "1" });
  const before = writer.batches.length;
  expect(await set("a", { x: "1" })).toMatchObject({ code: OK, text: "No change in data" });
  expect(writer.batches.length).toBe(before);
  expect(await set("a", { y: "2" })).toMatchObject({ code: OK, text: "" });
  expect(writer.rows.get("a")).toEqual({ y: "2" });
  expect(await del("a")).toMatchObject({ code: OK, text: "" });
  expect(await del("a")).toMatchObject({ code: OK, text: "" });
  expect(writer.rows.size).toBe(0);
  expect(await set("none", {})).toMatchObject({ code: OK, text: "No change in data" });
});

test("a sink that replaces rows gets no delete before a Set, except for a replace", async () => {
  const writer = new FakeWriter(false);
  const { set } = world(writer);
  await set("a", { x: "1" });
  await set("a", { y: "2" });
  expect(writer.batches.flat().map(({ op }) => op)).toEqual(["SET", "SET"]);
  await set("a", { y: "2" }, true);
  expect(writer.batches.at(-1)?.map(({ op }) => op)).toEqual(["DEL", "SET"]);
});

test("a row that comes again on purpose is written once more, though it stands there", async () => {
  const writer = new FakeWriter(false);
  const { set, bridge, actor } = world(writer);
  await set("a", { x: "1" });
  const again = encodeEnvelope({ key: "a", operation: "Set", fields: { x: "1" }, again: true });
  expect(await actor.send(bridge.path, "d0", again)).toMatchObject({ code: OK, text: "" });
  expect(await set("a", { x: "1" })).toMatchObject({ text: "No change in data" });
  const row = { key: "a", op: "SET", fieldValues: { x: "1" } };
  expect(writer.batches).toEqual([[row], [row]]);
});

test("what arrives during a write goes into the next one, in order", async () => {
  const writer = new FakeWriter(false);
  const { bridge, actor } = world(writer);
  let open = (): void => {};
  writer.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (const x of ["1", "2", "2", "3"]) {
    const data = encodeEnvelope({ key: "a", operation: "Set", fields: { x } });
    edge.send(dataMessage(edge.newId(), actor.path, bridge.path, { key: "d0", data }));
    await settle();
  }
  open();
  await settle();
  expect(writer.rows.get("a")).toEqual({ x: "3" });
  expect(writer.batches.map((batch) => batch.map(({ fieldValues }) => fieldValues?.["x"]))).toEqual([
    ["1"],
    ["2", "3"],
  ]);
});

test("a failed write is answered with the reason, and what stands there is in doubt", async () => {
  const writer = new FakeWriter();
  const { set } = world(writer);
  await set("a", { x: "1" });
  writer.answer = err("APPL_DB: not connected");
  expect(await set("a", { x: "2" })).toMatchObject({ code: SwbusErrorCode.FAIL, text: "APPL_DB: not connected" });
  writer.answer = ok();
  const before = writer.batches.length;
  expect(await set("a", { x: "1" })).toMatchObject({ code: OK, text: "" });
  expect(writer.batches.length).toBe(before + 1);
});

test("without a writer every row is refused with the reason", async () => {
  const { set, bridge } = world(undefined);
  expect(await set("a", { x: "1" })).toMatchObject({
    code: SwbusErrorCode.FAIL,
    text: "APPL_DB|ROUTE: nobody to write it to is known yet",
  });
  const writer = new FakeWriter();
  bridge.connect(writer, "found");
  expect(await set("a", { x: "1" })).toMatchObject({ code: OK });
});

test("after a reset or a new writer an equal Set is written again", async () => {
  const writer = new FakeWriter();
  const { set, resets, bridge } = world(writer);
  await set("a", { x: "1" });
  writer.reset();
  expect(await set("a", { x: "1" })).toMatchObject({ text: "" });
  bridge.doubt(["a"]);
  expect(await set("a", { x: "1" })).toMatchObject({ text: "" });
  expect(await set("a", { x: "1" })).toMatchObject({ text: "No change in data" });
  expect(resets).toEqual(["start", "its connection was re-established"]);
});

test("deletes that a broken connection may have lost go out again, before anything else", async () => {
  const writer = new FakeWriter(false, true);
  const { set, del } = world(writer);
  for (const key of ["gone", "back", "stays"]) await set(key, { x: "1" });
  await del("gone");
  await del("back");
  await set("back", { x: "2" });
  writer.batches.length = 0;
  writer.reset();
  await settle();
  await set("back", { x: "2" });
  await set("stays", { x: "1" });
  expect(writer.batches.map((batch) => batch.map(({ key, op }) => `${op} ${key}`))).toEqual([
    ["DEL gone"],
    ["DEL back", "SET back"],
    ["SET stays"],
  ]);
});

test("a writer that acknowledges what is there gets no delete twice: somebody else may stand for the row now", async () => {
  const writer = new FakeWriter();
  const { set, del } = world(writer);
  await set("a", { x: "1" });
  await del("a");
  writer.batches.length = 0;
  writer.reset();
  await settle();
  expect(writer.batches).toEqual([]);
});

test("what is no row is refused", async () => {
  const { actor, bridge } = world(new FakeWriter());
  expect(await actor.sendBytes(bridge.path, Uint8Array.of(1))).toMatchObject({
    code: SwbusErrorCode.INVALID_PAYLOAD,
    text: "Invalid ActorMessage",
  });
  expect(await actor.send(bridge.path, "k", { operation: "Set" })).toMatchObject({
    code: SwbusErrorCode.INVALID_PAYLOAD,
    text: "Invalid KeyOpFieldValues",
  });
});

test("random updates: the sink ends with the newest form of each row", async () => {
  const change = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    fields: fc.option(fc.dictionary(fc.constantFrom("x", "y", "z"), fc.constantFrom("1", "2"), { minKeys: 1 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 20 }), fc.boolean(), async (changes, merges) => {
      const writer = new FakeWriter(merges);
      const { set, del } = world(writer);
      const model = new Map<string, Record<string, string>>();
      for (const { key, fields } of changes) {
        if (fields === null) {
          await del(key);
          model.delete(key);
        } else {
          await set(key, { ...fields });
          model.set(key, { ...fields });
        }
      }
      expect(writer.rows).toEqual(model);
      await edge[Symbol.asyncDispose]();
    }),
    { numRuns: 50 },
  );
});

import { defineTable, t } from "@tandem/swss";
import { expect, test } from "vitest";
import { defineActor, type StatePort, standingRow, stands } from "./define-actor.js";
import { TestHarness } from "./testing/test-harness.js";

const Port = defineTable({
  name: "PORT_CONFIG",
  db: "CONFIG_DB",
  spec: "test",
  key: { name: t.text({ doc: "" }) },
  fields: { peer: t.text({ doc: "" }), speed: t.u32({ doc: "", absent: 1 }) },
});
const Route = defineTable({
  name: "ROUTE_TABLE",
  db: "APPL_DB",
  spec: "test",
  key: { name: t.text({ doc: "" }) },
  fields: { peer: t.text({ doc: "" }), speed: t.u32({ doc: "" }) },
});
const PortState = defineTable({
  name: "PORT_STATE",
  db: "STATE_DB",
  spec: "test",
  key: { name: t.text({ doc: "" }) },
  fields: { peer: t.text({ doc: "" }) },
});

const statePort: StatePort<{ peer: string }> = {
  provider: "port",
  register: "PortStateRegister",
  update: "PortStateUpdate",
  decode: (data) => data as { peer: string },
  encode: (state) => state,
};

const portActor = defineActor<undefined, { peer: string }>({
  type: "port",
  rows: [Port],
  publishes: statePort,
  derive: (inputs) => {
    const row = inputs.row(Port);
    if (row === undefined) throw new Error("no row");
    return stands({
      rows: [
        standingRow(Route, { name: inputs.id }, { peer: row.peer, speed: row.speed }),
        standingRow(PortState, { name: inputs.id }, { peer: row.peer }),
      ],
      publish: { peer: row.peer },
      reason: "its row is there",
    });
  },
});

test("a row becomes a row of a sink and a row of its own, and they go with it", async () => {
  await using harness = await TestHarness.start({
    actors: [portActor],
    sinks: [{ table: Route, kind: "producerState" }],
  });
  await harness.write(Port, "p0", { peer: "p1", speed: "100" });
  await harness.rest();
  expect(await harness.row(Route, "p0")).toEqual({ peer: "p1", speed: "100" });
  expect(await harness.row(PortState, "p0")).toEqual({ peer: "p1" });
  await harness.update(Port, "p0", { peer: "p2" });
  await harness.rest();
  expect(await harness.row(Route, "p0")).toEqual({ peer: "p2", speed: "100" });
  await harness.remove(Port, "p0");
  await harness.rest();
  expect(await harness.row(PortState, "p0")).toBeUndefined();
  expect(await harness.store(Route).command(["SMEMBERS", "ROUTE_TABLE_DEL_SET"])).toEqual({ ok: true, value: ["p0"] });
  expect(harness.runtime.actors()).toEqual([]);
  expect(await harness.store(PortState).command(["KEYS", "*"])).toEqual({ ok: true, value: [] });
});

import { err, millis, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { definePlainActor } from "./plain/define-plain-actor.js";
import {
  exampleActors,
  LinkConfig,
  PortConfig,
  PortCounters,
  PortTable,
  RouteTable,
} from "./testing/example-actors.js";
import { PlainHarness } from "./testing/plain-harness.js";
import { TestHarness } from "./testing/test-harness.js";
import { readUpstreamDump } from "./testing/upstream-dump.js";

test("the dump of a derivation is read by sonic-dash-ha's types, before and after anything was acknowledged", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [
      { table: PortTable, kind: "fake" },
      { table: RouteTable, kind: "producerState" },
    ],
  });
  const tool = harness.service("tool", "t");
  const port = harness.actor("port", "p0");
  await harness.write(PortConfig, "p0", { peer: "a" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await settle();
  const waiting = readUpstreamDump(await tool.actorState(port));
  // Upstream's CLI shows the newest message per message key: here a row on its way, not yet acknowledged.
  expect(waiting.sent["p0"]).toMatchObject({ key: "p0", acked: false, response: undefined });
  harness.bridge(PortTable).autoAck = true;
  await harness.bridge(PortTable).next();
  await harness.rest();
  const dump = readUpstreamDump(await tool.actorState(port));
  expect(Object.keys(dump.incoming).toSorted()).toEqual([
    "LinkNews|l0",
    "PORT_CONFIG",
    "PORT_COUNTERS",
    "PortRegister|l0",
  ]);
  expect(dump.incoming["PortRegister|l0"]).toMatchObject({
    data: { active: true },
    source: "region-a/cluster-a/host-dpu0/hamgrd/0/link/l0",
    response: "Ok",
    acked: true,
  });
  expect(dump.incoming["PortRegister|l0"]?.requestId).toBeGreaterThan(2n ** 53n);
  expect(dump.internal["PORT_STATE"]).toMatchObject({ table: "PORT_STATE", key: "p0", mutated: false });
  expect(dump.internal["PORT_STATE"]?.backup).toEqual(dump.internal["PORT_STATE"]?.fields);
  expect(dump.sent["PortUpdate|p0"]).toMatchObject({ data: { peer: "a", up: true }, acked: true, response: "Ok" });
  expect(dump.sent["PortUpdate|p0"]?.id).toBeGreaterThan(2n ** 53n);
  expect(dump.queued).toEqual([]);
  readUpstreamDump(await tool.actorState(harness.actor("link", "l0")));
});

test("the dump of a plain actor is read by the same types: a message that waits for its time, a handler that failed", async () => {
  await using harness = new PlainHarness();
  const db = await harness.store("STATE_DB");
  const target = harness.service("target", "t");
  const actor = definePlainActor({
    type: "plain",
    create: () => ({
      init: async (context) => {
        await context.internal.add("row", db, "ROW", "r");
      },
      handle: (context, { data }) => {
        if (data === "bad") return err("not this one");
        context.internal.write("row", { value: String(data) });
        context.send(target.path, "now", data);
        context.sendAfter(seconds(5), target.path, "later", { n: data });
        return undefined;
      },
    }),
  });
  harness.runtime.spawn(actor, "p");
  const client = harness.service("client", "c");
  await client.send(harness.path("plain", "p"), "k", "1");
  await client.send(harness.path("plain", "p"), "other", "bad");
  await harness.clock.advance(millis(1));
  const dump = readUpstreamDump(await client.actorState(harness.path("plain", "p")));
  expect(dump.incoming["k"]).toMatchObject({ response: "Ok", acked: true, version: 1n });
  expect(dump.incoming["other"]).toMatchObject({ response: "Fail (not this one)", acked: false });
  expect(dump.internal["row"]).toMatchObject({ fields: { value: "1" }, backup: { value: "1" }, mutated: false });
  expect(dump.queued).toEqual([
    { key: "later", data: { n: "1" }, destination: "region-a.cluster-a.host/test/0/target/t" },
  ]);
  expect(dump.sent["now"]).toMatchObject({ acked: false, response: undefined, version: 1n });
  await target.next();
});

const complete = JSON.stringify({
  incoming: {},
  internal: {},
  outgoing: { outgoing_queued: [], outgoing_sent: {} },
});

test("a dump that lacks a member, or has a number of another form, is none", () => {
  expect(readUpstreamDump(complete)).toEqual({ incoming: {}, internal: {}, queued: [], sent: {} });
  const row = `{"swss_table_name":"T","swss_key":"k","fvs":{},"mutated":false,"to_delete":false,"backup_fvs":{},"last_updated_time":1}`;
  const withRow = (text: string): string => complete.replace('"internal":{}', `"internal":{"r":${text}}`);
  expect(readUpstreamDump(withRow(row)).internal["r"]?.table).toBe("T");
  for (const bad of [
    complete.replace('"internal":{},', ""),
    withRow(row.replace('"to_delete":false,', "")),
    withRow(row.replace(":1}", ":1.5}")),
    withRow(row.replace(":1}", ":-1}")),
    withRow(row.replace('"fvs":{}', '"fvs":{"f":1}')),
  ]) {
    expect(() => readUpstreamDump(bad)).toThrow();
  }
});

test("messages of one key to several receivers, and several rows of one key, are all in the dump", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [
      { table: PortTable, kind: "table" },
      { table: RouteTable, kind: "producerState" },
    ],
  });
  await harness.write(PortConfig, "p0", { peer: "a" });
  await harness.rest();
  for (const name of ["w0", "w1"]) {
    const watcher = harness.service("watcher", name);
    watcher.autoAck = true;
    await watcher.send(harness.actor("port", "p0"), `PortRegister|${name}`, { active: true });
  }
  await harness.rest();
  const { sent } = readUpstreamDump(await harness.service("tool", "t").actorState(harness.actor("port", "p0")));
  const base = "region-a.cluster-a.host-dpu0/hamgrd/0";
  expect(Object.keys(sent).toSorted()).toEqual([
    "PortUpdate|p0",
    `PortUpdate|p0 > ${base}/watcher/w0`,
    "p0",
    `p0 > ${base}/swss-common-bridge/DPU_APPL_DB|PORT_TABLE p0`,
  ]);
  expect(Object.values(sent).every(({ acked }) => acked)).toBe(true);
});

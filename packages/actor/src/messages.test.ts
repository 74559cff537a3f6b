import { millis, seconds } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { ManagementRequestType, SwbusErrorCode } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import { defineActor, stands } from "./define-actor.js";
import { encodeEnvelope } from "./envelope.js";
import {
  exampleActors,
  exampleSinks,
  LinkConfig,
  PortConfig,
  PortCounters,
  PortTable,
  portActor,
  RouteTable,
} from "./testing/example-actors.js";
import { type HarnessOptions, TestHarness } from "./testing/test-harness.js";

const options: HarnessOptions = { actors: exampleActors, sinks: exampleSinks };
const OK = SwbusErrorCode.OK;

test("a bridge elsewhere makes an actor: Set OK, the rest refused in sonic-dash-ha's words, and it keeps serving", async () => {
  let constructed = 0;
  const picky = defineActor({
    ...portActor,
    type: "picky",
    checkId: (id) => {
      constructed += 1;
      if (id === "panic") throw new Error("at the disco");
      return id === "no"
        ? { db: "CONFIG_DB", table: "PORT_CONFIG", field: "key", expected: "yes", found: id }
        : undefined;
    },
  });
  await using harness = await TestHarness.start({ actors: [picky], sinks: exampleSinks });
  const bridge = harness.bridge(PortConfig);
  const row = { peer: "p1", speed: "1" };
  expect(await bridge.sendRow(harness.actor("picky", "p0"), PortConfig, "p0", row)).toMatchObject({ code: OK });
  await harness.rest();
  expect(harness.runtime.actor("picky", "p0")).toMatchObject({ exists: true, incarnation: 1 });
  expect(await harness.row(PortTable, "p0")).toEqual({ speed: "1" });
  const before = constructed;
  expect(await bridge.sendRow(harness.actor("picky", "p1"), PortConfig, "p1", undefined)).toMatchObject({
    code: SwbusErrorCode.NO_ROUTE,
    text: "actor doesn't exist: won't create actor for DEL kfv",
  });
  const stranger = harness.service("stranger", "s");
  expect(await stranger.sendRow(harness.actor("picky", "p1"), PortConfig, "p1", row)).toMatchObject({
    code: SwbusErrorCode.NO_ROUTE,
    text: "actor doesn't exist: not from common-bridge",
  });
  expect(await bridge.sendBytes(harness.actor("picky", "p1"), new TextEncoder().encode("garbage"))).toMatchObject({
    code: SwbusErrorCode.INVALID_PAYLOAD,
    text: "cannot decode as ActorMessage",
  });
  expect(constructed).toBe(before);
  const failed = await bridge.sendRow(harness.actor("picky", "no"), PortConfig, "no", row);
  expect(failed).toMatchObject({ code: SwbusErrorCode.FAIL });
  expect(failed.text).toMatch(/^Failed to create actor no/);
  expect(failed.source.toString()).toBe("region-a.cluster-a.host-dpu0/hamgrd/0/picky");
  const panicked = await bridge.sendRow(harness.actor("picky", "panic"), PortConfig, "panic", row);
  expect(panicked).toMatchObject({ code: SwbusErrorCode.FAIL, text: "Panic while creating actor panic: at the disco" });
  const bad = await bridge.sendRow(harness.actor("picky", "p2"), PortConfig, "p2", { peer: "x", speed: "fast" });
  expect(bad).toMatchObject({ code: SwbusErrorCode.FAIL, text: expect.stringContaining('found "fast"') });
  expect(await bridge.sendRow(harness.actor("picky", "p3"), PortConfig, "p3", row)).toMatchObject({ code: OK });
  await harness.rest();
  expect(
    harness.runtime
      .actors()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(["p0", "p3"]);
});

test("rows may come before the actor that reads them: they are remembered", async () => {
  await using harness = await TestHarness.start(options);
  const counters = harness.bridge(PortCounters);
  expect(await counters.sendRow(harness.actor("port", "p0"), PortCounters, "p0", { up: "true" })).toMatchObject({
    code: OK,
  });
  const config = harness.bridge(PortConfig);
  await config.sendRow(harness.actor("port", "p0"), PortConfig, "p0", { peer: "x" });
  const watcher = harness.service("watcher", "w");
  await watcher.send(harness.actor("port", "p0"), "PortRegister|w", { active: true });
  expect(await watcher.next()).toMatchObject({ key: "PortUpdate|p0", data: { peer: "x", up: true } });
  expect(await config.sendRow(harness.actor("port", "p0"), PortConfig, "p0", undefined)).toMatchObject({ code: OK });
  await watcher.next();
  await harness.rest();
  expect(harness.runtime.actors()).toEqual([]);
});

test("a registration with an actor that does not exist is NO_ROUTE; with one that goes, too", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "fake" }, exampleSinks[1]],
  });
  const watcher = harness.service("watcher", "w");
  const port = harness.actor("port", "p0");
  expect(await watcher.send(port, "PortRegister|w", { active: true })).toMatchObject({ code: SwbusErrorCode.NO_ROUTE });
  await harness.write(PortConfig, "p0", { peer: "x" });
  const sink = harness.bridge(PortTable);
  await sink.next();
  await harness.rest();
  await harness.remove(PortConfig, "p0");
  await sink.next("silent");
  expect(await watcher.send(port, "PortRegister|w", { active: true })).toMatchObject({
    code: SwbusErrorCode.NO_ROUTE,
    text: "actor doesn't exist: it is being removed",
  });
  sink.autoAck = true;
  await harness.rest();
});

test("a wanted state, a told one, an unknown key: acknowledged; what no port takes is reported, the last good stays", async () => {
  await using harness = await TestHarness.start(options);
  const fake = harness.service("port", "fake");
  await harness.write(LinkConfig, "l0", { ports: "fake" });
  const registration = await fake.next();
  expect(registration).toMatchObject({ key: "PortRegister|l0", data: { active: true } });
  const link = harness.actor("link", "l0");
  expect(await fake.send(link, "PortUpdate|fake", { peer: "x", up: true })).toMatchObject({ code: OK, source: link });
  await settle();
  expect(harness.runtime.actor("link", "l0")?.reason).toBe("all ports are known");
  expect(await fake.send(link, "PortUpdate|fake", "nonsense")).toMatchObject({ code: OK });
  expect(await fake.send(link, "Surprise|fake", {})).toMatchObject({ code: OK });
  expect(harness.events.filter(({ kind }) => kind === "badMessage")).toMatchObject([
    { actor: "link/l0", key: "PortUpdate|fake" },
    { actor: "link/l0", key: "Surprise|fake" },
  ]);
  expect(harness.runtime.actor("link", "l0")?.reason).toBe("all ports are known");
  await fake.next();
  await harness.write(LinkConfig, "l0", { ports: "other" });
  expect(await fake.next()).toMatchObject({ key: "PortRegister|l0", data: { active: false } });
});

test("a subscriber of this process that is gone is forgotten; one that refuses is told again", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "a" });
  await harness.rest();
  const watcher = harness.service("watcher", "w");
  await watcher.send(harness.actor("port", "p0"), "PortRegister|w", { active: true });
  await watcher.next({ code: SwbusErrorCode.FAIL, text: "busy" });
  const before = harness.clock.monotonic();
  expect(await watcher.next()).toMatchObject({ data: { peer: "a" } });
  expect(harness.clock.monotonic() - before).toBeLessThanOrEqual(100);
  watcher.close();
  await harness.update(PortConfig, "p0", { peer: "b" });
  await harness.rest();
  expect(harness.runtime.settled).toBe(true);
});

test("GET_ACTOR_STATE: inputs as incoming, own rows as internal, the newest per key as outgoing, ids digit for digit", async () => {
  await using harness = await TestHarness.start(options);
  await harness.write(PortConfig, "p0", { peer: "a" });
  await harness.write(LinkConfig, "l0", { ports: "p0" });
  await harness.write(PortCounters, "p0", { up: "true" });
  await harness.rest();
  await harness.clock.advance(millis(10));
  const tool = harness.service("tool", "t");
  const text = await tool.actorState(harness.actor("port", "p0"));
  const dump = JSON.parse(text);
  const path = {
    region_id: "region-a",
    cluster_id: "cluster-a",
    node_id: "host-dpu0",
    service_type: "hamgrd",
    service_id: "0",
  };
  expect(dump.incoming.PORT_CONFIG).toMatchObject({
    msg: { key: "PORT_CONFIG", data: encodeEnvelope({ key: "p0", operation: "Set", fields: { peer: "a" } }) },
    source: { ...path, resource_type: "swss-common-bridge", resource_id: "CONFIG_DB|PORT_CONFIG" },
    request_id: 0,
    version: 1,
    response: "Ok",
    acked: true,
  });
  expect(dump.incoming.PORT_COUNTERS.msg.data.field_values).toEqual({ up: "true" });
  expect(dump.incoming["PortRegister|l0"]).toMatchObject({
    msg: { key: "PortRegister|l0", data: { active: true } },
    source: { ...path, resource_type: "link", resource_id: "l0" },
  });
  expect(dump.internal).toEqual({
    PORT_STATE: {
      swss_table_name: "PORT_STATE",
      swss_key: "p0",
      fvs: { peer: "a", at: expect.any(String) },
      mutated: false,
      to_delete: false,
      backup_fvs: { peer: "a", at: expect.any(String) },
      last_updated_time: expect.any(Number),
    },
  });
  expect(dump.outgoing.outgoing_queued).toEqual([]);
  expect(dump.outgoing.outgoing_sent["PortUpdate|p0"]).toMatchObject({
    msg: { data: { peer: "a", up: true } },
    acked: true,
    response: "Ok",
    response_source: { resource_type: "link", resource_id: "l0" },
  });
  for (const [, id] of text.matchAll(/"(?:id|request_id)":(\d+)/g)) {
    expect(id === "0" || BigInt(id ?? "0") > 2n ** 53n || (id ?? "").length < 10).toBe(true);
  }
  expect(dump.tandem).toMatchObject({ reason: "told by 1 links", crashes: 0 });
  expect(await tool.manage(harness.actor("port", "p0"), ManagementRequestType.SWBUSD_RESOLVE_PEER_SP)).toMatchObject({
    code: SwbusErrorCode.INVALID_ARGS,
    text: "Unsupported request type: SwbusdResolvePeerSp",
  });
});

test("problems are told when they come and when they go", async () => {
  const doubtful = defineActor({
    type: "doubtful",
    rows: [PortConfig],
    derive: (inputs) =>
      stands({
        problems:
          inputs.row(PortConfig)?.peer === "bad"
            ? [{ code: "badPeer", severity: "refused", text: "no such peer" }]
            : [],
        reason: "",
      }),
  });
  await using harness = await TestHarness.start({ actors: [doubtful] });
  await harness.write(PortConfig, "p0", { peer: "bad" });
  await harness.update(PortConfig, "p0", { peer: "bad", speed: "4" });
  await harness.update(PortConfig, "p0", { peer: "good" });
  await harness.clock.advance(seconds(1));
  const told = harness.events.filter((event) => event.kind === "problems").map(({ problems }) => problems.length);
  expect(told).toEqual([1, 0]);
});

test("a table that is neither a sink nor of STATE_DB is a bug of its author, and visible as one", async () => {
  await using harness = await TestHarness.start({
    actors: exampleActors,
    sinks: [{ table: PortTable, kind: "table" }],
  });
  await harness.write(PortConfig, "p0", { peer: "x" });
  await harness.clock.advance(seconds(1));
  expect(harness.runtime.actor("port", "p0")?.lastError).toContain(
    `${RouteTable.id} is neither a sink nor in STATE_DB`,
  );
});

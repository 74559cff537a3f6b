import assert from "node:assert/strict";
import { type Json, millis, seconds, seededRandom, unwrap } from "@tandem/base";
import { dataMessage, ManagementRequestType, newMessage, parseServicePath, startEdge } from "@tandem/swbus/edge";
import type { BusStream } from "@tandem/wire";
import type { MemoryBus } from "@tandem/wire/testing";
import { test } from "vitest";
import { WatchedCluster } from "../testing/watched-cluster.js";

const HAMGRD = "sw0_dpu0.hamgrd";
const SWBUSD = "sw0_dpu0.swbusd";
const SELF = "region-a.cluster-a.sw0-dpu0";
const ENDPOINT = "10.0.0.1:23606";
const WHILE = seconds(12);

/** A swbusd's stream as anybody can open one: docs of swbus, "streams". */
async function dial(world: WatchedCluster, bus: MemoryBus, path: string): Promise<BusStream | string> {
  const dialed = await world.run(
    bus.dial({
      endpoint: ENDPOINT,
      method: "/swbus.SwbusService/StreamMessages",
      metadata: { "x-swbus-service-path": path, "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" },
    }),
  );
  return dialed.ok ? dialed.value : dialed.error.detail;
}

async function open(world: WatchedCluster, path: string): Promise<BusStream> {
  const stream = await dial(world, world.host.network.bus("10.0.9.9"), path);
  assert(typeof stream !== "string", String(stream));
  return stream;
}

const linesOf = (world: WatchedCluster, daemon: string): readonly string[] =>
  world.lines(daemon).map((text) => text.replace(/connection=\S+ /, ""));

test("a peer that sends garbage: told at 1, 2, 4, … times, counted, and everything else goes on", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const stream = await open(world, "region-a.cluster-a.rogue////");
  const random = seededRandom(1);
  for (let i = 0; i < 1000; i++) {
    stream.send(Uint8Array.from({ length: 1 + (i % 200) }, () => Math.floor(random.next() * 256)));
  }
  await world.pass(WHILE);
  const lines = linesOf(world, SWBUSD);
  assert(lines.length > 0 && lines.length < 40, `${lines.length} lines`);
  assert(lines.every((text) => text.startsWith("error: message dropped: expected an SwbusMessage detail=")));
  assert.equal(world.swbusds.get(SWBUSD)?.stats.badMessages, 1000);
  assert.equal(await world.metrics(SWBUSD).value("tandem_swbusd_bad_messages_total"), 1000);
  assert.deepEqual(world.said, []);
  assert.deepEqual(world.changes(before), []);
});

test("a peer that claims our own path is refused, told and counted; so is one that is no swbusd", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const bus = world.host.network.bus("10.0.9.9");
  for (let i = 0; i < 5; i++) {
    assert.equal(await dial(world, bus, `${SELF}////`), `${SELF} is this swbusd's own path`);
  }
  assert.equal(
    await dial(world, bus, "region-a.cluster-a"),
    '"region-a.cluster-a" is not a swbusd\'s path: expected region.cluster.node',
  );
  await world.pass(WHILE);
  assert.deepEqual(
    world.lines(SWBUSD).map((text) => text.replace(/remote=\S+ /, "")),
    [
      ...[1, 2, 4].map(
        (times) =>
          `error: stream refused claimed=${SELF}//// as IN_CLUSTER reason=ownPath detail=${SELF} is this swbusd's own path effect=the stream is refused times=${times}`,
      ),
      'error: stream refused claimed=region-a.cluster-a as IN_CLUSTER reason=notANode detail="region-a.cluster-a" is not a swbusd\'s path: expected region.cluster.node effect=the stream is refused times=1',
    ],
  );
  assert.equal(await world.metrics(SWBUSD).value("tandem_swbusd_connections_refused_total"), 6);
  assert.deepEqual(world.changes(before), []);
});

test("nonsense for every actor is answered, told and counted, and changes nothing", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  const { clock, network } = world.host;
  const base = parseServicePath(`${SELF}/rogue/0`);
  await using edge = startEdge({
    bus: network.bus("10.0.0.1"),
    clock,
    random: seededRandom(2),
    endpoint: ENDPOINT,
    basePath: base,
    type: "client",
  });
  const answers: string[] = [];
  edge.register(base, "public", ({ body }) => {
    if (body.kind === "response") answers.push(body.text);
    return true;
  });
  await world.pass(seconds(1));
  const actors = world.hamgrds.get(HAMGRD)?.slots.get(0)?.runtime?.actors() ?? [];
  assert.equal(actors.length, 6);
  const nonsense: readonly (Uint8Array | { readonly key: string; readonly data: Json })[] = [
    Uint8Array.of(0xff, 0xfe, 0x00),
    Buffer.from("no JSON"),
    { key: "", data: null },
    { key: "nothing|known", data: [1, 2, 3] },
    { key: "DPUStateUpdate|sw0_dpu0", data: { up: "perhaps" } },
    { key: "DPUStateUpdate|sw1_dpu0", data: { up: true } },
    { key: "VDPUStateUpdate|vdpu0-0", data: {} },
    { key: "HaSetStateUpdate|haset0-0", data: { ha_set: null } },
    { key: "HaScopeStateUpdate|x", data: "x" },
    { key: "DASH_HA_SCOPE_CONFIG_TABLE", data: { key: "k", operation: "Set", field_values: { pb: 7 } } },
  ];
  for (const { type, id } of actors) {
    const destination = parseServicePath(`${SELF}/hamgrd/0`).withResource(type, id);
    for (const payload of nonsense) unwrap(edge.send(dataMessage(edge.newId(), base, destination, payload)));
    const body = { kind: "management", type: ManagementRequestType.SWBUSD_GET_ROUTES, args: {} } as const;
    unwrap(edge.send(newMessage(edge.newId(), base, destination, body)));
  }
  await world.pass(WHILE);
  assert.equal(answers.length, actors.length * (nonsense.length + 1));
  const lines = world.lines(HAMGRD);
  const told =
    /^error: dpu0: [a-z-]+\/\S+: message ".*" of region-a\S+\/rogue\/0 is not understood; the last good state stays$/;
  assert.deepEqual(
    lines.filter((text) => !told.test(text)),
    [],
  );
  assert.equal(
    await world.metrics(HAMGRD).value("tandem_hamgrd_events_total", { slot: "0", kind: "badMessage" }),
    lines.length,
  );
  // A state that an actor may have asked for earlier is a late answer, and none to be told.
  assert.equal(lines.length, actors.length * nonsense.length - 2);
  assert.deepEqual(world.said, []);
  assert.deepEqual(world.changes(before), []);
});

test("a swbusd that sends its hamgrd garbage and ends streams: told, and all is well once it is the real one", async () => {
  await using world = await WatchedCluster.start();
  const before = world.outputs();
  await world.host.killDaemon(world.daemon(SWBUSD));
  const rogue = world.host.network.bus("10.0.0.1");
  await world.pass(millis(1));
  const listening = await world.run(
    rogue.listen({
      endpoint: ENDPOINT,
      method: "/swbus.SwbusService/StreamMessages",
      accept: () => ({
        accept: true,
        metadata: {},
        serve: (stream) => {
          stream.send(Buffer.from("garbage"));
          stream.close(0);
        },
      }),
    }),
  );
  assert(listening.ok);
  await world.pass(seconds(30));
  const lines = world.lines(HAMGRD);
  assert(lines.some((text) => text.includes("a message from swbusd is not understood")));
  assert.deepEqual(world.changes(before), []);
  rogue.abandon();
  await world.restart(world.daemon(SWBUSD));
  await world.pass(WHILE);
  assert.deepEqual(world.changes(before), []);
});

import { millis, seconds, systemClock } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { type Bus, type BusStream, grpcBus } from "@tandem/wire";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { encodeAnnouncement } from "../announcement.js";
import type { ConnectionType } from "../connection-info.js";
import { formatConnectionType } from "../connection-info.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { encodeDataMessage, encodeMessage, encodeMessageOf, encodeResponse, TTL_NEW } from "../message.js";
import { parseServicePath } from "../service-path.js";
import { announced } from "../testing/route-words.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import { METHOD, PATH_HEADER, SERVER_PATH_HEADER, TYPE_HEADER } from "./admission.js";
import type { ConfigReading, ConfigSource, SwbusConfig } from "./config.js";
import { BACKLOG_BYTES_MAX } from "./link.js";
import { startSwbusd } from "./swbusd.js";

const AT = "10.0.0.1:50";

function simulated(highWater?: number) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, ...(highWater !== undefined && { highWater }) });
  const world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  return { clock, network, world };
}

/** A stranger's stream, raw. */
async function dial(bus: Bus, path: string | undefined, type: ConnectionType | string | undefined, endpoint = AT) {
  const known = type as ConnectionType;
  const word = type === undefined ? undefined : (formatConnectionType(known) ?? type);
  const metadata = {
    ...(path !== undefined && { [PATH_HEADER]: path }),
    ...(word !== undefined && { [TYPE_HEADER]: word }),
  };
  return bus.dial({ endpoint, method: METHOD, metadata });
}

const refusals = [
  { who: "no path", path: undefined, type: "inNode", detail: "Client service path not found" },
  { who: "no type", path: "r.c.n1/a/0", type: undefined, detail: "service path scope not set" },
  { who: "an unknown type", path: "r.c.n1/a/0", type: "NOPE", detail: "Invalid connection_type: NOPE" },
  { who: "our own path", path: "r.c.n1////", type: "inCluster", detail: "r.c.n1 is this swbusd's own path" },
  { who: "a service that is not on this node", path: "r.c.n2/hamgrd/0", type: "inNode", detail: "not on this node" },
  { who: "a service without id", path: "r.c.n1", type: "inNode", detail: "not a service's path" },
  { who: "a swbusd that is a service", path: "r.c.n2/hamgrd/0", type: "inCluster", detail: "not a swbusd's path" },
  { who: "a swbusd that is a cluster", path: "r.c", type: "inRegion", detail: "not a swbusd's path" },
  { who: "a path of too many parts", path: "r.c.n1/a/b/c/d/e", type: "inNode", detail: "at most 4" },
];
for (const { who, path, type, detail } of refusals)
  test(`a stream that names ${who} is refused with one event, and counted`, async () => {
    const { clock, network, world } = simulated();
    await using _ = world;
    const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
    const bus = network.bus("10.0.0.9");
    for (let i = 0; i < 5; i++) {
      const answer = await clock.run(dial(bus, path, type), seconds(1));
      expect(answer).toMatchObject({
        ok: false,
        error: { kind: "refused", code: 3, detail: expect.stringContaining(detail) },
      });
    }
    expect(world.told("refused").map(({ times }) => times)).toEqual([1, 2, 4]);
    expect(daemon.stats.connectionsRefused).toBe(5);
    expect(daemon.links).toEqual([]);
  });

test("a server tells its exact path before anything else", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  const stream = await clock.run(dial(network.bus("10.0.0.9"), "r.c.n2////", "inCluster"), seconds(1));
  expect(stream).toMatchObject({ ok: true, value: { metadata: { [SERVER_PATH_HEADER]: "r.c.n1////" } } });
});

test("a dialed swbusd without a usable path of its own is left, and dialed again ever more slowly", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const bus = network.bus("10.0.0.2");
  let dials = 0;
  const paths = [undefined, "r.c.n1////", "r.c.n2/svc/0"];
  await bus.listen({
    endpoint: "10.0.0.2:50",
    method: METHOD,
    accept: () => {
      const path = paths[dials++ % paths.length];
      return { accept: true, metadata: path === undefined ? {} : { [SERVER_PATH_HEADER]: path }, serve: () => {} };
    },
  });
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { "10.0.0.2:50": "inCluster" }));
  await clock.advance(seconds(20));
  expect(daemon.links).toEqual([]);
  expect(world.told("refused").length).toBeGreaterThanOrEqual(3);
  expect(dials).toBeLessThan(40);
});

test("a dead peer is dialed between 10 ms and 1 s apart, and told of once", async () => {
  const { clock, world, network } = simulated();
  await using _ = world;
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { "10.0.0.2:50": "inCluster" }));
  await clock.advance(seconds(60));
  expect(daemon.stats.dialFailures).toBeGreaterThan(55);
  expect(daemon.stats.dialFailures).toBeLessThan(100);
  expect(world.told("dialFailed")).toHaveLength(1);
  await world.swbusd(swbusConfig("10.0.0.2:50", ["r.c.n2"]), network.bus("10.0.0.2"));
  await clock.advance(millis(1010));
  expect(daemon.links.map(({ id }) => id)).toEqual(["swbs-to://10.0.0.2:50"]);
});

async function twoPeers() {
  const { clock, network, world } = simulated();
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  const open = async (path: string, type: ConnectionType = "inCluster", host = "10.0.0.9"): Promise<BusStream> => {
    const stream = await clock.run(dial(network.bus(host), path, type), seconds(1));
    if (!stream.ok) throw new Error(stream.error.detail);
    return stream.value;
  };
  return { clock, network, world, daemon, open };
}

test("a new accepted stream of the same sender replaces the old one at once, with a clean end", async () => {
  const { clock, world, daemon, open } = await twoPeers();
  await using _ = world;
  const old = await open("r.c.n2////");
  const other = await open("r.c.n3////");
  const fresh = await open("r.c.n2////");
  await clock.advance(millis(5));
  expect(await old.ended).toMatchObject({ code: 0 });
  expect(daemon.links.map(({ remote }) => remote.toString()).sort()).toEqual(["r.c.n2", "r.c.n3"]);
  expect(world.told("replaced")).toHaveLength(1);
  void other;
  void fresh;
});

test("accepted and dialed streams of a pair stand beside each other, and the accepted one carries traffic", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const one = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { "10.0.0.2:50": "inCluster" }));
  await world.swbusd(swbusConfig("10.0.0.2:50", ["r.c.n2"], { [AT]: "inCluster" }), network.bus("10.0.0.2"));
  await clock.advance(seconds(2));
  expect(one.links).toHaveLength(2);
  expect(one.routes().map(({ nextHopId }) => nextHopId.slice(0, 9))).toEqual(["swbs-from", "swbs-to:/"]);
});

test("garbage, bad headers and unknown bodies cost one event each; the stream stays up", async () => {
  const { clock, world, daemon, open } = await twoPeers();
  await using _ = world;
  const stream = await open("r.c.n2////");
  const [source, destination] = [parseServicePath("r.c.n2/hamgrd/0"), parseServicePath("r.c.n1/hamgrd/0")];
  for (let i = 0; i < 100; i++) stream.send(Buffer.from("this is no message"));
  stream.send(
    encodeDataMessage({ id: 1n, ttl: TTL_NEW, source, destination: parseServicePath("r.c.n1") }, Buffer.from("x")),
  );
  await clock.advance(millis(10));
  expect(daemon.stats.badMessages).toBe(100);
  expect(world.told("badMessage").map(({ times }) => times)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(daemon.links).toHaveLength(1);
  expect(daemon.stats.answered.get(SwbusErrorCode.NO_ROUTE)).toBe(1);
  void destination;
});

test("announcements of nonsense are ignored by name; good routes beside them count", async () => {
  const { clock, world, daemon, open } = await twoPeers();
  await using _ = world;
  const stream = await open("r.c.n2////");
  const entries = [announced("r.c.n5", 1), announced("r.c.n6/svc/0", 0, "client"), announced("", 0, "global")];
  const header = { id: 1n, ttl: 1, source: parseServicePath("r.c.n2"), destination: parseServicePath("r.c.n1") };
  stream.send(encodeMessageOf(header, "announcement", encodeAnnouncement(entries)));
  await clock.advance(millis(10));
  expect(daemon.routes().map(({ path, hops }) => `${path} ${hops}`)).toEqual(["r.c.n2 1", "r.c.n5 2"]);
  expect(daemon.stats.routesRefused).toBe(2);
  expect(world.told("badRoutes")).toHaveLength(1);
});

test("two services that are gone do not keep each other's errors alive", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const one = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { "10.0.0.2:50": "inCluster" }));
  const two = await world.swbusd(
    swbusConfig("10.0.0.2:50", ["r.c.n2"], { [AT]: "inCluster" }),
    network.bus("10.0.0.2"),
  );
  await clock.advance(seconds(2));
  const stream = await clock.run(dial(network.bus("10.0.0.1"), "r.c.n1/tool/0", "client"), seconds(1));
  if (!stream.ok) throw new Error("refused");
  const header = {
    id: 1n,
    ttl: 64,
    source: parseServicePath("r.c.n1/gone/0"),
    destination: parseServicePath("r.c.n2/gone/0"),
  };
  stream.value.send(encodeDataMessage(header, Buffer.from("x")));
  const content = encodeResponse({ requestId: 1n, code: SwbusErrorCode.OK, text: "" });
  stream.value.send(encodeMessage(header, "response", content));
  await clock.advance(seconds(1));
  const handled = (): number => one.stats.received + two.stats.received;
  const after = handled();
  await clock.advance(seconds(10));
  expect(handled() - after).toBeLessThanOrEqual(4);
  expect(two.stats.dropped).toBe(1);
});

test("a next hop that does not read makes its senders wait, then hear QUEUE_FULL, and never costs unbounded memory", async () => {
  const { clock, network, world } = simulated(64 * 1024);
  await using _ = world;
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  const bus = network.bus("10.0.0.1");
  const [sender, deaf] = [
    await clock.run(dial(bus, "r.c.n1/sender/0", "inNode"), seconds(1)),
    await clock.run(dial(bus, "r.c.n1/deaf/0", "inNode"), seconds(1)),
  ];
  if (!sender.ok || !deaf.ok) throw new Error("refused");
  const header = {
    id: 1n,
    ttl: 64,
    source: parseServicePath("r.c.n1/sender/0"),
    destination: parseServicePath("r.c.n1/deaf/0"),
  };
  const message = encodeDataMessage(header, new Uint8Array(60_000));
  for (let i = 0; i < 300; i++) {
    sender.value.send(message);
    await clock.advance(millis(1));
  }
  await clock.advance(seconds(2));
  const { forwarded, queueFull } = daemon.stats;
  expect(forwarded * 60_000).toBeLessThan(BACKLOG_BYTES_MAX + 1_000_000);
  expect(queueFull).toBe(300 - forwarded);
  expect(daemon.stats.answered.get(SwbusErrorCode.QUEUE_FULL)).toBe(queueFull);
  expect(world.told("queueFull")).toHaveLength(1);
  void (async () => {
    for await (const batch of deaf.value.batches) void batch;
  })();
  await clock.advance(millis(10));
  sender.value.send(message);
  await clock.advance(millis(10));
  expect(daemon.stats.forwarded).toBe(forwarded + 1);
});

test("messages of 5 MiB end their stream and nothing else", async () => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const small = grpcBus({ clock: systemClock });
  const large = grpcBus({ clock: systemClock, messageBytesMax: 16 * 1024 * 1024 });
  await using world = new SwbusWorld({ clock: systemClock, busOf: () => small });
  const daemon = await world.swbusd(swbusConfig(endpoint, ["r.c.n1"]));
  const stream = await dial(large, "r.c.n2////", "inCluster", endpoint);
  if (!stream.ok) throw new Error(stream.error.detail);
  stream.value.send(new Uint8Array(5 * 1024 * 1024));
  expect(await stream.value.ended).toMatchObject({ code: 8 });
  const again = await dial(small, "r.c.n3////", "inCluster", endpoint);
  expect(again.ok).toBe(true);
  while (world.told("disconnected").length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(world.told("disconnected")).toMatchObject([{ path: "r.c.n2", code: 8 }]);
  expect(daemon.state.kind).toBe("listening");
});

/** A configuration that a test changes. */
function changing(first: ConfigReading) {
  let reading = first;
  let notify: () => void = () => {};
  const source: ConfigSource = {
    read: () => Promise.resolve(reading),
    watch: (changed) => {
      notify = changed;
      return () => {};
    },
  };
  return {
    source,
    set: (next: ConfigReading) => {
      reading = next;
      notify();
    },
  };
}

const good = (config: SwbusConfig): ConfigReading => ({ kind: "config", config, faults: [] });

async function withSource(first: ConfigReading) {
  const { clock, network } = simulated();
  const { source, set } = changing(first);
  const events: string[] = [];
  const daemon = await startSwbusd({
    config: source,
    clock,
    random: { next: () => 0.5, uuid: () => "" },
    bus: network.bus("10.0.0.1"),
    observer: ({ kind }) => events.push(kind),
  });
  return { clock, network, set, events, daemon };
}

test("a configuration that is not there yet is waited for, and said so once", async () => {
  const waiting: ConfigReading = { kind: "waiting", reason: "no address yet", faults: [] };
  const { clock, set, events, daemon } = await withSource(waiting);
  await using _ = daemon;
  set(waiting);
  await clock.advance(seconds(1));
  expect(daemon.state).toEqual({ kind: "waiting", reason: "no address yet" });
  expect(events).toEqual(["waiting"]);
  set(good(swbusConfig(AT, ["r.c.n1"])));
  await clock.advance(millis(60));
  await daemon.listening;
  expect(daemon.state).toMatchObject({ kind: "listening", path: "r.c.n1" });
});

test("a configuration that turns bad leaves the last good one in force", async () => {
  const { clock, set, events, daemon } = await withSource(good(swbusConfig(AT, ["r.c.n1"])));
  await using _ = daemon;
  set({ kind: "waiting", reason: "broken", faults: [{ where: "row", detail: "odd", effect: "skipped" }] });
  await clock.advance(millis(60));
  expect(daemon.state.kind).toBe("listening");
  expect(events).toEqual(["configured", "listening", "badConfig", "waiting"]);
  expect(daemon.stats.configFaults).toBe(1);
});

test("peers come and go with the configuration; what stays keeps its streams", async () => {
  const two = "10.0.0.2:50";
  const three = "10.0.0.3:50";
  const { clock, network, set, daemon } = await withSource(good(swbusConfig(AT, ["r.c.n1"], { [two]: "inCluster" })));
  await using world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  await using _ = daemon;
  await world.swbusd(swbusConfig(two, ["r.c.n2"]));
  await world.swbusd(swbusConfig(three, ["r.c.n3"]));
  await clock.advance(seconds(2));
  const [kept] = daemon.links;
  set(good(swbusConfig(AT, ["r.c.n1"], { [two]: "inCluster", [three]: "inCluster" })));
  await clock.advance(seconds(2));
  expect(daemon.links[0]).toBe(kept);
  expect(daemon.links.map(({ id }) => id)).toEqual([`swbs-to://${two}`, `swbs-to://${three}`]);
  set(good(swbusConfig(AT, ["r.c.n1"], { [three]: "inCluster" })));
  await clock.advance(seconds(2));
  expect(daemon.links.map(({ id }) => id)).toEqual([`swbs-to://${three}`]);
  expect(daemon.routes().map(({ path }) => path.toString())).toEqual(["r.c.n3"]);
});

test("what peers announced is judged anew when our own routes change", async () => {
  const { clock, network, set, daemon } = await withSource(good(swbusConfig(AT, ["r.c.n1", "r.d"])));
  await using _ = daemon;
  const stream = await clock.run(dial(network.bus("10.0.0.9"), "r.c.n2////", "inCluster"), seconds(1));
  if (!stream.ok) throw new Error(stream.error.detail);
  const header = { id: 1n, ttl: 1, source: parseServicePath("r.c.n2"), destination: parseServicePath("r.c.n1") };
  const known = () => daemon.routes().map(({ path, hops }) => `${path} ${hops}`);
  stream.value.send(
    encodeMessageOf(header, "announcement", encodeAnnouncement([announced("r.d", 1), announced("r.e", 1)])),
  );
  await clock.advance(millis(10));
  expect(known()).toEqual(["r.c.n2 1", "r.e 2"]);
  set(good(swbusConfig(AT, ["r.c.n1", "r.e"])));
  await clock.advance(millis(100));
  expect(known()).toEqual(["r.c.n2 1", "r.d 2"]);
});

test("another name or address is another node: it listens there and no longer here", async () => {
  const { clock, network, set, daemon } = await withSource(good(swbusConfig(AT, ["r.c.n1"])));
  await using _ = daemon;
  set(good(swbusConfig("10.0.0.1:51", ["r.c.n9"])));
  await clock.advance(seconds(1));
  expect(daemon.state).toMatchObject({ endpoint: "10.0.0.1:51", path: "r.c.n9" });
  const old = await clock.run(dial(network.bus("10.0.0.9"), "r.c.n2////", "inCluster", AT), seconds(5));
  expect(old).toMatchObject({ ok: false, error: { kind: "unreachable" } });
});

test("a port in use is said once, tried each second, and taken when it is free", async () => {
  const { clock, network, world } = simulated();
  const squatter = await network.bus("10.0.0.1").listen({
    endpoint: AT,
    method: "/x",
    accept: () => ({ accept: false, code: 12, detail: "" }),
  });
  if (!squatter.ok) throw new Error("cannot listen");
  await using _ = world;
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  await clock.advance(seconds(5));
  expect(world.told("listenFailed")).toHaveLength(1);
  expect(daemon.state.kind).toBe("waiting");
  await squatter.value[Symbol.asyncDispose]();
  await clock.advance(seconds(1));
  expect(daemon.state.kind).toBe("listening");
});

test("a disposed swbusd leaves no timer behind", async () => {
  const { clock, network, world } = simulated();
  await world.swbusd(swbusConfig(AT, ["r.c.n1"], { "10.0.0.2:50": "inCluster", "10.0.0.3:50": "inCluster" }));
  await world.swbusd(swbusConfig("10.0.0.2:50", ["r.c.n2"], { [AT]: "inCluster" }), network.bus("10.0.0.2"));
  await clock.advance(seconds(3));
  await clock.run(world[Symbol.asyncDispose](), seconds(5));
  await clock.advance(seconds(5));
  expect(clock.pending).toBe(0);
});

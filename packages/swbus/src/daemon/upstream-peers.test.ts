import { fromBinary } from "@bufbuild/protobuf";
import { millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import type { BusStream, Metadata } from "@tandem/wire";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { encodeAnnouncement } from "../announcement.js";
import type { ConnectionType } from "../connection-info.js";
import { type SwbusMessage, SwbusMessageSchema } from "../gen/swbus_pb.js";
import { encodeMessageOf } from "../message.js";
import { parseServicePath } from "../service-path.js";
import { announced } from "../testing/route-words.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import { METHOD } from "./admission.js";

// What a sonic-dash-ha swbusd or edge reads of us, seen from its end of the stream and through the generated messages.

const AT = "10.0.0.1:50";
const PEER = "10.0.0.2:50";

function simulated() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  return { clock, network, world };
}

/** A listener in the place of a swbusd: what dialed it, and the streams. */
async function listener(network: MemoryNetwork, path: string) {
  const dialed: Metadata[] = [];
  const streams: BusStream[] = [];
  await network.bus("10.0.0.2").listen({
    endpoint: PEER,
    method: METHOD,
    accept: (metadata) => {
      dialed.push(metadata);
      return {
        accept: true,
        metadata: { "x-swbus-server-service-path": path },
        serve: (stream) => {
          streams.push(stream);
        },
      };
    },
  });
  return { dialed, streams };
}

/** Everything that arrives on a stream, from now on. */
function collect(stream: BusStream): SwbusMessage[] {
  const messages: SwbusMessage[] = [];
  void (async () => {
    for await (const batch of stream.batches)
      for (const bytes of batch) messages.push(fromBinary(SwbusMessageSchema, bytes));
  })();
  return messages;
}

const names: readonly (readonly [ConnectionType, string])[] = [
  ["inCluster", "CONNECTION_TYPE_IN_CLUSTER"],
  ["inRegion", "CONNECTION_TYPE_IN_REGION"],
  ["global", "CONNECTION_TYPE_GLOBAL"],
];
for (const [type, name] of names)
  test(`a swbusd dials as ${name}, with its node's path and every slash of it`, async () => {
    const { clock, network, world } = simulated();
    await using _ = world;
    const { dialed } = await listener(network, "r.c.n2////");
    await world.swbusd(swbusConfig(AT, ["r.c.n1"], { [PEER]: type }));
    await clock.advance(seconds(1));
    expect(dialed).toEqual([{ "x-swbus-service-path": "r.c.n1////", "x-swbus-connection-type": name }]);
  });

for (const [type, name] of [
  ["inNode", "CONNECTION_TYPE_IN_NODE"],
  ["client", "CONNECTION_TYPE_CLIENT"],
] as const)
  test(`an edge dials as ${name}, with its service's path, and asks nothing of the server's headers`, async () => {
    const { clock, network, world } = simulated();
    await using _ = world;
    const { dialed } = await listener(network, "");
    const edge = world.edge(PEER, "r.c.n2/hamgrd/0", type, network.bus("10.0.0.2"));
    await clock.advance(seconds(1));
    expect(dialed).toEqual([{ "x-swbus-service-path": "r.c.n2/hamgrd/0", "x-swbus-connection-type": name }]);
    expect(edge.connected).toBe(true);
  });

test("an announcement is addressed to the node, arrives with TTL 1, and holds no next hops", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const { streams } = await listener(network, "r.c.n2////");
  await world.swbusd(swbusConfig(AT, ["r.c.n1", "r.c"], { [PEER]: "inCluster" }));
  await clock.advance(millis(10));
  const [stream] = streams;
  const messages = collect(stream as BusStream);
  await clock.advance(seconds(1));
  const node = { regionId: "r", clusterId: "c", serviceType: "", serviceId: "", resourceType: "", resourceId: "" };
  expect(messages).toMatchObject([
    {
      header: {
        version: 1,
        flag: 0,
        ttl: 1,
        source: { ...node, nodeId: "n1" },
        destination: { ...node, nodeId: "n2" },
      },
      Body: {
        case: "routeAnnouncement",
        value: {
          entries: [
            { servicePath: { ...node, nodeId: "" }, routeScope: 3, hopCount: 0, nhId: "" },
            { servicePath: { ...node, nodeId: "n1" }, routeScope: 2, hopCount: 0, nhId: "" },
          ],
        },
      },
    },
  ]);
  const body = messages[0]?.Body;
  const entries = body?.case === "routeAnnouncement" ? body.value.entries : [];
  expect(entries.every(({ nhServicePath }) => nhServicePath === undefined)).toBe(true);
});

test("every announcement is the full set with our own node in it; one without news is the same set again", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const { streams } = await listener(network, "r.c.n2////");
  await world.swbusd(swbusConfig(AT, ["r.c.n1"], { [PEER]: "inCluster" }));
  await clock.advance(millis(10));
  const messages = collect(streams[0] as BusStream);
  await clock.advance(seconds(1));
  // Another peer comes, goes, and then nothing happens for three minutes.
  const bus = network.bus("10.0.0.3");
  const metadata = { "x-swbus-service-path": "r.c.n3////", "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" };
  const third = await clock.run(bus.dial({ endpoint: AT, method: METHOD, metadata }), seconds(1));
  await clock.advance(seconds(1));
  if (third.ok) third.value.close();
  await clock.advance(seconds(181));
  const sets = messages.map(({ Body }) =>
    Body.case === "routeAnnouncement"
      ? Body.value.entries.map(({ servicePath, hopCount }) => `${servicePath?.nodeId} ${hopCount}`)
      : [],
  );
  expect(sets.slice(0, 3)).toEqual([["n1 0"], ["n1 0", "n3 1"], ["n1 0"]]);
  expect(sets.slice(3)).toEqual([["n1 0"], ["n1 0"], ["n1 0"]]);
});

test("while a stream stands it is the only one of its path and type: a second would evict it", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const { dialed } = await listener(network, "r.c.n2////");
  await world.swbusd(swbusConfig(AT, ["r.c.n1"], { [PEER]: "inCluster" }));
  world.edge(PEER, "r.c.n2/hamgrd/0", "inNode", network.bus("10.0.0.2"));
  await clock.advance(seconds(120));
  expect(dialed).toHaveLength(2);
});

test("a stream that a server ends cleanly is a lost connection: it is dialed again", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const { dialed, streams } = await listener(network, "r.c.n2////");
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { [PEER]: "inCluster" }));
  await clock.advance(seconds(2));
  streams[0]?.close();
  await clock.advance(millis(100));
  expect(dialed).toHaveLength(2);
  expect(daemon.links).toHaveLength(1);
});

test("a peer's bare node path counts as the same path as the one with slashes", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  const bus = network.bus("10.0.0.3");
  for (const path of ["r.c.n3", "r.c.n3////"]) {
    const metadata = { "x-swbus-service-path": path, "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" };
    await clock.run(bus.dial({ endpoint: AT, method: METHOD, metadata }), seconds(1));
  }
  await clock.advance(millis(10));
  expect(daemon.links.map(({ remote }) => String(remote))).toEqual(["r.c.n3"]);
});

test("a stream that ends as soon as it begins leaves no route behind", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"]));
  const bus = network.bus("10.0.0.3");
  const metadata = { "x-swbus-service-path": "r.c.n3////", "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" };
  for (let i = 0; i < 20; i++) {
    const stream = await clock.run(bus.dial({ endpoint: AT, method: METHOD, metadata }), seconds(1));
    if (stream.ok) stream.value.close(i % 2);
  }
  await clock.advance(seconds(1));
  expect([daemon.links, daemon.routes()]).toEqual([[], []]);
});

test("a hop count that changes while another way stands is told to the others", async () => {
  const { clock, network, world } = simulated();
  await using _ = world;
  const { streams } = await listener(network, "r.c.n2////");
  const daemon = await world.swbusd(swbusConfig(AT, ["r.c.n1"], { [PEER]: "inCluster" }));
  await clock.advance(millis(10));
  const messages = collect(streams[0] as BusStream);
  const say = async (host: string, node: string, hops: number): Promise<void> => {
    const metadata = { "x-swbus-service-path": `${node}////`, "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" };
    const dialed = await clock.run(network.bus(host).dial({ endpoint: AT, method: METHOD, metadata }), seconds(1));
    if (!dialed.ok) throw new Error(dialed.error.detail);
    const header = { id: 1n, ttl: 1, source: parseServicePath(node), destination: parseServicePath("r.c.n1") };
    dialed.value.send(encodeMessageOf(header, "announcement", encodeAnnouncement([announced("r.c.far", hops)])));
    await clock.advance(seconds(1));
  };
  await say("10.0.0.3", "r.c.n3", 5);
  await say("10.0.0.4", "r.c.n4", 2);
  expect(daemon.routes().filter(({ path }) => String(path) === "r.c.far")).toHaveLength(2);
  const far = messages.flatMap(({ Body }) =>
    Body.case === "routeAnnouncement"
      ? Body.value.entries.filter(({ servicePath }) => servicePath?.nodeId === "far")
      : [],
  );
  expect(far.map(({ hopCount }) => hopCount)).toEqual([6, 3]);
});

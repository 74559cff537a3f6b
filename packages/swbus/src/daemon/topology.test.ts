import { type Clock, millis, seconds, systemClock } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { type Bus, grpcBus } from "@tandem/wire";
import { MemoryNetwork } from "@tandem/wire/testing";
import { describe, expect, test } from "vitest";
import { ping, traceRoute } from "../edge/probe.js";
import { getRoutes } from "../edge/query.js";
import type { SimpleClient } from "../edge/simple-client.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { parseServicePath } from "../service-path.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import type { Swbusd } from "./swbusd.js";

/** Where a topology runs: simulated, or on real sockets of the loopback. */
interface Ground {
  readonly name: string;
  open(): {
    clock: Clock;
    busOf: (host: string) => Bus;
    until: (condition: () => boolean) => Promise<void>;
    ask: <T>(work: Promise<T>) => Promise<T>;
  };
}

const GROUNDS: readonly Ground[] = [
  {
    name: "in memory",
    open: () => {
      const clock = new VirtualClock();
      const network = new MemoryNetwork({ clock });
      return {
        clock,
        busOf: (host) => network.bus(host),
        until: async (condition) => expect(await clock.advanceUntil(condition, seconds(10))).toBe(true),
        ask: (work) => clock.run(work, seconds(20)),
      };
    },
  },
  {
    name: "over gRPC",
    open: () => {
      const bus = grpcBus({ clock: systemClock });
      return {
        clock: systemClock,
        busOf: () => bus,
        until: async (condition) => {
          while (!condition()) await new Promise((resolve) => setImmediate(resolve));
        },
        ask: (work) => work,
      };
    },
  },
];

async function freeEndpoint(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

function dump(daemon: Swbusd): string[] {
  return daemon.routes().map(({ path, scope, hops, nextHop }) => `${path} ${scope}/${hops} via ${nextHop}`);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function pingOnce(client: SimpleClient, path: string, ttl?: number) {
  using answers = client.open(parseServicePath(path), { kind: "ping" }, ttl);
  const answer = await answers.next(seconds(5));
  if (!answer.ok) throw new Error(answer.error.kind);
  const { code, text, source, ttl: left } = answer.value;
  return { code, text, source: source.toString(), ttl: left };
}

async function trace(client: SimpleClient, path: string, hopsMax: number): Promise<string[]> {
  const hops = await collect(traceRoute(client, parseServicePath(path), { hopsMax, timeout: seconds(5) }));
  return hops.map(({ outcome }) => {
    if (outcome.kind === "none") return outcome.error.kind;
    const { source, ttl, code } = outcome.response;
    return `${source} ${SwbusErrorCode[code]} ${ttl}`;
  });
}

for (const ground of GROUNDS)
  describe(`two swbusd back to back, ${ground.name}`, () => {
    async function b2b() {
      const { clock, busOf, until, ask } = ground.open();
      const world = new SwbusWorld({ clock, busOf });
      const [a, b] = [await freeEndpoint(), await freeEndpoint()];
      const one = await world.swbusd(swbusConfig(a, ["r.c.swbusd1"], { [b]: "inCluster" }));
      await world.swbusd(swbusConfig(b, ["r.c.swbusd2"], { [a]: "inCluster" }));
      const edge = world.edge(a, "r.c.swbusd1/client/0");
      await until(() => one.links.length === 3 && edge.connected);
      return { world, client: world.client(edge), one, ask, edge, clock };
    }

    test("ping, its limits, and the route dump", async () => {
      const { world, client, ask } = await b2b();
      await using _ = world;
      const from = (node: string, code: SwbusErrorCode, text: string, ttl: number) => ({
        source: `r.c.${node}`,
        code,
        text,
        ttl,
      });
      expect(await ask(pingOnce(client, "r.c.swbusd2"))).toEqual(from("swbusd2", SwbusErrorCode.OK, "", 62));
      expect(await ask(pingOnce(client, "r.c.swbusd2", 1))).toEqual(
        from("swbusd1", SwbusErrorCode.UNREACHABLE, "TTL expired", 63),
      );
      expect(await ask(pingOnce(client, "r.c.swbusd3"))).toEqual(
        from("swbusd1", SwbusErrorCode.NO_ROUTE, "Route not found", 63),
      );
      const routes = await ask(getRoutes(client, parseServicePath("r.c.swbusd1")));
      expect(routes.ok && routes.value.map(({ path, scope, hops }) => `${path} ${scope}/${hops}`)).toEqual([
        "r.c.swbusd1/client/0 0/1",
        "r.c.swbusd2 2/1",
        "r.c.swbusd2 2/1",
      ]);
    });

    test("trace-route shows each swbusd in path order", async () => {
      const { world, client, ask } = await b2b();
      await using _ = world;
      expect(await ask(trace(client, "r.c.swbusd2", 64))).toEqual(["r.c.swbusd1 OK 63", "r.c.swbusd2 OK 62"]);
      expect(await ask(trace(client, "r.c.swbusd2", 1))).toEqual(["r.c.swbusd1 OK 63"]);
    });

    test("a series of pings waits between its probes, not after the last", async () => {
      const { world, client, ask, clock } = await b2b();
      await using _ = world;
      const began = clock.monotonic();
      const replies = await ask(
        collect(ping(client, parseServicePath("r.c.swbusd2"), { count: 3, interval: millis(50) })),
      );
      expect(replies.map(({ seq, outcome }) => [seq, outcome.kind])).toEqual([
        [0, "answer"],
        [1, "answer"],
        [2, "answer"],
      ]);
      expect(clock.monotonic() - began).toBeGreaterThanOrEqual(100);
    });
  });

for (const ground of GROUNDS)
  test(`two clusters joined by gateways, ${ground.name}`, async () => {
    const { clock, busOf, until, ask } = ground.open();
    await using world = new SwbusWorld({ clock, busOf });
    const [a1, ga, gb, b1] = [await freeEndpoint(), await freeEndpoint(), await freeEndpoint(), await freeEndpoint()];
    const node = await world.swbusd(swbusConfig(a1, ["region-a.cluster-a.node1"], { [ga]: "inCluster" }));
    await world.swbusd(
      swbusConfig(ga, ["region-a.cluster-a.gw", "region-a.cluster-a"], { [a1]: "inCluster", [gb]: "inRegion" }),
    );
    await world.swbusd(
      swbusConfig(gb, ["region-a.cluster-b.gw", "region-a.cluster-b"], { [b1]: "inCluster", [ga]: "inRegion" }),
    );
    const last = await world.swbusd(swbusConfig(b1, ["region-a.cluster-b.node1"], { [gb]: "inCluster" }));
    const edge = world.edge(a1, "region-a.cluster-a.node1/client/0");
    await until(() => dump(node).length === 6 && dump(last).length === 5);
    expect(dump(node)).toEqual([
      "region-a.cluster-a 3/1 via region-a.cluster-a.gw",
      "region-a.cluster-a.gw 2/1 via region-a.cluster-a.gw",
      "region-a.cluster-a.gw 2/1 via region-a.cluster-a.gw",
      "region-a.cluster-a.node1/client/0 0/1 via region-a.cluster-a.node1/client/0",
      "region-a.cluster-b 3/2 via region-a.cluster-a.gw",
      "region-a.cluster-b.gw 2/2 via region-a.cluster-a.gw",
    ]);
    expect(await ask(pingOnce(world.client(edge), "region-a.cluster-b.node1"))).toMatchObject({
      code: SwbusErrorCode.OK,
      ttl: 60,
    });
    expect(await ask(trace(world.client(edge, "trace"), "region-a.cluster-b.node1", 64))).toEqual([
      "region-a.cluster-a.node1 OK 63",
      "region-a.cluster-a.gw OK 62",
      "region-a.cluster-b.gw OK 61",
      "region-a.cluster-b.node1 OK 60",
    ]);
  });

/** Four nodes, each dialing each. */
async function mesh() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const buses = [1, 2, 3, 4].map((i) => network.bus(`10.0.0.${i}`));
  const world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  const at = (i: number): string => `10.0.0.${i}:50`;
  const daemons: Swbusd[] = [];
  for (const i of [1, 2, 3, 4]) {
    const others = [1, 2, 3, 4].filter((j) => j !== i).map((j): [string, "inCluster"] => [at(j), "inCluster"]);
    daemons.push(await world.swbusd(swbusConfig(at(i), [`r.c.n${i}`], Object.fromEntries(others)), buses[i - 1]));
  }
  await clock.advance(seconds(3));
  const knows = (i: number, node: string): string[] =>
    dump(daemons[i - 1] as Swbusd).filter((line) => line.startsWith(`${node} `));
  return { clock, network, world, buses, daemons, knows, at };
}

test("a mesh of four that loses one forgets it everywhere at once, with no ghost", async () => {
  const { clock, buses, world, knows } = await mesh();
  await using _ = world;
  expect(knows(1, "r.c.n4")).toHaveLength(4);
  buses[3]?.abandon();
  await clock.advance(millis(100));
  for (const i of [1, 2, 3]) expect(knows(i, "r.c.n4")).toEqual([]);
  for (let second = 0; second < 40; second++) {
    await clock.advance(seconds(1));
    for (const i of [1, 2, 3]) expect(knows(i, "r.c.n4")).toEqual([]);
  }
  const edge = world.edge("10.0.0.1:50", "r.c.n1/client/0");
  await clock.advance(seconds(1));
  expect(await clock.run(pingOnce(world.client(edge), "r.c.n4"), seconds(5))).toMatchObject({
    code: SwbusErrorCode.NO_ROUTE,
  });
});

test("a mesh of four whose fourth goes dark forgets it within the silence limit and a hold-down", async () => {
  const { clock, network, world, knows } = await mesh();
  await using _ = world;
  network.powerOff("10.0.0.4");
  await clock.advance(millis(3000 + 1000 + 100));
  for (const i of [1, 2, 3]) expect(knows(i, "r.c.n4")).toEqual([]);
});

test("when one link of a mesh is cut, traffic goes around it", async () => {
  const { clock, network, world, knows } = await mesh();
  await using _ = world;
  const edge = world.edge("10.0.0.1:50", "r.c.n1/client/0");
  await clock.advance(millis(100));
  network.cut("10.0.0.1", "10.0.0.4");
  await clock.advance(millis(3000 + 1000 + 100));
  expect(knows(1, "r.c.n4")).toEqual(["r.c.n4 2/2 via r.c.n2", "r.c.n4 2/2 via r.c.n3"]);
  expect(await clock.run(pingOnce(world.client(edge), "r.c.n4"), seconds(5))).toMatchObject({
    code: SwbusErrorCode.OK,
    ttl: 61,
  });
  network.heal("10.0.0.1", "10.0.0.4");
  await clock.advance(seconds(5));
  expect(knows(1, "r.c.n4")[0]).toBe("r.c.n4 2/1 via r.c.n4");
});

test("a restarted node is back within a second", async () => {
  const { clock, network, buses, world, knows, at } = await mesh();
  await using _ = world;
  buses[3]?.abandon();
  await clock.advance(seconds(5));
  const peers = Object.fromEntries([1, 2, 3].map((j): [string, "inCluster"] => [at(j), "inCluster"]));
  await world.swbusd(swbusConfig(at(4), ["r.c.n4"], peers), network.bus("10.0.0.4"));
  await clock.advance(seconds(2));
  for (const i of [1, 2, 3]) expect(knows(i, "r.c.n4")).toHaveLength(4);
});

test("nothing is announced while nothing changes, but for the refresh", async () => {
  const { clock, daemons, world } = await mesh();
  await using _ = world;
  const sent = (): number => daemons.reduce((sum, { stats }) => sum + stats.announcementsSent, 0);
  const before = sent();
  await clock.advance(seconds(120));
  expect(sent() - before).toBe(4 * 3 * 2);
});

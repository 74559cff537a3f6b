import { millis } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnnouncedRoute, type Connection, connectionId } from "./connection-info.js";
import { ROUTE_LIMITS, RouteTable } from "./route-table.js";
import { parseServicePath } from "./service-path.js";
import { announced, connection, exported, own, T0, waysTo } from "./testing/route-words.js";

const NODE0 = "region-a.cluster-a.node0";
const to1 = connection("to", "region-a.cluster-a.node1", "10.0.0.1:1");
const from1 = connection("from", "region-a.cluster-a.node1", "10.0.0.1:40001");
const to2 = connection("to", "region-a.cluster-a.node2", "10.0.0.2:1");
const to3 = connection("to", "region-a.cluster-a.node3", "10.0.0.3:1");

function tableOf(routes: readonly string[], ...connections: readonly Connection[]): RouteTable {
  const table = new RouteTable(routes.map(own));
  for (const one of connections) table.addConnection(one, T0);
  return table;
}

/** Later than any hold-down that began at `T0`. */
const LATER = millis(ROUTE_LIMITS.holdDown + 1);

/** What a peer is to be told, from the list of all ways: the shortest that does not lead over it, if little longer. */
function toldBesides(table: RouteTable, { remote }: Connection): readonly string[] {
  const best = new Map<string, { shortest: number; besides: number }>();
  for (const { path, scope, hops, nextHop } of table.lines()) {
    const name = `${path} ${scope}/`;
    const { shortest, besides } = best.get(name) ?? { shortest: hops, besides: Number.POSITIVE_INFINITY };
    const counts = nextHop.equals(remote) ? besides : Math.min(besides, hops);
    best.set(name, { shortest: Math.min(shortest, hops), besides: counts });
  }
  const told = [...best].filter(([, { shortest, besides }]) => besides <= shortest + 1);
  return [`${NODE0} 2/0`, ...told.map(([name, { besides }]) => `${name}${besides}`)].sort();
}

test("connection ids tell who dialed, and write IPv6 without brackets", () => {
  expect(connectionId("dialed", "10.0.0.1:50")).toBe("swbs-to://10.0.0.1:50");
  expect(connectionId("accepted", "[fe80::1]:50")).toBe("swbs-from://fe80::1:50");
});

test("only an own route of node scope is reachable here", () => {
  const table = tableOf([NODE0, "region-a.cluster-a", "region-a"]);
  expect(waysTo(table, NODE0)).toEqual(["local"]);
  expect(waysTo(table, "region-a.cluster-a.other")).toEqual([]);
  expect(table.lines()).toEqual([]);
});

test("two connections of one peer: both are ways, the accepted one first", () => {
  const table = tableOf([NODE0], to1, from1);
  expect(waysTo(table, "region-a.cluster-a.node1/hamgrd/0")).toEqual([
    "1 swbs-from://10.0.0.1:40001",
    "1 swbs-to://10.0.0.1:1",
  ]);
  expect(table.lines().map(({ nextHopId, hops }) => `${hops} ${nextHopId}`)).toEqual([
    "1 swbs-from://10.0.0.1:40001",
    "1 swbs-to://10.0.0.1:1",
  ]);
});

test("a connection that registers again under its id takes the place of the old one", () => {
  const again = { ...to1 };
  const table = tableOf([NODE0], to1, again);
  const [way] = table.ways(to1.remote);
  expect(way?.kind === "remote" && way.connection).toBe(again);
  expect(table.ways(to1.remote)).toHaveLength(1);
});

test("a local service is reached at service granularity and not told to peers", () => {
  const hamgrd = connection("from", `${NODE0}/hamgrd/0`, "127.0.0.1:5", "inNode");
  const tool = connection("from", `${NODE0}/swbus-cli/x`, "127.0.0.1:6", "client");
  const table = tableOf([NODE0], hamgrd, tool, to1);
  expect(waysTo(table, `${NODE0}/hamgrd/0/dpu/dpu0`)).toEqual(["1 swbs-from://127.0.0.1:5", "local"]);
  expect(exported(table, to1)).toEqual([`${NODE0} 2/0`]);
  expect(exported(table, hamgrd)).toEqual([]);
  expect(table.lines().map(({ path, scope }) => `${path} ${scope}`)).toEqual([
    `${NODE0}/hamgrd/0 0`,
    "region-a.cluster-a.node1 2",
  ]);
});

test("an old client that ends does not take the newer client's way along", () => {
  const old = connection("from", `${NODE0}/swbus-cli/x`, "127.0.0.1:6", "client");
  const newer = connection("from", `${NODE0}/swbus-cli/x`, "127.0.0.1:7", "client");
  const table = tableOf([NODE0], old, newer);
  table.removeConnection(old.id, T0);
  expect(waysTo(table, `${NODE0}/swbus-cli/x`)).toEqual(["1 swbs-from://127.0.0.1:7", "local"]);
});

test("each peer is told what does not lead over itself", () => {
  const table = tableOf([NODE0, "region-a.cluster-a"], to1, to2);
  table.importRoutes(to1, [announced("region-a.cluster-b", 1)], T0);
  table.importRoutes(to2, [announced("region-a", 1)], T0);
  expect(exported(table, to1)).toEqual([
    "region-a 4/2",
    "region-a.cluster-a 3/0",
    "region-a.cluster-a.node0 2/0",
    "region-a.cluster-a.node2 2/1",
  ]);
  expect(exported(table, to2)).toEqual([
    "region-a.cluster-a 3/0",
    "region-a.cluster-a.node0 2/0",
    "region-a.cluster-a.node1 2/1",
    "region-a.cluster-b 3/2",
  ]);
});

test("a peer on the best path is told an alternative of one hop more, not of two", () => {
  const table = tableOf([NODE0], to1, to2);
  table.importRoutes(to1, [announced("r.c.x", 1), announced("r.c.y", 1)], T0);
  table.importRoutes(to2, [announced("r.c.x", 2), announced("r.c.y", 3)], T0);
  expect(exported(table, to1)).toContain("r.c.x 2/3");
  expect(exported(table, to1).filter((line) => line.startsWith("r.c.y"))).toEqual([]);
});

test("a gateway of another cluster is told clusters and regions, one of another region only regions", () => {
  const gateway = connection("to", "region-a.cluster-b.gw", "10.0.1.1:1", "inRegion");
  const far = connection("to", "region-b.cluster-a.gw", "10.0.2.1:1", "global");
  const table = tableOf([NODE0, "region-a.cluster-a", "region-a"], to1, gateway, far);
  expect(exported(table, gateway)).toEqual(["region-a 4/0", "region-a.cluster-a 3/0"]);
  expect(exported(table, far)).toEqual(["region-a 4/0"]);
});

test("announcements replace each other as whole sets", () => {
  const table = tableOf([NODE0], to1, to2);
  const first = [
    announced("region-a.cluster-a.node1", 0),
    announced("region-a.cluster-a.nodeX/svc/0", 0, "client"),
    announced("region-a.cluster-a.node3", 1),
    announced("region-a.cluster-b", 1),
  ];
  const one = table.importRoutes(to1, first, T0);
  expect(one.changed).toBe(true);
  expect(one.refused).toHaveLength(1);
  expect(waysTo(table, "region-a.cluster-a.node3")).toEqual(["2 swbs-to://10.0.0.1:1"]);
  expect(waysTo(table, "region-a.cluster-b.any")).toEqual(["2 swbs-to://10.0.0.1:1"]);
  expect(table.importRoutes(to1, first, T0).changed).toBe(false);

  const second = [announced("region-a.cluster-a.node3", 1), announced("region-a.cluster-a.node4", 1)];
  expect(table.importRoutes(to1, second, T0).changed).toBe(true);
  expect(waysTo(table, "region-a.cluster-b.any")).toEqual([]);

  const before = exported(table, to3);
  table.importRoutes(to2, [announced("region-a.cluster-a.node3", 2)], T0);
  expect(exported(table, to3)).toEqual(before);
  table.importRoutes(to2, [], T0);
  expect(exported(table, to3)).toEqual(before);
  expect(waysTo(table, "region-a.cluster-a.node2")).toEqual(["1 swbs-to://10.0.0.2:1"]);
});

test("a peer that stops announcing its own node stays reachable over its connections", () => {
  const table = tableOf([NODE0], to1);
  table.importRoutes(to1, [announced("region-a.cluster-a.node1", 0)], T0);
  table.importRoutes(to1, [], T0);
  expect(waysTo(table, "region-a.cluster-a.node1")).toEqual(["1 swbs-to://10.0.0.1:1"]);
});

test("what a peer announced survives the loss of one of its two connections", () => {
  const table = tableOf([NODE0], to1, from1);
  table.importRoutes(from1, [announced("region-a.cluster-b", 1)], T0);
  expect(waysTo(table, "region-a.cluster-b.x")).toEqual(["2 swbs-from://10.0.0.1:40001"]);
  table.removeConnection(from1.id, T0);
  expect(waysTo(table, "region-a.cluster-b.x")).toEqual(["2 swbs-to://10.0.0.1:1"]);
  table.removeConnection(to1.id, T0);
  expect(waysTo(table, "region-a.cluster-b.x")).toEqual([]);
  expect(table.lines()).toEqual([]);
});

test("our own routes are never learned from others", () => {
  const table = tableOf([NODE0, "region-a.cluster-a"], to1);
  table.importRoutes(to1, [announced(NODE0, 3), announced("region-a.cluster-a", 2)], T0);
  expect(waysTo(table, NODE0)).toEqual(["local"]);
  expect(waysTo(table, "region-a.cluster-a.unknown")).toEqual([]);
});

test("routes without a usable destination, too far or too many are refused by name", () => {
  const table = new RouteTable([own(NODE0)], { ...ROUTE_LIMITS, routesPerPeerMax: 2 });
  table.addConnection(to1, T0);
  const report = table.importRoutes(
    to1,
    [
      announced("", 0, "global"),
      announced("r.c", 0, "inCluster"),
      announced("r.c.far", 16),
      announced("r.c.a", 1),
      announced("r.c.b", 1),
      announced("r.c.c", 1),
    ],
    T0,
  );
  expect(report.refused).toHaveLength(4);
  expect(waysTo(table, "r.c.a")).toHaveLength(1);
  expect(waysTo(table, "r.c.c")).toEqual([]);
});

test("the announcement of a connection that is gone is refused", () => {
  const table = tableOf([NODE0], to1);
  table.removeConnection(to1.id, T0);
  expect(table.importRoutes(to1, [announced("r.c.a", 1)], T0)).toMatchObject({ changed: false });
});

test("a peer is found by the address that was dialed", () => {
  const table = tableOf([NODE0], to1, connection("from", `${NODE0}/hamgrd/0`, "127.0.0.1:5", "inNode"));
  expect(table.resolveAddress("10.0.0.1:1")?.toString()).toBe("region-a.cluster-a.node1");
  expect(table.resolveAddress("127.0.0.1:5")).toBeUndefined();
  expect(table.resolveAddress("10.0.0.9:1")).toBeUndefined();
});

test("after the loss of the direct way, a longer one waits for the hold-down and must still be announced then", () => {
  const table = tableOf([NODE0], to1, to2, to3);
  table.importRoutes(to1, [announced("region-a.cluster-a.node3", 1)], T0);
  table.importRoutes(to2, [announced("region-a.cluster-a.node3", 1)], T0);
  table.removeConnection(to3.id, T0);
  expect(waysTo(table, "region-a.cluster-a.node3")).toEqual([]);
  expect(exported(table, to1).filter((line) => line.includes("node3"))).toEqual([]);
  table.importRoutes(to1, [], millis(5));
  expect(table.endHolds(millis(500))).toBe(false);
  expect(table.holdEnds).toBe(ROUTE_LIMITS.holdDown);
  expect(table.endHolds(LATER)).toBe(true);
  expect(waysTo(table, "region-a.cluster-a.node3")).toEqual(["2 swbs-to://10.0.0.2:1"]);
  expect(table.holdEnds).toBeUndefined();
});

test("a way as short as the lost one counts at once", () => {
  const table = tableOf([NODE0], to1, to2);
  table.importRoutes(to1, [announced("r.c.x", 1)], T0);
  table.importRoutes(to2, [announced("r.c.x", 1)], T0);
  table.importRoutes(to1, [], T0);
  expect(waysTo(table, "r.c.x")).toEqual(["2 swbs-to://10.0.0.2:1"]);
  table.addConnection(to3, T0);
  table.removeConnection(to3.id, T0);
  table.addConnection({ ...to3 }, millis(10));
  expect(waysTo(table, "region-a.cluster-a.node3")).toEqual(["1 swbs-to://10.0.0.3:1"]);
});

test("a route that only got longer is believed after the hold-down", () => {
  const table = tableOf([NODE0], to1);
  table.importRoutes(to1, [announced("r.c.x", 1)], T0);
  expect(table.importRoutes(to1, [announced("r.c.x", 2)], T0).changed).toBe(true);
  expect(waysTo(table, "r.c.x")).toEqual([]);
  table.endHolds(LATER);
  expect(waysTo(table, "r.c.x")).toEqual(["3 swbs-to://10.0.0.1:1"]);
});

test("own routes can change while everything stands", () => {
  const table = tableOf([NODE0], to1);
  table.replaceOwn([own(NODE0), own("region-a.cluster-a")], T0);
  expect(exported(table, to1)).toContain("region-a.cluster-a 3/0");
  table.replaceOwn([own(NODE0)], T0);
  expect(exported(table, to1)).toEqual([`${NODE0} 2/0`]);
});

test("whatever happens, peers are told the best way besides them; no connections mean no ways and no memory of them", () => {
  const peers = [to1, from1, to2, to3];
  const names = ["r.c.a", "r.c.b", "region-a.cluster-a.node3", "r.c", "r"];
  const step = fc.oneof(
    fc.nat(3).map((i) => ({ kind: "add", peer: peers[i] as Connection }) as const),
    fc.nat(3).map((i) => ({ kind: "remove", peer: peers[i] as Connection }) as const),
    fc.tuple(fc.nat(3), fc.array(fc.tuple(fc.nat(4), fc.nat(17)))).map(
      ([i, list]) =>
        ({
          kind: "import",
          peer: peers[i] as Connection,
          routes: list.map(([n, hops]): AnnouncedRoute => announced(names[n] as string, hops)),
        }) as const,
    ),
    fc.nat(3000).map((by) => ({ kind: "pass", by }) as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = tableOf([NODE0]);
      let now = 0;
      for (const one of steps) {
        if (one.kind === "add") table.addConnection(one.peer, millis(now));
        else if (one.kind === "remove") table.removeConnection(one.peer.id, millis(now));
        else if (one.kind === "import") table.importRoutes(one.peer, one.routes, millis(now));
        else {
          now += one.by;
          table.endHolds(millis(now));
        }
        for (const name of names)
          for (const way of table.ways(parseServicePath(name)))
            if (way.kind === "remote") expect(way.hops).toBeLessThanOrEqual(16);
        for (const peer of table.connections)
          expect([...exported(table, peer)].sort()).toEqual(toldBesides(table, peer));
      }
      for (const peer of peers) table.removeConnection(peer.id, millis(now));
      table.endHolds(millis(now + 5000));
      expect(names.flatMap((name) => table.ways(parseServicePath(name)))).toEqual([]);
      expect([...table.peers()]).toEqual([]);
      expect(table.holdEnds).toBeUndefined();
    }),
  );
});

import { seconds } from "@tandem/base";
import { describe, expect, test } from "vitest";
import type { GatewayShape } from "../testing/gateways.js";
import { Regions } from "../testing/regions.js";

const SMALL: GatewayShape = { regions: 2, clusters: 2, nodes: 3 };

describe("two regions of two clusters of three nodes", () => {
  test("reach each other: within a cluster directly, over its gateways elsewhere, over the border of a region", async () => {
    await using regions = await Regions.start(SMALL);
    expect(await regions.untilReached(seconds(5))).toBeLessThan(1000);
    expect(await regions.trace("r0.c0.n2", "r0.c0.n1")).toEqual(["r0.c0.n2", "r0.c0.n1"]);
    expect(await regions.trace("r0.c0.n2", "r0.c1.n2")).toEqual(["r0.c0.n2", "r0.c0.n0", "r0.c1.n0", "r0.c1.n2"]);
    const far = await regions.trace("r0.c0.n2", "r1.c1.n2");
    expect(far[0]).toBe("r0.c0.n2");
    expect(far.at(-1)).toBe("r1.c1.n2");
    expect(far.length).toBeLessThanOrEqual(6);
  });

  test("a gateway that dies is gone around, and no ghost of it stays", async () => {
    await using regions = await Regions.start(SMALL);
    await regions.clock.advance(seconds(3));
    for (const name of ["r0.c0.n0", "r1.c1.n1"]) {
      regions.kill(name);
      // Equal ways count at once; longer ones after the hold-down.
      expect(await regions.untilReached(seconds(5))).toBeLessThanOrEqual(2500);
      await regions.clock.advance(seconds(3));
      for (let second = 0; second < 70; second++) {
        await regions.clock.advance(seconds(1));
        const tables = regions.tables();
        for (const from of regions.running.keys())
          expect(tables.walk(from, name).kind, `${from} -> ${name} after ${second} s`).toBe("noRoute");
      }
    }
    expect(regions.unreached()).toBeUndefined();
    await regions.startNode("r0.c0.n0");
    expect(await regions.untilReached(seconds(10))).toBeLessThanOrEqual(3000);
  });

  const nowhere: readonly [string, string, string][] = [
    ["a node that its cluster does not have", "r0.c0.n2", "r0.c0.nobody"],
    ["a node that another cluster does not have", "r0.c0.n2", "r0.c1.nobody"],
    ["a node that a cluster of another region does not have", "r0.c0.n2", "r1.c1.nobody"],
    ["a cluster that the region does not have", "r0.c1.n2", "r0.nowhere.n0"],
    ["a cluster that another region does not have", "r0.c1.n2", "r1.nowhere.n0"],
    ["a node that its cluster, which has no border, does not have", "r0.c2.n2", "r0.c2.nobody"],
    ["a node that another cluster without a border does not have", "r1.c0.n2", "r0.c2.nobody"],
    ["a region that is not there", "r0.c0.n2", "r9.c0.n0"],
  ];
  for (const [what, from, to] of nowhere)
    test(`${what} is answered NO_ROUTE by the last that could know, and nothing circles`, async () => {
      await using regions = await Regions.start({ ...SMALL, clusters: 3 });
      await regions.clock.advance(seconds(3));
      const hops = await regions.trace(from, to);
      expect(hops.at(-1)).toMatch(/ NO_ROUTE$/);
      expect(hops.length).toBeLessThanOrEqual(7);
      const passed = hops.slice(0, -1);
      expect(new Set(passed).size).toBe(passed.length);
    });

  test("a border that is cut off from the other regions sends its own over the other border", async () => {
    await using regions = await Regions.start(SMALL);
    await regions.clock.advance(seconds(3));
    for (const other of ["10.1.0.1", "10.1.1.1"]) regions.network.cut("10.0.0.1", other);
    await regions.clock.advance(seconds(3));
    expect(await regions.untilReached(seconds(10))).toBeLessThanOrEqual(5000);
    const way = await regions.trace("r0.c0.n2", "r1.c0.n2");
    expect(way).toContain("r0.c1.n0");
  });
});

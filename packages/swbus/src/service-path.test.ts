import fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkPath,
  compareServicePaths,
  displayServicePath,
  parseServicePath,
  SCOPE,
  ServicePath,
  type ServicePathParts,
  scopeOf,
} from "./service-path.js";

const full = parseServicePath("r.c.n/st/si/rt/ri");

const texts = [
  { text: "r.c.n/st/si/rt/ri", parts: ["r", "c", "n", "st", "si", "rt", "ri"] },
  { text: "region-a.cluster-a.1.1.1.1-dpu0", parts: ["region-a", "cluster-a", "1.1.1.1-dpu0", "", "", "", ""] },
  { text: "/hamgrd/0", parts: ["", "", "", "hamgrd", "0", "", ""] },
  { text: "r.c.n////", parts: ["r", "c", "n", "", "", "", ""] },
  { text: "r", parts: ["r", "", "", "", "", "", ""] },
  { text: "r.c", parts: ["r", "c", "", "", "", "", ""] },
  { text: "r.c.n/a/b/c/d/e/f", parts: ["r", "c", "n", "a", "b", "c", "d"] },
  { text: "", parts: ["", "", "", "", "", "", ""] },
];
for (const { text, parts } of texts)
  test(`"${text}" parses into its seven parts`, () => {
    const { region, cluster, node, serviceType, serviceId, resourceType, resourceId } = parseServicePath(text);
    expect([region, cluster, node, serviceType, serviceId, resourceType, resourceId]).toEqual(parts);
  });

test("the display form keeps every slash and as much of the place as there is", () => {
  const at = (parts: Partial<ServicePathParts>): string =>
    displayServicePath(
      new ServicePath({ serviceType: "st", serviceId: "si", resourceType: "rt", resourceId: "ri", ...parts }),
    );
  expect(at({ region: "r", cluster: "c", node: "n" })).toBe("r.c.n/st/si/rt/ri");
  expect(at({ region: "r", cluster: "c" })).toBe("r.c/st/si/rt/ri");
  expect(at({ region: "r" })).toBe("r/st/si/rt/ri");
  expect(displayServicePath(full.swbusdPath)).toBe("r.c.n////");
});

test("the text for people stops at the first gap", () => {
  expect(full.toString()).toBe("r.c.n/st/si/rt/ri");
  expect(new ServicePath({ region: "r", node: "n" }).toString()).toBe("r");
  expect(full.withResource("", "ri").toString()).toBe("r.c.n/st/si");
  expect(parseServicePath("/hamgrd/0").toString()).toBe("/hamgrd/0");
});

test("route keys keep dots and slashes even around what is empty", () => {
  expect(full.routeKeys).toEqual(["r.c.n/st/si", "r.c.n", "r.c", "r"]);
  expect(parseServicePath("r.c.n").servicePrefix).toBe("r.c.n//");
  expect(parseServicePath("r").clusterPrefix).toBe("r..");
  expect([full.globalPrefix, full.regionPrefix, full.clusterPrefix]).toEqual(["r", "r.c", "r.c.n"]);
});

const joins = [
  { base: "r.c.n/a/b/c/d", other: "r2.c2.n2/x/y/z/w", joined: "r2.c2.n2/x/y/z/w" },
  { base: "r.c.n/a/b/c/d", other: "/x/y", joined: "r.c.n/x/y" },
  { base: "r.c.n/a/b/c/d", other: "", joined: "r.c.n/a/b/c/d" },
  { base: "r.c.n", other: "/hamgrd/0/dpu/x", joined: "r.c.n/hamgrd/0/dpu/x" },
];
for (const { base, other, joined } of joins)
  test(`"${base}" joined with "${other}" is "${joined}"`, () => {
    expect(parseServicePath(base).join(parseServicePath(other)).toString()).toBe(joined);
  });

test("the swbusd of a path keeps the place only", () => {
  expect(full.swbusdPath.key).toBe(parseServicePath("r.c.n").key);
  expect(full.servicePath.key).toBe(parseServicePath("r.c.n/st/si").key);
  expect(full.resourceTypePath.key).toBe(parseServicePath("r.c.n/st/si/rt").key);
});

test("a path's parts imply its scope", () => {
  expect(["r", "r.c", "r.c.n", "r.c.n/st/si", "r.c.n/st"].map((text) => scopeOf(parseServicePath(text)))).toEqual([
    SCOPE.global,
    SCOPE.inRegion,
    SCOPE.inCluster,
    SCOPE.client,
    SCOPE.inCluster,
  ]);
});

test("paths are ordered field by field", () => {
  const sorted = ["r.c2.n1", "r.c1.n2", "r.c1.n1/b/0", "r.c1.n1"].map(parseServicePath).sort(compareServicePaths);
  expect(sorted.map(String)).toEqual(["r.c1.n1", "r.c1.n1/b/0", "r.c1.n2", "r.c2.n1"]);
});

test("paths that people write are checked for what parsing would bend", () => {
  expect(checkPath("r.c.n/hamgrd/0")).toBeUndefined();
  expect(checkPath("r.c.n////")).toBeUndefined();
  expect(checkPath("r.c.n/a/b/c/d/e")).toContain("at most 4");
  expect(checkPath("r.c.n/ä/0")).toContain("ASCII");
  expect(checkPath("r..n")).toContain("empty");
});

const part = fc.string({ unit: fc.constantFrom("a", "b", "-", "|", ":", "0") });
const nonEmpty = fc.string({ unit: fc.constantFrom("a", "b", "-", "|", ":", "0"), minLength: 1 });

test("display form and parsing are inverses for paths without gaps", () =>
  fc.assert(
    fc.property(nonEmpty, nonEmpty, nonEmpty, part, part, part, part, (region, cluster, node, a, b, c, d) => {
      const path = new ServicePath({
        region,
        cluster,
        node,
        serviceType: a,
        serviceId: b,
        resourceType: c,
        resourceId: d,
      });
      expect(parseServicePath(displayServicePath(path)).key).toBe(path.key);
    }),
  ));

test("parsing never fails and keys tell different paths apart", () =>
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const left = parseServicePath(a);
      const right = parseServicePath(b);
      expect(left.equals(right)).toBe(compareServicePaths(left, right) === 0);
    }),
  ));

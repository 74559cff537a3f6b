import { memoryFiles } from "@tandem/base/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { ConfigReading } from "./config.js";
import { parseYamlConfig, yamlConfig } from "./yaml-config.js";

const GOOD = `endpoint: 10.0.0.1:50001
routes:
  - key: "region-a.cluster-a.10.0.0.1-dpu0"
    scope: "InCluster"
  - key: region-a.cluster-a
    scope: InRegion
peers:
  - id: ignored
    endpoint: "10.0.0.2:8000"
    conn_type: "InCluster"
  - endpoint: '[2001:db8::2]:8000'
    conn_type: InRegion
npu_ipv6: 2001:db8::1
unknown: 7
`;

function summary(reading: ConfigReading) {
  if (reading.kind === "waiting") return reading.reason;
  const { endpoint, routes, peers } = reading.config;
  return {
    endpoint,
    routes: routes.map(({ path, scope }) => `${path} ${scope}`),
    peers: peers.map((peer) => `${peer.endpoint} ${peer.type}`),
    faults: reading.faults.map(({ where, detail }) => `${where}: ${detail}`),
  };
}

test("quoted and plain values, unknown members, and the endpoint's address as the NPU's", () => {
  const reading = parseYamlConfig(GOOD, "swbusd.yaml");
  expect(summary(reading)).toEqual({
    endpoint: "10.0.0.1:50001",
    routes: ["region-a.cluster-a.10.0.0.1-dpu0 2", "region-a.cluster-a 3"],
    peers: ["10.0.0.2:8000 inCluster", "[2001:db8::2]:8000 inRegion"],
    faults: [],
  });
  expect(reading).toMatchObject({ config: { npuIpv4: "10.0.0.1", npuIpv6: "2001:db8::1" } });
});

const unusable = [
  { what: "an empty file", text: "", says: "f.yaml: expected a map" },
  { what: "a list", text: "- a\n", says: "expected a map" },
  { what: "broken YAML", text: "endpoint: [1\nroutes: x", says: /^f\.yaml:\d+:\d+: not YAML/ },
  { what: "no endpoint", text: GOOD.replace("endpoint: 10.0.0.1:50001\n", ""), says: "endpoint is missing" },
  {
    what: "a host name as endpoint",
    text: GOOD.replace("10.0.0.1:50001", "localhost:50001"),
    says: "f.yaml:1 endpoint",
  },
  { what: "no route of node scope", text: GOOD.replace('"InCluster"', "Global"), says: "no route of scope InCluster" },
];
for (const { what, text, says } of unusable)
  test(`${what} is not usable, and the reason names the place`, () => {
    const reading = parseYamlConfig(text, "f.yaml");
    expect(reading.kind).toBe("waiting");
    expect(summary(reading)).toMatch(says);
  });

const skipped = [
  {
    what: "a peer of an unknown type",
    from: 'conn_type: "InCluster"',
    to: "conn_type: Near",
    says: "f.yaml:10 peers.0.conn_type: expected a conn_type",
  },
  {
    what: "a peer that is a client",
    from: 'conn_type: "InCluster"',
    to: "conn_type: Client",
    says: "peers.0.conn_type",
  },
  {
    what: "a peer without a port",
    from: "10.0.0.2:8000",
    to: "10.0.0.2",
    says: 'f.yaml:9 peers.0.endpoint: "10.0.0.2" is not an endpoint',
  },
  { what: "ourselves as a peer", from: "10.0.0.2:8000", to: "10.0.0.1:50001", says: "twice, or our own" },
  { what: "a route of an unknown scope", from: "scope: InRegion", to: "scope: 3", says: "f.yaml:6 routes.1.scope" },
  {
    what: "a route without a cluster",
    from: "key: region-a.cluster-a\n",
    to: "key: region-a\n",
    says: "names no cluster",
  },
  { what: "an address of the other family", from: "npu_ipv6: 2001:db8::1", to: "npu_ipv6: 1.2.3.4", says: "npu_ipv6" },
];
for (const { what, from, to, says } of skipped)
  test(`${what} is skipped with a fault that names the line`, () => {
    const reading = parseYamlConfig(GOOD.replace(from, to), "f.yaml");
    expect(reading.kind).toBe("config");
    expect(reading.faults.map(({ where, detail }) => `${where}: ${detail}`).join()).toContain(says);
    expect(reading.faults).toHaveLength(1);
  });

test("peers may be an empty list or nothing, but must be mentioned", () => {
  const head = GOOD.slice(0, GOOD.indexOf("peers:"));
  expect(parseYamlConfig(`${head}peers: []\n`, "f").faults).toEqual([]);
  expect(parseYamlConfig(`${head}peers:\n`, "f").faults).toEqual([]);
  expect(parseYamlConfig(head, "f").faults).toHaveLength(1);
});

test("a file that is not there is a reason, not an exception", async () => {
  const files = new Map<string, string>();
  const source = yamlConfig(memoryFiles(files), "/etc/swbusd.yaml");
  expect(await source.read()).toMatchObject({ kind: "waiting", reason: "/etc/swbusd.yaml: no such file" });
  files.set("/etc/swbusd.yaml", GOOD);
  expect((await source.read()).kind).toBe("config");
});

test("any text, and any YAML, gives a configuration or a reason", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", ":", " ", "\n", "-", "[", "&x", "*x", "{", '"', "!", "1") }),
      (text) => {
        parseYamlConfig(text, "f");
      },
    ),
  );
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean());
  const item = fc.dictionary(fc.constantFrom("key", "scope", "endpoint", "conn_type"), leaf);
  const list = fc.oneof(fc.array(fc.oneof(item, leaf)), leaf);
  fc.assert(
    fc.property(
      fc.record({ endpoint: leaf, routes: list, peers: list, npu_ipv4: leaf }, { requiredKeys: [] }),
      (json) => {
        parseYamlConfig(stringify(json), "f");
        parseYamlConfig(`${stringify(json)}`.replace(/^endpoint.*/m, "endpoint: 1.2.3.4:5"), "f");
      },
    ),
  );
});

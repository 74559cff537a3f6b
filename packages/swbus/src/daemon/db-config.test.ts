import { millis, seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConfigReading } from "./config.js";
import { type ConfigRows, configFromRows } from "./config-from-rows.js";
import { dbConfig } from "./db-config.js";
import { startSwbusd } from "./swbusd.js";

type RowInput = Readonly<Record<string, string>>;

const METADATA: RowInput = { region: "region-a", cluster: "cluster-a", hostname: "host1", type: "LeafRouter" };
const LOOPBACKS = ["Loopback0", "Loopback0|10.0.1.0/32", "Loopback0|2001:db8::1/128", "Loopback1|10.9.9.9/32"];
const DPUS: Readonly<Record<string, RowInput>> = {
  dpu0: { dpu_id: "0", swbus_port: "23606", state: "up" },
  dpu1: { dpu_id: "1", swbus_port: "23607" },
};
const remote = (n: number): RowInput => ({
  type: "cluster",
  dpu_id: String(n),
  swbus_port: "23606",
  npu_ipv4: `10.0.2.${n}`,
  npu_ipv6: `2001:db8::2:${n}`,
});
const REMOTES: Readonly<Record<string, RowInput>> = { r0: remote(0), r1: remote(1), r2: remote(2), r3: remote(3) };

interface Input {
  readonly metadata?: RowInput;
  readonly loopbacks?: readonly string[];
  readonly dpus?: Readonly<Record<string, RowInput>>;
  readonly remotes?: Readonly<Record<string, RowInput>>;
  readonly vdpus?: Readonly<Record<string, RowInput>>;
}

function rowsOf(input: Input = {}): ConfigRows {
  const table = (rows: Readonly<Record<string, RowInput>>) =>
    new Map(Object.entries(rows).map(([key, row]) => [key, new Map(Object.entries(row))]));
  return {
    metadata: new Map(Object.entries(input.metadata ?? METADATA)),
    loopbacks: input.loopbacks ?? LOOPBACKS,
    dpus: table(input.dpus ?? DPUS),
    remoteDpus: table(input.remotes ?? REMOTES),
    vdpus: table(input.vdpus ?? {}),
  };
}

function peersOf(reading: ConfigReading): string[] {
  return reading.kind === "config" ? reading.config.peers.map(({ endpoint, type }) => `${endpoint} ${type}`) : [];
}

test("slot 0 of a switch with two DPUs and four remote ones", () => {
  const reading = configFromRows(rowsOf(), 0);
  expect(reading).toMatchObject({
    kind: "config",
    faults: [],
    config: { endpoint: "10.0.1.0:23606", npuIpv4: "10.0.1.0", npuIpv6: "2001:db8::1" },
  });
  expect(reading.kind === "config" && reading.config.routes.map(({ path, scope }) => `${path} ${scope}`)).toEqual([
    "region-a.cluster-a.host1-dpu0 2",
  ]);
  expect(peersOf(reading)).toEqual([
    "10.0.1.0:23607 inCluster",
    "10.0.2.0:23606 inCluster",
    "10.0.2.1:23606 inCluster",
    "10.0.2.2:23606 inCluster",
    "10.0.2.3:23606 inCluster",
  ]);
});

test("slot 1 of the same switch is another node on another port, and slot 0 is its peer", () => {
  const reading = configFromRows(rowsOf(), 1);
  expect(reading).toMatchObject({ kind: "config", config: { endpoint: "10.0.1.0:23607" } });
  expect(reading.kind === "config" && String(reading.config.routes[0]?.path)).toBe("region-a.cluster-a.host1-dpu1");
  expect(peersOf(reading)[0]).toBe("10.0.1.0:23606 inCluster");
});

test("without an IPv4 loopback the endpoint is IPv6, and a peer without IPv4 is dialed by IPv6", () => {
  const { npu_ipv4: _, ...v6 } = remote(7);
  const reading = configFromRows(
    rowsOf({ loopbacks: ["Loopback0|2001:db8::1/128"], remotes: { r7: { ...v6, npu_ipv4: "none" } } }),
    1,
  );
  expect(reading).toMatchObject({ config: { endpoint: "[2001:db8::1]:23607" } });
  expect(peersOf(reading)).toEqual(["[2001:db8::1]:23606 inCluster", "[2001:db8::2:7]:23606 inCluster"]);
});

const waits: readonly { what: string; input: Input; slot?: number; says: string }[] = [
  { what: "no metadata", input: { metadata: {} }, says: "region is missing" },
  { what: "no hostname", input: { metadata: { region: "r", cluster: "c" } }, says: "hostname is missing" },
  { what: "a region with a dot", input: { metadata: { ...METADATA, region: "a.b" } }, says: 'region "a.b"' },
  { what: "a cluster with a slash", input: { metadata: { ...METADATA, cluster: "a/b" } }, says: 'cluster "a/b"' },
  {
    what: "no loopback address yet",
    input: { loopbacks: ["Loopback0", "Loopback1|1.2.3.4/32"] },
    says: "no address yet",
  },
  { what: "no row for the slot", input: {}, slot: 5, says: "dpu_id 5" },
  { what: "a broken row for the slot", input: { dpus: { dpu0: { dpu_id: "0" } } }, says: "dpu_id 0" },
];
for (const { what, input, slot = 0, says } of waits)
  test(`with ${what} it waits, and says for what`, () => {
    const reading = configFromRows(rowsOf(input), slot);
    expect(reading.kind === "waiting" && reading.reason).toContain(says);
  });

const bad: readonly { what: string; input: Input; says: string; peers: number }[] = [
  {
    what: "a DPU without dpu_id",
    input: { dpus: { ...DPUS, x: { swbus_port: "1" } } },
    says: "DPU|x: dpu_id is missing",
    peers: 5,
  },
  {
    what: "a DPU without swbus_port",
    input: { dpus: { ...DPUS, x: { dpu_id: "3" } } },
    says: "DPU|x: swbus_port is missing",
    peers: 5,
  },
  {
    what: "a DPU with a port of 70000",
    input: { dpus: { ...DPUS, x: { dpu_id: "3", swbus_port: "70000" } } },
    says: "1 to 65535",
    peers: 5,
  },
  {
    what: "two rows of one dpu_id",
    input: { dpus: { ...DPUS, x: { dpu_id: "1", swbus_port: "9" } } },
    says: "that of DPU|dpu1 already",
    peers: 5,
  },
  {
    what: "a remote DPU without type",
    input: { remotes: { ...REMOTES, x: { dpu_id: "9", swbus_port: "1" } } },
    says: "REMOTE_DPU|x: type is missing",
    peers: 5,
  },
  {
    what: "a remote DPU with a bad address",
    input: { remotes: { ...REMOTES, x: { ...remote(9), npu_ipv4: "10.0.2" } } },
    says: 'npu_ipv4 "10.0.2"',
    peers: 5,
  },
  {
    what: "a remote DPU without address",
    input: { remotes: { ...REMOTES, x: { type: "cluster", dpu_id: "9", swbus_port: "1" } } },
    says: "neither",
    peers: 5,
  },
  {
    what: "two remote DPUs at one endpoint",
    input: { remotes: { ...REMOTES, x: remote(3) } },
    says: "is there already",
    peers: 5,
  },
  {
    what: "an odd loopback address",
    input: { loopbacks: [...LOOPBACKS, "Loopback0|nowhere"] },
    says: '"nowhere"',
    peers: 5,
  },
];
for (const { what, input, says, peers } of bad)
  test(`${what} is one fault that names the row; everything else stands`, () => {
    const reading = configFromRows(rowsOf(input), 0);
    expect(reading.faults.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([expect.stringContaining(says)]);
    expect(peersOf(reading)).toHaveLength(peers);
  });

test("remote rows of another type are none of our business", () => {
  const reading = configFromRows(rowsOf({ remotes: { ...REMOTES, x: { type: "local" } } }), 0);
  expect(reading.faults).toEqual([]);
});

test("of two rows of one dpu_id the one that a vDPU names counts, whatever the order of keys", () => {
  const dpus = { ...DPUS, aaa: { dpu_id: "0", swbus_port: "9" } };
  expect(configFromRows(rowsOf({ dpus: { aaa: dpus.aaa, ...DPUS } }), 0)).toMatchObject({
    config: { endpoint: "10.0.1.0:9" },
  });
  const vdpus = { v: { main_dpu_ids: "other, dpu0" } };
  expect(configFromRows(rowsOf({ dpus: { aaa: dpus.aaa, ...DPUS }, vdpus }), 0)).toMatchObject({
    config: { endpoint: "10.0.1.0:23606" },
    faults: [{ where: "CONFIG_DB DPU|aaa", detail: "dpu_id 0 is that of DPU|dpu0 already" }],
  });
});

test("a row that goes bad counts as it was; gone, it is gone", () => {
  const { good } = configFromRows(rowsOf(), 0);
  const broken = { dpus: { ...DPUS, dpu0: { dpu_id: "x" } }, remotes: { ...REMOTES, r1: { type: "cluster" } } };
  const spoilt = configFromRows(rowsOf(broken), 0, good);
  expect(spoilt).toMatchObject({ config: { endpoint: "10.0.1.0:23606" } });
  expect(peersOf(spoilt)).toHaveLength(5);
  expect(spoilt.faults.map(({ where, effect }) => `${where}: ${effect}`)).toEqual([
    "CONFIG_DB DPU|dpu0: its last good form stays",
    "CONFIG_DB REMOTE_DPU|r1: its last good form stays",
  ]);
  const { r1: _, ...remotes } = REMOTES;
  const without = configFromRows(rowsOf({ remotes }), 0, spoilt.good);
  expect(peersOf(without)).toHaveLength(4);
  expect(peersOf(configFromRows(rowsOf(broken), 0, without.good))).toHaveLength(4);
});

test("any rows give a configuration or a reason", () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom("0", "1", "23606", "none", "10.0.0.1", "cluster", "::1", "-1", "1e3"),
  );
  const row = fc.dictionary(fc.constantFrom("dpu_id", "swbus_port", "type", "npu_ipv4", "npu_ipv6", "pa_ipv4"), value);
  const table = fc.dictionary(fc.string({ maxLength: 3 }), row);
  const loopback = fc.tuple(fc.constantFrom("Loopback0", "Loopback0|", "x"), value).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      table,
      table,
      fc.array(loopback),
      fc.dictionary(fc.constantFrom("region", "cluster", "hostname"), value),
      (dpus, remotes, loopbacks, metadata) => {
        configFromRows(rowsOf({ dpus, remotes, loopbacks, metadata }), 0);
        configFromRows(rowsOf({ dpus: { ...DPUS, ...dpus }, remotes, loopbacks: [...LOOPBACKS, ...loopbacks] }), 0);
      },
    ),
  );
});

test("a swbusd follows CONFIG_DB: it waits for the loopback, takes new peers, survives bad rows", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const redis = new MemoryRedis({ clock });
  const stores = new MemoryStores({ clock, random, servers: [{ redis }] });
  const store = unwrap(stores.open({ db: "CONFIG_DB" }));
  const set = (key: string, fields: RowInput) => store.command(["HSET", key, ...Object.entries(fields).flat()]);
  await clock.advance(seconds(1));
  await store.command(["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
  await set("DEVICE_METADATA|localhost", METADATA);
  for (const [key, row] of Object.entries(DPUS)) await set(`DPU|${key}`, row);

  const told: string[] = [];
  const daemon = await startSwbusd({
    config: dbConfig(store, 0, clock),
    clock,
    random,
    bus: new MemoryNetwork({ clock }).bus("10.0.1.0"),
    observer: (event) => told.push(event.kind === "waiting" ? event.reason : event.kind),
  });
  await clock.advance(seconds(20));
  expect(told).toEqual(["CONFIG_DB LOOPBACK_INTERFACE|Loopback0|<address>: no address yet"]);

  await set("LOOPBACK_INTERFACE|Loopback0|10.0.1.0/32", { NULL: "NULL" });
  await clock.advance(millis(100));
  expect(daemon.state).toEqual({
    kind: "listening",
    endpoint: "10.0.1.0:23606",
    path: "region-a.cluster-a.host1-dpu0",
  });

  await set("REMOTE_DPU|r0", remote(0));
  await set("REMOTE_DPU|broken", { type: "cluster" });
  await clock.advance(seconds(10));
  expect(told.filter((kind) => kind === "badConfig")).toHaveLength(1);
  expect(daemon.stats.dialFailures).toBeGreaterThan(1);

  await store.command(["DEL", "LOOPBACK_INTERFACE|Loopback0|10.0.1.0/32"]);
  await clock.advance(seconds(10));
  expect(daemon.state.kind).toBe("listening");
  expect(told.at(-1)).toContain("the last good configuration stays");

  await clock.run(Promise.resolve(daemon[Symbol.asyncDispose]()), seconds(5));
  await clock.run(Promise.resolve(stores[Symbol.asyncDispose]()), seconds(5));
});

test("a change is seen at once also when Redis answered only after the watch began", async () => {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  redis.kill();
  await using stores = new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
  const store = unwrap(stores.open({ db: "CONFIG_DB" }));
  let changes = 0;
  const unwatch = dbConfig(store, 0, clock).watch(() => {
    changes += 1;
  });
  await clock.advance(millis(500));
  redis.restart();
  await clock.advanceUntil(() => store.connected, seconds(3));
  await clock.advance(millis(10));
  const before = changes;
  await store.command(["HSET", "DPU|dpu0", "dpu_id", "0"]);
  await clock.advance(millis(10));
  expect(changes).toBe(before + 1);
  unwatch();
});

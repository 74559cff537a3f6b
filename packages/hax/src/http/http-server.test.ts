import { noCrash, seconds, seededRandom, systemClock, unwrap } from "@tandem/base";
import { Metrics } from "@tandem/daemon";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Bridge } from "../bridge/bridge.js";
import { countHaxEvents, measureHax } from "../daemon/hax-metrics.js";
import { MemoryConsul } from "../testing/memory-consul.js";
import { MemoryLink } from "../testing/memory-link.js";
import { HaxView } from "./hax-view.js";
import { type HaxServer, serveHax } from "./http-server.js";

const TOKEN = "a-token-of-sixteen-or-more";
let server: HaxServer;
let bridge: Bridge;
let link: MemoryLink;
let consul: MemoryConsul;

beforeAll(async () => {
  consul = new MemoryConsul(systemClock);
  link = new MemoryLink({ clock: systemClock });
  const metrics = new Metrics();
  const count = countHaxEvents(metrics);
  bridge = new Bridge({
    ...{
      clock: systemClock,
      random: seededRandom(1),
      crashPoint: noCrash,
      link,
      consul,
    },
    ...{ node: "b1", profile: "default", notPassing: "graded", expand: "services", stobIoq: "ignore", services: [] },
    ...{ viewMax: seconds(60), onEvent: count.event },
  });
  measureHax(metrics, bridge, link, () => systemClock.monotonic());
  const view = new HaxView({ clock: systemClock, node: "b1", link, bridge });
  server = unwrap(
    await serveHax({
      ...{ bridge, view, metrics, host: "127.0.0.1", port: 0, bodyMax: 8 * 1024 * 1024, token: () => TOKEN },
      count: count.request,
    }),
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await bridge.stop();
  await link[Symbol.asyncDispose]();
});

const call = (method: string, path: string, body?: string, token: string | undefined = TOKEN) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    ...(body !== undefined && { body }),
    ...(token !== "" && { headers: { authorization: `Bearer ${token}` } }),
  });
const element = (id: string) => ({
  ...{ Node: { Node: "b1" }, Service: { ID: id, Service: "ios" } },
  Checks: [{ CheckID: `service:${id}`, Status: "passing", ServiceID: id, Output: "x".repeat(200) }],
});

test.each([
  ["one service", JSON.stringify([element("16")]), 200],
  ["null", "null", 200],
  ["an empty array", "[]", 200],
  ["broken JSON", "{", 400],
  ["nothing", "", 400],
  ["an id of no process", JSON.stringify([element("x")]), 400],
  ["a number", "3", 400],
  ["100,000 brackets", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, 400],
])("POST / with %s: %i", async (_, body, status) => {
  const answer = await call("POST", "/", body);
  expect(answer.status).toBe(status);
  const text = await answer.text();
  if (status === 200) expect(text).toBe("");
  else expect(JSON.parse(text)).toMatchObject({ status_code: status, reason: expect.any(String) });
});

test("broken JSON has upstream's reason", async () => {
  expect(await (await call("POST", "/", "{")).json()).toMatchObject({ reason: "Bad JSON provided" });
});

test("a watch of 5 MiB is taken; one beyond the limit is refused with the limit in its reason", async () => {
  const five = JSON.stringify(Array.from({ length: 16_000 }, (_, i) => element(String(i + 1))));
  expect(five.length).toBeGreaterThan(5 * 1024 * 1024);
  expect((await call("POST", "/", five)).status).toBe(200);
  const answer = await call("POST", "/", `"${"x".repeat(9 * 1024 * 1024)}"`);
  expect([answer.status, await answer.json()]).toMatchObject([413, { reason: expect.stringContaining("8388608") }]);
});

test("without the token nothing is told but that hax lives", async () => {
  expect((await call("POST", "/", "[]", "")).status).toBe(401);
  expect((await call("GET", "/v1/state", undefined, "wrong-token-of-16-or-more")).status).toBe(401);
  expect(await (await call("GET", "/", undefined, "")).text()).toBe("I'm alive! Sincerely, HaX");
  expect((await call("GET", "/ready", undefined, "")).status).toBe(200);
});

test("what it knows, why, its metrics and its API are answered", async () => {
  expect(await (await call("GET", "/v1/state")).json()).toMatchObject({ schema: "tandem.hax-state.v1", node: "b1" });
  expect(await (await call("GET", "/v1/why?fid=0x7200000000000001:0x999")).json()).toMatchObject({ state: "FAILED" });
  expect((await call("GET", "/v1/why?fid=x")).status).toBe(400);
  expect(await (await call("GET", "/metrics")).text()).toContain("tandem_hax_bad_inputs_total");
  expect(await (await call("GET", "/openapi.json")).json()).toMatchObject({ paths: { "/watcher/bq": {} } });
  expect(await (await call("GET", "/docs")).text()).toContain("<h1>Tandem hax");
});

test("other watches: a queue, one process", async () => {
  expect((await call("POST", "/watcher/bq", "null")).status).toBe(200);
  expect((await call("POST", "/watcher/bq", "{}")).status).toBe(400);
  const entry = {
    Key: "processes/0x7200000000000001:0x10",
    Value: Buffer.from(`{"state": "M0_CONF_HA_PROCESS_STOPPED"}`).toString("base64"),
  };
  expect((await call("POST", "/watcher/processes", JSON.stringify(entry))).status).toBe(200);
  expect((await call("POST", "/watcher/processes", `{"Key": "x", "Value": null}`)).status).toBe(400);
});

const POOL = '{"fid": "0x6f00000000000001:0x1"}';
test.each([
  ["POST", "repair-start", POOL, 501, "spiel"],
  ["POST", "rebalance-pause", POOL, 501, "spiel"],
  ["POST", "disk-attach", POOL, 200, undefined],
  ["POST", "repair-start", '{"fid": "0x7200000000000001:0x1"}', 400, "fid of a pool"],
  ["POST", "repair-start", "null", 400, "expected"],
  ["POST", "repair-start", '{"fid": "0x1ffffffffffffffff:0x1"}', 400, "expected"],
  ["POST", "dance", POOL, 404, "no operation dance"],
  ["GET", "repair-status?pool_fid=0x6f00000000000001:0x1", undefined, 501, "spiel"],
  ["GET", "rebalance-status", undefined, 400, "pool_fid"],
  ["GET", "dance-status", undefined, 404, "dance-status"],
] as const)("§7: %s /api/v1/sns/%s %s is %i", async (method, op, body, status, says) => {
  const answer = await call(method, `/api/v1/sns/${op}`, body);
  expect(answer.status).toBe(status);
  const text = await answer.text();
  if (says === undefined) expect(text).toBe("");
  else expect(JSON.parse(text)).toMatchObject({ status_code: status, reason: expect.stringContaining(says) });
});

test("§7: another method is 405 and says which there are; every answer has the id of its request", async () => {
  const put = await call("PUT", "/", "{}");
  expect([put.status, put.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  expect((await call("DELETE", "/api/v1/sns/repair-start")).status).toBe(405);
  expect((await call("GET", "/watcher/moon")).status).toBe(404);
  expect(put.headers.get("x-request-id")).toMatch(/./);
});

test("§7: the cluster's status, its byte counts and fids come from Consul", async () => {
  consul.set("m0conf/pools/0x6f00000000000001:0x1", "SNS pool");
  consul.set("m0conf/profiles/0x7000000000000001:0x2", '{"name": "default", "pools": ["SNS pool", null]}');
  consul.set("m0conf/nodes/b1/processes/16/services/ios", "18");
  consul.set("m0conf/nodes/b1/processes/16/services/rms", "17");
  consul.set("m0conf/nodes/b1/processes/16/endpoint", "inet:tcp:10.9.8.21@21003");
  consul.set("m0conf/nodes/b2/processes/80/services/m0_client_other", "81");
  consul.set("processes/0x7200000000000001:0x10", '{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "x"}');
  consul.set("stats/filesystem", '{"stats": {"fs_total_disk": 8}, "timestamp": 1.5}');
  consul.set("bytecount/healthy", "9000");
  const passing = (checkId: string, serviceId: string) => ({ checkId, serviceId, status: "passing" });
  consul.register("ios", {
    ...{ node: "b1", serviceId: "16", address: "x", port: 1, meta: {} },
    checks: [passing("serfHealth", ""), passing("service:16", "16")],
  });
  expect(await (await call("GET", "/v1/cluster/status")).json()).toEqual({
    schema: "tandem.hax-cluster.v1",
    pools: [{ fid: "0x6f00000000000001:0x1", name: "SNS pool" }],
    profiles: [{ fid: "0x7000000000000001:0x2", name: "default", pools: ["SNS pool"] }],
    filesystem: { stats: { fs_total_disk: 8 }, timestamp: 1.5 },
    nodes: [
      {
        name: "b1",
        svcs: [{ name: "ios", fid: "0x7200000000000001:0x10", ep: "inet:tcp:10.9.8.21@21003", status: "started" }],
      },
      { name: "b2", svcs: [{ name: "m0_client_other", fid: "0x7200000000000001:0x50", ep: null, status: "unknown" }] },
    ],
  });
  expect(await (await call("GET", "/v1/cluster/status/bytecount")).json()).toEqual({
    ...{ schema: "tandem.hax-bytecount.v1", healthy: 9000, degraded: null, critical: null, damaged: null },
  });
  expect(await (await call("GET", "/v1/cluster/fetch-fids")).json()).toMatchObject([
    { name: "ios", fid: "0x7200000000000001:0x10", node: "b1" },
    { name: "m0_client_other" },
  ]);
  consul.failure = { kind: "status", status: 500, what: "No cluster leader" };
  const down = await call("GET", "/v1/cluster/status");
  expect([down.status, await down.json()]).toMatchObject([
    503,
    { reason: "Consul does not answer: No cluster leader" },
  ]);
  consul.failure = undefined;
});

test("§7: subscriptions are a list in Consul; twice is once, and what others put there stays", async () => {
  const key = "events/subscription/node";
  consul.set(key, '["disk_message"]');
  for (let i = 0; i < 2; i++)
    expect((await call("POST", "/v1/events/subscribe", '{"node": "health_message"}')).status).toBe(200);
  expect(consul.read(key)).toBe('["disk_message", "health_message"]');
  expect((await call("POST", "/v1/events/unsubscribe", '{"node": "disk_message"}')).status).toBe(200);
  expect(consul.read(key)).toBe('["health_message"]');
  consul.set(key, "what?");
  expect((await call("POST", "/v1/events/subscribe", '{"node": "health_message"}')).status).toBe(200);
  expect(consul.read(key)).toBe('["health_message"]');
  for (const body of ["null", "[]", "{}", '{"node": 1}', '{"a/b": "x"}', '{"node": "a b"}'])
    expect((await call("POST", "/v1/events/subscribe", body)).status).toBe(400);
});

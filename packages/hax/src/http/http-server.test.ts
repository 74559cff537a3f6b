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

beforeAll(async () => {
  link = new MemoryLink({ clock: systemClock });
  const metrics = new Metrics();
  const count = countHaxEvents(metrics);
  bridge = new Bridge({
    ...{
      clock: systemClock,
      random: seededRandom(1),
      crashPoint: noCrash,
      link,
      consul: new MemoryConsul(systemClock),
    },
    ...{ node: "b1", profile: "default", notPassing: "graded", expand: true, stobIoq: "ignore", services: [] },
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

test("other watches: a queue, one process, and operations that need Motr's library", async () => {
  expect((await call("POST", "/watcher/bq", "null")).status).toBe(200);
  expect((await call("POST", "/watcher/bq", "{}")).status).toBe(400);
  const entry = {
    Key: "processes/0x7200000000000001:0x10",
    Value: Buffer.from(`{"state": "M0_CONF_HA_PROCESS_STOPPED"}`).toString("base64"),
  };
  expect((await call("POST", "/watcher/processes", JSON.stringify(entry))).status).toBe(200);
  expect((await call("POST", "/watcher/processes", `{"Key": "x", "Value": null}`)).status).toBe(400);
  expect((await call("POST", "/api/v1/sns/repair-start", `{"fid": "0x6f00000000000001:0x1"}`)).status).toBe(501);
  expect((await call("POST", "/api/v1/sns/dance", "{}")).status).toBe(404);
  expect((await call("PUT", "/", "{}")).status).toBe(404);
});

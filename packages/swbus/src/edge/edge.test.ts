import { millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { MESSAGE_BYTES_MAX } from "@tandem/wire";
import { MemoryNetwork } from "@tandem/wire/testing";
import { beforeEach, expect, test } from "vitest";
import { METHOD, SERVER_PATH_HEADER } from "../daemon/admission.js";
import type { Swbusd } from "../daemon/swbusd.js";
import { ManagementRequestType, SwbusErrorCode } from "../gen/swbus_pb.js";
import { parseServicePath, type ServicePath } from "../service-path.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import { EDGE_BACKLOG_BYTES_MAX } from "./edge.js";
import type { EdgeRuntime } from "./edge-runtime.js";
import { answerTo, dataMessage, newMessage } from "./messages.js";
import { ping, traceRoute } from "./probe.js";
import { describeQueryError, getActorState, getRoutes, resolvePeer, waitConnected } from "./query.js";
import { SimpleClient } from "./simple-client.js";
import type { EdgeBody, EdgeMessage, Origin } from "./types.js";

const [AT1, AT2] = ["10.0.0.1:50", "10.0.0.2:50"];

let clock: VirtualClock;
let network: MemoryNetwork;
let world: SwbusWorld;
let daemon: Swbusd;
let near: EdgeRuntime;
let far: EdgeRuntime;
let got: { at: string; message: EdgeMessage; origin: Origin }[];

beforeEach(async () => {
  clock = new VirtualClock();
  network = new MemoryNetwork({ clock });
  world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  daemon = await world.swbusd(swbusConfig(AT1, ["r.c.n1"], { [AT2]: "inCluster" }));
  await world.swbusd(swbusConfig(AT2, ["r.c.n2"], { [AT1]: "inCluster" }));
  near = world.edge(AT1, "r.c.n1/hamgrd/0");
  far = world.edge(AT2, "r.c.n2/hamgrd/0");
  await clock.advance(seconds(2));
  got = [];
});

const path = (text: string): ServicePath => parseServicePath(text);

function listen(edge: EdgeRuntime, at: string, visibility: "public" | "private" = "public", takes = true): () => void {
  return edge.register(path(at), visibility, (message, origin) => {
    got.push({ at, message, origin });
    return takes;
  });
}

function send(edge: EdgeRuntime, to: string, body: EdgeBody = { kind: "data", payload: { key: "k", data: [1] } }) {
  return edge.send(newMessage(edge.newId(), edge.basePath.withResource("test", "0"), path(to), body));
}

/** Who got something, in order. */
const takers = (): string[] => got.map(({ at }) => at);

test("a message inside the process arrives at once and as the same object", () => {
  listen(near, "r.c.n1/hamgrd/0/dpu/x");
  const payload = { key: "k", data: { deep: [1, 2] } };
  const message = dataMessage(near.newId(), near.basePath, path("r.c.n1/hamgrd/0/dpu/x"), payload);
  expect(near.send(message)).toEqual({ ok: true, value: undefined });
  expect(got[0]?.message).toBe(message);
  expect(got[0]?.origin).toBe("local");
});

test("a message to another process arrives as JSON bytes, with the TTL of its way", async () => {
  listen(far, "r.c.n2/hamgrd/0/dpu/x");
  send(near, "r.c.n2/hamgrd/0/dpu/x", { kind: "data", payload: { key: "k|ü", data: { a: null } } });
  await clock.advance(millis(10));
  const [one] = got;
  expect(one).toMatchObject({ origin: "bus", message: { ttl: 62 } });
  const body = one?.message.body;
  expect(body?.kind === "data" && body.payload instanceof Uint8Array && Buffer.from(body.payload).toString()).toBe(
    '{"key":"k|ü","data":{"a":null}}',
  );
});

test("lookup goes from the resource to its type to its service", () => {
  listen(near, "r.c.n1/hamgrd/0");
  const offType = listen(near, "r.c.n1/hamgrd/0/dpu");
  const offResource = listen(near, "r.c.n1/hamgrd/0/dpu/x");
  send(near, "r.c.n1/hamgrd/0/dpu/x");
  offResource();
  send(near, "r.c.n1/hamgrd/0/dpu/x");
  offType();
  send(near, "r.c.n1/hamgrd/0/dpu/x");
  expect(takers()).toEqual(["r.c.n1/hamgrd/0/dpu/x", "r.c.n1/hamgrd/0/dpu", "r.c.n1/hamgrd/0"]);
});

test("handlers at every level get what is addressed exactly to them", () => {
  const levels = ["r.c.n1/hamgrd/0/dpu/x", "r.c.n1/hamgrd/0/dpu", "r.c.n1/hamgrd/0", "r.c.n1/hamgrd", "r.c.n1"];
  for (const level of levels) listen(near, level);
  for (const level of levels) send(near, level);
  expect(takers()).toEqual(levels);
});

test("a private handler is invisible from outside: the search goes on", async () => {
  listen(far, "r.c.n2/hamgrd/0/dpu/x", "private");
  listen(far, "r.c.n2/hamgrd/0/dpu");
  send(near, "r.c.n2/hamgrd/0/dpu/x");
  send(far, "r.c.n2/hamgrd/0/dpu/x");
  await clock.advance(millis(10));
  expect(takers()).toEqual(["r.c.n2/hamgrd/0/dpu/x", "r.c.n2/hamgrd/0/dpu"]);
});

test("the newest registration counts, and an older one's removal leaves it alone", () => {
  const offOld = listen(near, "r.c.n1/hamgrd/0/dpu/x");
  const offNew = near.register(path("r.c.n1/hamgrd/0/dpu/x"), "public", (message, origin) => {
    got.push({ at: "new", message, origin });
    return true;
  });
  offOld();
  offOld();
  send(near, "r.c.n1/hamgrd/0/dpu/x");
  expect(takers()).toEqual(["new"]);
  offNew();
  expect(send(near, "r.c.n1/hamgrd/0/dpu/x")).toMatchObject({ ok: false, error: { kind: "noRoute" } });
});

test("an unknown path of our own service is an error here and does not travel", async () => {
  const before = daemon.stats.received;
  expect(send(near, "r.c.n1/hamgrd/0/dpu/gone")).toMatchObject({ ok: false, error: { kind: "noRoute" } });
  await clock.advance(millis(10));
  expect(daemon.stats.received).toBe(before);
});

async function askOf(to: string, body: EdgeBody) {
  using client = new SimpleClient(near, near.basePath.withResource("asker", "0"), clock);
  return await clock.run(client.request(path(to), body, { timeout: seconds(5) }), seconds(6));
}

test("an unknown resource is answered NO_ROUTE by its service, without bouncing", async () => {
  const answer = await askOf("r.c.n2/hamgrd/0/dpu/gone", { kind: "data", payload: Buffer.from("{}") });
  expect(answer).toMatchObject({ ok: true, value: { code: SwbusErrorCode.NO_ROUTE, text: "Route not found" } });
  expect(answer.ok && answer.value.source.toString()).toBe("r.c.n2/hamgrd/0");
});

test("a handler without room is heard of: queueFull here, QUEUE_FULL from afar", async () => {
  listen(near, "r.c.n1/hamgrd/0/full/0", "public", false);
  listen(far, "r.c.n2/hamgrd/0/full/0", "public", false);
  expect(send(near, "r.c.n1/hamgrd/0/full/0")).toMatchObject({ ok: false, error: { kind: "queueFull" } });
  const answer = await askOf("r.c.n2/hamgrd/0/full/0", { kind: "data", payload: Buffer.from("{}") });
  expect(answer).toMatchObject({ ok: true, value: { code: SwbusErrorCode.QUEUE_FULL } });
});

test("pings are answered in the name of what was addressed, without troubling the handler", async () => {
  listen(far, "r.c.n2/hamgrd/0/dpu");
  for (const to of ["r.c.n2/hamgrd/0/dpu/x", "r.c.n2/hamgrd/0"]) {
    const answer = await askOf(to, { kind: "ping" });
    expect(answer).toMatchObject({ ok: true, value: { code: SwbusErrorCode.OK, ttl: 62 } });
    expect(answer.ok && answer.value.source.toString()).toBe(to);
  }
  expect(await askOf("r.c.n2/hamgrd/0/other/x", { kind: "ping" })).toMatchObject({
    value: { code: SwbusErrorCode.NO_ROUTE },
  });
  expect(got).toEqual([]);
});

test("a ping inside the process is answered too", async () => {
  listen(near, "r.c.n1/hamgrd/0/dpu/x");
  expect(await askOf("r.c.n1/hamgrd/0/dpu/x", { kind: "ping" })).toMatchObject({ value: { ttl: 64 } });
  expect(await askOf("r.c.n1/hamgrd/0", { kind: "ping" })).toMatchObject({ value: { code: SwbusErrorCode.OK } });
});

test("while disconnected, sending out is an error, and in-process messages still arrive", async () => {
  const lone = world.edge("10.0.0.99:50", "r.c.n9/hamgrd/0");
  listen(lone, "r.c.n9/hamgrd/0/dpu/x");
  expect(send(lone, "r.c.n1/hamgrd/0/dpu/x")).toMatchObject({ ok: false, error: { kind: "notConnected" } });
  expect(send(lone, "r.c.n9/hamgrd/0/dpu/x").ok).toBe(true);
  expect(await clock.run(waitConnected(lone, clock, seconds(1)), seconds(2))).toBe(false);
});

test("a message beyond the gRPC limit is an error of its sender, and the stream lives", async () => {
  const result = send(near, "r.c.n2/hamgrd/0/x/y", { kind: "data", payload: new Uint8Array(MESSAGE_BYTES_MAX) });
  expect(result).toMatchObject({ ok: false, error: { kind: "tooLarge", limit: MESSAGE_BYTES_MAX } });
  await clock.advance(millis(10));
  expect(near.connected).toBe(true);
});

test("an answer beyond the gRPC limit is told as FAIL to who asked, so that nobody waits for it", async () => {
  const at = path("r.c.n2/hamgrd/0/dpu/large");
  far.register(at, "public", (request) => {
    const value = "x".repeat(MESSAGE_BYTES_MAX);
    return far.send(answerTo(request, far.newId(), { content: { kind: "value", value } })).ok;
  });
  const client = new SimpleClient(near, near.basePath.withResource("show", "0"), clock);
  const state = await clock.run(getActorState(client, at), seconds(11));
  expect(state).toMatchObject({
    ok: false,
    error: { kind: "answered", code: SwbusErrorCode.FAIL, text: expect.stringContaining("bytes cannot be sent") },
  });
});

test("a swbusd that does not read fills the queue to its bound, then sending is an error", async () => {
  const bus = network.bus("10.0.0.7");
  await bus.listen({
    endpoint: "10.0.0.7:50",
    method: METHOD,
    accept: () => ({ accept: true, metadata: { [SERVER_PATH_HEADER]: "r.c.n7////" }, serve: () => {} }),
  });
  const edge = world.edge("10.0.0.7:50", "r.c.n7/hamgrd/0");
  await clock.advance(seconds(1));
  const chunk = new Uint8Array(100_000);
  let sent = 0;
  while (send(edge, "r.c.n1/x/0", { kind: "data", payload: chunk }).ok) sent += 1;
  expect(sent * 100_000).toBeLessThan(EDGE_BACKLOG_BYTES_MAX + 1_500_000);
  expect(send(edge, "r.c.n1/x/0", { kind: "data", payload: chunk })).toMatchObject({
    error: { kind: "queueFull", limit: EDGE_BACKLOG_BYTES_MAX },
  });
});

test("an edge finds out that its swbusd is gone, and connects to the next one", async () => {
  const bus = network.bus("10.0.0.5");
  await world.swbusd(swbusConfig("10.0.0.5:50", ["r.c.n5"]), bus);
  const edge = world.edge("10.0.0.5:50", "r.c.n5/hamgrd/0", "inNode", network.bus("10.0.0.5"));
  const told: string[] = [];
  edge.onConnect(() => told.push("connected"));
  edge.onDisconnect(() => told.push("disconnected"));
  await clock.advance(seconds(1));
  bus.abandon();
  await clock.advance(seconds(3));
  expect(edge.connected).toBe(false);
  await world.swbusd(swbusConfig("10.0.0.5:50", ["r.c.n5"]), network.bus("10.0.0.5"));
  await clock.advance(millis(1010));
  expect(edge.connected).toBe(true);
  expect(told).toEqual(["connected", "disconnected", "connected"]);
});

test("management requests reach their handler, unknown types are answered INVALID_ARGS", async () => {
  far.register(path("r.c.n2/hamgrd/0/dpu/x"), "public", (message) => {
    if (message.body.kind === "management")
      far.send(answerTo(message, far.newId(), { content: { kind: "value", value: `{"n":${2n ** 63n}}` } }));
    return true;
  });
  const client = world.client(near);
  const state = await clock.run(getActorState(client, path("r.c.n2/hamgrd/0/dpu/x")), seconds(20));
  expect(state).toEqual({ ok: true, value: '{"n":9223372036854775808}' });
  expect(
    await askOf("r.c.n2/hamgrd/0/dpu/x", { kind: "management", type: 99 as ManagementRequestType, args: {} }),
  ).toMatchObject({
    value: { code: SwbusErrorCode.INVALID_ARGS },
  });
  const missing = await clock.run(getActorState(client, path("r.c.n2/hamgrd/0/dpu/gone")), seconds(20));
  expect(!missing.ok && describeQueryError(missing.error)).toBe("r.c.n2/hamgrd/0: NO_ROUTE: Route not found");
});

test("routes and peers can be asked of swbusd", async () => {
  const client = world.client(near);
  const routes = await clock.run(getRoutes(client, near.basePath), seconds(20));
  expect(routes.ok && routes.value.map(({ path: to, nextHopId }) => `${to} ${nextHopId.slice(0, 7)}`)).toEqual([
    "r.c.n1/hamgrd/0 swbs-fr",
    "r.c.n2 swbs-fr",
    "r.c.n2 swbs-to",
  ]);
  const peer = await clock.run(resolvePeer(near, clock, AT2), seconds(10));
  expect(peer.ok && peer.value.toString()).toBe("r.c.n2");
  const unknown = await clock.run(resolvePeer(near, clock, "10.0.0.88:1"), seconds(10));
  expect(!unknown.ok && describeQueryError(unknown.error)).toContain("INVALID_DESTINATION");
});

test("a peer that is asked for while nobody answers is given up after five seconds", async () => {
  network.cut("10.0.0.1", "10.0.0.2");
  const client = world.client(near);
  const began = clock.monotonic();
  const answer = await clock.run(getRoutes(client, path("r.c.n2"), seconds(1)), seconds(5));
  expect(answer).toEqual({ ok: false, error: { kind: "timeout", limit: 1000 } });
  expect(clock.monotonic() - began).toBe(1000);
});

test("only answers with the right request id count, and each waits from its own send", async () => {
  const client = world.client(near);
  using first = client.open(path("r.c.n2"), { kind: "ping" });
  near.send(
    newMessage(1n, near.basePath, client.path, {
      kind: "response",
      requestId: 12345n,
      code: SwbusErrorCode.FAIL,
      text: "stray",
    }),
  );
  expect(await clock.run(first.next(seconds(1)), seconds(2))).toMatchObject({
    ok: true,
    value: { code: SwbusErrorCode.OK },
  });
  expect(await clock.run(first.next(seconds(1)), seconds(2))).toMatchObject({ ok: false, error: { kind: "timeout" } });
});

test("pings that cannot be sent or answered are results too", async () => {
  const lone = world.edge("10.0.0.99:50", "r.c.n9/swbus-cli/0", "client");
  const kinds: string[] = [];
  const run = async (): Promise<void> => {
    for await (const { outcome } of ping(world.client(lone), path("r.c.n1"), { count: 2 }))
      kinds.push(outcome.kind === "none" ? outcome.error.kind : "answer");
    network.cut("10.0.0.1", "10.0.0.2");
    for await (const { outcome } of ping(world.client(near), path("r.c.n2"), { count: 1 }))
      kinds.push(outcome.kind === "none" ? outcome.error.kind : "answer");
  };
  await clock.run(run(), seconds(10));
  expect(kinds).toEqual(["notSent", "notSent", "timeout"]);
});

test("trace-route to a resource ends with the edge that has it; one that leads nowhere ends with the error", async () => {
  listen(far, "r.c.n2/hamgrd/0/dpu/x");
  const trace = async (to: string, persist = false): Promise<string[]> => {
    const lines: string[] = [];
    for await (const { index, outcome } of traceRoute(world.client(near, "trace"), path(to), { hopsMax: 4, persist })) {
      const { response } = outcome.kind === "answer" ? outcome : { response: undefined };
      lines.push(
        response === undefined ? `${index} *` : `${index} ${response.source} ${SwbusErrorCode[response.code]}`,
      );
    }
    return lines;
  };
  expect(await clock.run(trace("r.c.n2/hamgrd/0/dpu/x"), seconds(10))).toEqual([
    "1 r.c.n1 OK",
    "2 r.c.n2 OK",
    "3 r.c.n2/hamgrd/0/dpu/x OK",
  ]);
  expect(await clock.run(trace("r.c.n8"), seconds(10))).toEqual(["1 r.c.n1 OK", "2 r.c.n1 NO_ROUTE"]);
  expect(await clock.run(trace("r.c.n8", true), seconds(10))).toEqual([
    "1 r.c.n1 OK",
    "2 r.c.n1 NO_ROUTE",
    "3 *",
    "4 *",
  ]);
});

test("every body survives the way to another process", async () => {
  listen(far, "r.c.n2/hamgrd/0/all/0");
  const bodies: EdgeBody[] = [
    { kind: "data", payload: new Uint8Array(0) },
    { kind: "data", payload: Buffer.from([0, 255]) },
    { kind: "response", requestId: 2n ** 64n - 1n, code: SwbusErrorCode.INVALID_PAYLOAD, text: "why" },
    { kind: "response", requestId: 1n, code: SwbusErrorCode.OK, text: "", content: { kind: "value", value: "v" } },
    { kind: "management", type: ManagementRequestType.HAMGRD_GET_ACTOR_STATE, args: { a: "1", b: "" } },
  ];
  for (const body of bodies) send(near, "r.c.n2/hamgrd/0/all/0", body);
  send(near, "r.c.n2/hamgrd/0/all/0", { kind: "response", requestId: 1n, code: 555 as SwbusErrorCode, text: "" });
  await clock.advance(millis(10));
  const bodyOf = (i: number): EdgeBody | undefined => got[i]?.message.body;
  for (const [i, body] of bodies.entries()) {
    const arrived = bodyOf(i);
    if (body.kind === "data" && arrived?.kind === "data")
      expect(Buffer.from(arrived.payload as Uint8Array)).toEqual(Buffer.from(body.payload as Uint8Array));
    else expect(arrived).toEqual(body);
  }
  expect(bodyOf(bodies.length)).toMatchObject({ code: SwbusErrorCode.UNKNOWN_ERROR });
});

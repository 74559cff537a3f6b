import { fromBinary } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import type { Connection } from "./connection-info.js";
import { encodeEdgeMessage } from "./edge/codec.js";
import { newMessage } from "./edge/messages.js";
import { readEnvelope } from "./envelope.js";
import { ManagementRequestType, SwbusErrorCode, type SwbusMessage, SwbusMessageSchema } from "./gen/swbus_pb.js";
import { type BodyName, encodeMessage, encodeResponse } from "./message.js";
import { RouteTable } from "./route-table.js";
import { type Disposition, Router, type Sent } from "./router.js";
import { parseServicePath } from "./service-path.js";
import { announced, connection, own, T0 } from "./testing/route-words.js";
import { PathDecoder } from "./wire-path.js";

const SELF = "r.c.n0";
const hamgrd = connection("from", `${SELF}/hamgrd/0`, "127.0.0.1:5", "inNode");
const to1 = connection("to", "r.c.n1", "10.0.0.1:1");
const to2 = connection("to", "r.c.n2", "10.0.0.2:1");

let table: RouteTable;
let refusing: ReadonlyMap<string, Sent>;
/** Longer messages fit on no stream. */
let refuseAbove: number;
let out: { to: string; bytes: Uint8Array }[];
let router: Router;

beforeEach(() => {
  table = new RouteTable([own(SELF)]);
  for (const one of [hamgrd, to1, to2]) table.addConnection(one, T0);
  refusing = new Map();
  refuseAbove = Number.POSITIVE_INFINITY;
  out = [];
  let id = 100n;
  router = new Router({
    table,
    self: parseServicePath(SELF),
    newId: () => id++,
    trySend: (to: Connection, bytes) => {
      const refused = bytes.length > refuseAbove ? "gone" : refusing.get(to.id);
      if (refused === undefined) out.push({ to: to.id, bytes });
      return refused ?? "sent";
    },
  });
});

interface Shape {
  readonly body?: BodyName;
  readonly content?: Uint8Array;
  readonly source?: string;
  readonly destination: string;
  readonly ttl?: number;
  readonly from?: Connection;
}

function receive({
  body = "ping",
  content = new Uint8Array(0),
  source = `${SELF}/hamgrd/0`,
  destination,
  ttl = 64,
  from = hamgrd,
}: Shape): Disposition {
  const header = { id: 42n, ttl, source: parseServicePath(source), destination: parseServicePath(destination) };
  const envelope = readEnvelope(encodeMessage(header, body, content), new PathDecoder());
  if (!envelope.ok) throw new Error(envelope.error.detail);
  return router.receive(envelope.value, from);
}

function sent(i = 0): SwbusMessage {
  return fromBinary(SwbusMessageSchema, out[i]?.bytes ?? new Uint8Array(0));
}

function answer(i = 0) {
  const { header, Body } = sent(i);
  if (Body.case !== "response") throw new Error(`expected a response, found ${Body.case}`);
  const { requestId, errorCode, errorMessage } = Body.value;
  return { to: out[i]?.to, ttl: header?.ttl, source: header?.source?.nodeId, requestId, errorCode, errorMessage };
}

const FAILED = { to: hamgrd.id, ttl: 63, requestId: 42n, source: "n0" };

test("a message to another node loses one TTL and keeps its id", () => {
  expect(receive({ destination: "r.c.n1", ttl: 63 })).toEqual({ kind: "forwarded" });
  expect(out[0]?.to).toBe(to1.id);
  expect(sent().header).toMatchObject({ ttl: 62, id: 42n });
});

test("delivery to a local service costs one TTL too", () => {
  receive({ destination: `${SELF}/hamgrd/0/dpu/x`, source: "r.c.n1/hamgrd/0", from: to1, ttl: 63 });
  expect(out[0]?.to).toBe(hamgrd.id);
  expect(sent().header?.ttl).toBe(62);
});

for (const ttl of [0, 1])
  test(`TTL ${ttl} is answered TTL expired by this node`, () => {
    expect(receive({ destination: "r.c.n1", ttl })).toMatchObject({
      kind: "answered",
      code: SwbusErrorCode.UNREACHABLE,
    });
    expect(answer()).toEqual({ ...FAILED, errorCode: 303, errorMessage: "TTL expired" });
  });

test("a TTL that does not reach the known distance is refused at once", () => {
  table.importRoutes(to1, [announced("r.c.far", 4)], T0);
  expect(receive({ destination: "r.c.far", ttl: 5 })).toMatchObject({ code: SwbusErrorCode.UNREACHABLE });
  expect(receive({ destination: "r.c.far", ttl: 6 })).toEqual({ kind: "forwarded" });
});

test("an unknown node is answered Route not found by this node", () => {
  receive({ destination: "r.c.nowhere" });
  expect(answer()).toEqual({ ...FAILED, errorCode: 301, errorMessage: "Route not found" });
});

test("a node that nothing leads away from drops its own failure", () => {
  for (const { id } of [hamgrd, to1, to2]) table.removeConnection(id, T0);
  expect(receive({ destination: "r.c.nowhere" })).toEqual({ kind: "dropped", reason: "undeliverableResponse" });
});

test("when the preferred connection is gone the next way gets the same message with the same TTL", () => {
  table.importRoutes(to2, [announced("r.c.n1", 2)], T0);
  refusing = new Map([[to1.id, "gone"]]);
  expect(receive({ destination: "r.c.n1" })).toEqual({ kind: "forwarded" });
  expect(out.map(({ to }) => to)).toEqual([to2.id]);
  expect(sent().header?.ttl).toBe(63);
});

test("when every way is full the sender hears QUEUE_FULL, not NO_ROUTE", () => {
  refusing = new Map([[to1.id, "full"]]);
  receive({ destination: "r.c.n1" });
  expect(answer()).toMatchObject({ ...FAILED, errorCode: SwbusErrorCode.QUEUE_FULL });
});

test("a local service whose queue is full is not taken for one that is nowhere", () => {
  refusing = new Map([[hamgrd.id, "full"]]);
  receive({ destination: `${SELF}/hamgrd/0`, source: "r.c.n1/hamgrd/0", from: to1 });
  expect(answer()).toMatchObject({ to: to1.id, errorCode: SwbusErrorCode.QUEUE_FULL });
});

test("nothing answers an answer", () => {
  const content = encodeResponse({ requestId: 1n, code: SwbusErrorCode.NO_ROUTE, text: "Route not found" });
  for (const destination of ["r.c.nowhere", `${SELF}/gone/0`, SELF])
    expect(receive({ body: "response", content, destination, source: "r.c.n1/gone/0", from: to1 }).kind).toBe(
      "dropped",
    );
  expect(receive({ body: "response", content, destination: "r.c.n2", ttl: 1, from: to1 }).kind).toBe("dropped");
  expect(out).toEqual([]);
});

test("a ping to this node is answered by it, with TTL 63 on the way", () => {
  receive({ destination: SELF });
  expect(answer()).toEqual({ ...FAILED, errorCode: SwbusErrorCode.OK, errorMessage: "" });
});

test("a ping to a service that is not here is answered NO_ROUTE in its name", () => {
  receive({ destination: `${SELF}/local-mgmt/0` });
  expect(sent().header?.source).toMatchObject({ nodeId: "n0", serviceType: "local-mgmt", serviceId: "0" });
  expect(answer()).toMatchObject({ errorCode: 301 });
});

test("a data request to the node itself is answered, not dropped", () => {
  expect(receive({ body: "data", destination: SELF })).toMatchObject({
    kind: "answered",
    code: SwbusErrorCode.NO_ROUTE,
  });
});

test("trace-route is answered here and passed on", () => {
  expect(receive({ body: "traceRoute", destination: "r.c.n1" })).toEqual({ kind: "forwarded" });
  expect(answer(0)).toMatchObject({ ...FAILED, errorCode: SwbusErrorCode.OK });
  expect(sent(1)).toMatchObject({ header: { ttl: 63 }, Body: { case: "traceRouteRequest" } });
});

test("trace-route to this node is answered once", () => {
  receive({ body: "traceRoute", destination: SELF });
  expect(out).toHaveLength(1);
});

test("trace-route whose TTL ends here is answered twice: as a hop, then as expired", () => {
  receive({ body: "traceRoute", destination: "r.c.n1", ttl: 1 });
  expect([answer(0).errorCode, answer(1).errorCode]).toEqual([SwbusErrorCode.OK, SwbusErrorCode.UNREACHABLE]);
});

test("an announcement is for this node and from a peer, else it is dropped", () => {
  expect(receive({ body: "announcement", destination: SELF, from: to1 }).kind).toBe("announcement");
  expect(receive({ body: "announcement", destination: SELF, from: hamgrd })).toEqual({
    kind: "dropped",
    reason: "strayAnnouncement",
  });
  expect(receive({ body: "announcement", destination: "r.c.n2", from: to1 }).kind).toBe("dropped");
  expect(out).toEqual([]);
});

function manage(type: number, args: Record<string, string> = {}, destination = SELF): Disposition {
  const message = newMessage(42n, parseServicePath(`${SELF}/hamgrd/0`), parseServicePath(destination), {
    kind: "management",
    type,
    args,
  });
  const envelope = readEnvelope(encodeEdgeMessage(message), new PathDecoder());
  if (!envelope.ok) throw new Error(envelope.error.detail);
  return router.receive(envelope.value, hamgrd);
}

function body() {
  const { Body } = sent();
  return Body.case === "response" ? Body.value.ResponseBody : undefined;
}

test("GET_ROUTES lists every way but tools' and our own", () => {
  table.addConnection(connection("from", `${SELF}/swbus-cli/x`, "127.0.0.1:9", "client"), T0);
  manage(ManagementRequestType.SWBUSD_GET_ROUTES);
  const found = body();
  const entries = found?.case === "routeEntries" ? found.value.entries : [];
  expect(entries.map(({ nhId, hopCount, routeScope }) => [nhId, hopCount, routeScope])).toEqual([
    [hamgrd.id, 1, 0],
    [to1.id, 1, 2],
    [to2.id, 1, 2],
  ]);
  expect(
    entries.every(({ servicePath, nhServicePath }) => servicePath !== undefined && nhServicePath !== undefined),
  ).toBe(true);
});

test("a route dump that its asker's stream cannot take is answered FAIL, so that nobody waits for it", () => {
  for (let i = 0; i < 300; i++)
    table.addConnection(connection("from", `${SELF}/${"s".repeat(100)}/${i}`, `127.0.0.1:${1000 + i}`, "inNode"), T0);
  refuseAbove = 4096;
  expect(manage(ManagementRequestType.SWBUSD_GET_ROUTES)).toMatchObject({
    kind: "answered",
    code: SwbusErrorCode.FAIL,
  });
  expect(answer()).toMatchObject({
    to: hamgrd.id,
    requestId: 42n,
    errorMessage: expect.stringMatching(/^An answer of \d+ bytes cannot be sent$/),
  });
});

test("RESOLVE_PEER_SP gives the path behind a dialed endpoint", () => {
  manage(ManagementRequestType.SWBUSD_RESOLVE_PEER_SP, { endpoint: "10.0.0.2:1" });
  expect(body()).toMatchObject({ case: "managementQueryResult", value: { value: "r.c.n2" } });
});

test("RESOLVE_PEER_SP answers an unknown endpoint with an input error, which upstream's edge reports cleanly", () => {
  manage(ManagementRequestType.SWBUSD_RESOLVE_PEER_SP, { endpoint: "10.9.9.9:1" });
  expect(answer().errorCode).toBe(SwbusErrorCode.INVALID_DESTINATION);
});

test("management requests that swbusd cannot serve are answered INVALID_ARGS", () => {
  manage(ManagementRequestType.SWBUSD_RESOLVE_PEER_SP);
  manage(ManagementRequestType.HAMGRD_GET_ACTOR_STATE);
  manage(77);
  expect([0, 1, 2].map((i) => answer(i).errorCode)).toEqual([201, 201, 201]);
});

test("a management request for an actor is passed on", () => {
  expect(manage(ManagementRequestType.HAMGRD_GET_ACTOR_STATE, {}, "r.c.n1/hamgrd/0/dpu/x")).toEqual({
    kind: "forwarded",
  });
});

test("an unusable message is answered when its sender is known", () => {
  router.refuse(
    { id: 9n, source: parseServicePath(`${SELF}/hamgrd/0`) },
    SwbusErrorCode.INVALID_HEADER,
    "no destination",
  );
  expect(answer()).toMatchObject({ requestId: 9n, errorCode: 210 });
});

test("answers get ids of their own", () => {
  receive({ destination: SELF });
  receive({ destination: SELF });
  expect([sent(0).header?.id, sent(1).header?.id]).toEqual([100n, 101n]);
});

import { create, equals } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RouteScope, SwbusErrorCode, SwbusMessageSchema } from "./gen/swbus_pb.js";
import { formatDebugJson, parseDebugJson } from "./json-debug.js";
import { parseServicePath } from "./service-path.js";
import { pathToMessage } from "./wire-path.js";

const header = {
  version: 1,
  ttl: 63,
  source: pathToMessage(parseServicePath("r.c.n/hamgrd/0")),
  destination: pathToMessage(parseServicePath("r.c.m")),
};

test("a ping has an externally tagged body and no id", () => {
  const message = create(SwbusMessageSchema, {
    header: { ...header, id: 5n },
    Body: { case: "pingRequest", value: {} },
  });
  expect(formatDebugJson(message)).toBe(
    '{"header":{"version":1,"flag":0,"ttl":63,"source":"r.c.n/hamgrd/0","destination":"r.c.m"},"body":{"PingRequest":{}}}',
  );
});

test("a data request's payload is a list of bytes", () => {
  const message = create(SwbusMessageSchema, {
    header,
    Body: { case: "dataRequest", value: { payload: Uint8Array.of(1, 255) } },
  });
  expect(JSON.parse(formatDebugJson(message)).body).toEqual({ DataRequest: { payload: [1, 255] } });
});

test("route entries are sorted by path and hops, enums are numbers, next-hop ids are left out", () => {
  const entry = (path: string, hopCount: number) => ({
    servicePath: pathToMessage(parseServicePath(path)),
    nhId: "swbs-to://1.2.3.4:5",
    nhServicePath: pathToMessage(parseServicePath("r.c.m")),
    routeScope: RouteScope.IN_CLUSTER,
    hopCount,
  });
  const entries = [entry("r.c.z", 1), entry("r.c.a", 2), entry("r.c.a", 1)];
  const message = create(SwbusMessageSchema, {
    header,
    Body: {
      case: "response",
      value: {
        requestId: 2n ** 63n + 1n,
        errorCode: SwbusErrorCode.OK,
        ResponseBody: { case: "routeEntries", value: { entries } },
      },
    },
  });
  const text = formatDebugJson(message);
  expect(text).toContain('"request_id":9223372036854775809,"error_code":1');
  expect(JSON.parse(text).body.Response.response_body.RouteEntries.entries).toEqual(
    [
      ["r.c.a", 1],
      ["r.c.a", 2],
      ["r.c.z", 1],
    ].map(([service_path, hop_count]) => ({ service_path, nh_service_path: "r.c.m", route_scope: 2, hop_count })),
  );
});

test("64-bit numbers survive both ways, and texts that look like them stay texts", () => {
  const text = 'say "request_id":"7", "request_id": 12345678901234567890, or \u00007';
  const message = create(SwbusMessageSchema, {
    header,
    Body: {
      case: "response",
      value: {
        requestId: 12345678901234567890n,
        errorCode: SwbusErrorCode.FAIL,
        errorMessage: text,
        ResponseBody: { case: "managementQueryResult", value: { value: text } },
      },
    },
  });
  const back = parseDebugJson(formatDebugJson(message));
  expect(back.ok && equals(SwbusMessageSchema, back.value, message)).toBe(true);
});

test("a message survives print and parse, its ids aside", () => {
  const bodies = fc.oneof(
    fc.constant({ case: "pingRequest", value: {} } as const),
    fc.constant({ case: "traceRouteRequest", value: {} } as const),
    fc.uint8Array().map((payload) => ({ case: "dataRequest", value: { payload } }) as const),
    fc
      .array(fc.record({ name: fc.string({ unit: "grapheme" }), value: fc.string({ unit: "grapheme" }) }))
      .map((args) => ({ case: "managementRequest", value: { request: 2, arguments: args } }) as const),
    fc.array(fc.record({ routeScope: fc.nat(4), hopCount: fc.nat(64) })).map((list) => {
      const entries = list
        .sort((a, b) => a.hopCount - b.hopCount)
        .map((entry) => ({ ...entry, ...header, servicePath: header.source }));
      return { case: "routeAnnouncement", value: { entries } } as const;
    }),
  );
  fc.assert(
    fc.property(bodies, (Body) => {
      const message = create(SwbusMessageSchema, { header, Body: Body as never });
      const back = parseDebugJson(formatDebugJson(message));
      expect(back.ok && equals(SwbusMessageSchema, back.value, message)).toBe(true);
    }),
  );
});

const bad = [
  { what: "no JSON", text: "{" },
  { what: "an unknown body tag", text: '{"body":{"Nope":{}}}' },
  { what: "two body tags", text: '{"body":{"PingRequest":{},"TraceRouteRequest":{}}}' },
  { what: "a missing scalar", text: '{"header":{"version":1,"flag":0,"source":null,"destination":null}}' },
  { what: "a missing path", text: '{"header":{"version":1,"flag":0,"ttl":1,"source":null}}' },
  { what: "a byte of 256", text: '{"body":{"DataRequest":{"payload":[256]}}}' },
  { what: "a list for a message", text: "[]" },
];
for (const { what, text } of bad)
  test(`${what} is an error`, () => {
    expect(parseDebugJson(text).ok).toBe(false);
  });

test("unknown members, null paths and absent bodies are taken", () => {
  const back = parseDebugJson('{"header":{"version":1,"flag":0,"ttl":1,"source":null,"destination":null,"x":1},"y":2}');
  expect(back).toMatchObject({ ok: true, value: { header: { ttl: 1, id: 0n } } });
});

test("any JSON gives a message or an error, never an exception", () =>
  fc.assert(
    fc.property(fc.json(), (text) => {
      parseDebugJson(text);
    }),
  ));

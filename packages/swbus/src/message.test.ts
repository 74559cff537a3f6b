import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../testdata/protobuf.json" with { type: "json" };
import { readEnvelope, TTL_MAX } from "./envelope.js";
import { SwbusErrorCode, SwbusMessageSchema } from "./gen/swbus_pb.js";
import { encodeDataMessage, encodeMessage, encodeResponse, TTL_NEW } from "./message.js";
import { messageIds } from "./message-id.js";
import { parseServicePath, ServicePath } from "./service-path.js";
import { readVarint, varintEnd, writeVarint64 } from "./varint.js";
import { PathDecoder, pathToMessage } from "./wire-path.js";

const source = parseServicePath("region-a.cluster-a.sw0-dpu0/hamgrd/0/ha-scope/vdpu0:haset0");
const destination = parseServicePath("region-a.cluster-a.sw1-dpu0/hamgrd/0/ha-scope/vdpu1:haset0");

function read(bytes: Uint8Array) {
  const result = readEnvelope(bytes, new PathDecoder());
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

function fault(bytes: Uint8Array) {
  const result = readEnvelope(bytes, new PathDecoder());
  if (result.ok) throw new Error("expected a fault");
  return result.error;
}

for (const { name, hex } of vectors) {
  const bytes = Buffer.from(hex, "hex");
  test(`recorded bytes of "${name}" survive decode and encode`, () => {
    expect(Buffer.from(toBinary(SwbusMessageSchema, fromBinary(SwbusMessageSchema, bytes))).toString("hex")).toBe(hex);
  });
  test(`recorded bytes of "${name}" are read without decoding the body, and written again`, () => {
    const message = read(bytes);
    const decoded = fromBinary(SwbusMessageSchema, bytes);
    expect(message.id).toBe(decoded.header?.id);
    expect(message.ttl).toBe(decoded.header?.ttl);
    const { id, ttl } = message;
    const again = encodeMessage(
      { id, ttl, source: message.source, destination: message.destination },
      message.body,
      message.content,
    );
    expect(again.toString("hex")).toBe(hex);
  });
}

test("a data request is the recorded one, byte for byte", () => {
  const [recorded] = vectors;
  const payload = read(Buffer.from(recorded?.hex ?? "", "hex")).content.subarray(4);
  const message = encodeDataMessage({ id: 1763686800123456789n, ttl: TTL_NEW, source, destination }, payload);
  expect(message.toString("hex")).toBe(recorded?.hex);
});

test("a response echoes the request's id and swaps the ends", () => {
  const content = encodeResponse({ requestId: 2n ** 64n - 1n, code: SwbusErrorCode.NO_ROUTE, text: "Route not found" });
  const message = encodeMessage(
    { id: 7n, ttl: TTL_NEW, source: destination, destination: source },
    "response",
    content,
  );
  const { header, Body } = fromBinary(SwbusMessageSchema, message);
  expect(header).toMatchObject({ version: 1, flag: 0, ttl: 64, id: 7n });
  expect(Body).toMatchObject({ case: "response", value: { requestId: 2n ** 64n - 1n, errorCode: 301 } });
});

test("the next hop's copy differs in the TTL only, and the received bytes stay", () => {
  const bytes = encodeDataMessage({ id: 9n, ttl: 64, source, destination }, Buffer.from("x"));
  const before = bytes.toString("hex");
  const next = read(bytes).withTtl(63);
  expect(bytes.toString("hex")).toBe(before);
  expect(read(next).ttl).toBe(63);
  expect(read(next).content).toEqual(read(bytes).content);
});

const header = { version: 1, id: 5n, ttl: 64, source: pathToMessage(source), destination: pathToMessage(destination) };
const ping = { case: "pingRequest", value: {} } as const;

const faults = [
  { what: "no header", init: { Body: ping }, kind: "badHeader", answerable: false },
  { what: "version 0", init: { header: { ...header, version: 0 }, Body: ping }, kind: "badHeader", answerable: true },
  {
    what: "no source",
    init: { header: { ...header, source: undefined }, Body: ping },
    kind: "badHeader",
    answerable: false,
  },
  {
    what: "no destination",
    init: { header: { ...header, destination: undefined }, Body: ping },
    kind: "badHeader",
    answerable: true,
  },
  { what: "no body", init: { header }, kind: "noBody", answerable: true },
];
for (const { what, init, kind, answerable } of faults)
  test(`a message with ${what} is a fault${answerable ? " whose sender can be told" : ""}`, () => {
    const found = fault(toBinary(SwbusMessageSchema, create(SwbusMessageSchema, init as never)));
    expect(found.kind).toBe(kind);
    expect(found.source?.toString()).toBe(answerable ? source.toString() : undefined);
  });

test("members split over two headers are merged, as protobuf says", () => {
  const first = toBinary(
    SwbusMessageSchema,
    create(SwbusMessageSchema, { header: { ...header, destination: undefined } }),
  );
  const second = toBinary(
    SwbusMessageSchema,
    create(SwbusMessageSchema, { header: { destination: header.destination }, Body: ping }),
  );
  const merged = read(Buffer.concat([first, second]));
  expect(merged.destination.equals(destination)).toBe(true);
  expect(merged.ttl).toBe(64);
});

test("a TTL beyond the bound counts as the bound", () => {
  const bytes = toBinary(
    SwbusMessageSchema,
    create(SwbusMessageSchema, { header: { ...header, ttl: 4_000_000_000 }, Body: ping }),
  );
  expect(read(bytes).ttl).toBe(TTL_MAX);
  expect(read(read(bytes).withTtl(TTL_MAX - 1)).ttl).toBe(TTL_MAX - 1);
});

test("unknown members travel on", () => {
  const known = toBinary(SwbusMessageSchema, create(SwbusMessageSchema, { header, Body: ping }));
  const bytes = Buffer.concat([known, Buffer.from([0xfa, 0xff, 0x03, 0x01, 0x41])]);
  expect(Buffer.from(read(bytes).withTtl(64)).toString("hex")).toBe(bytes.toString("hex"));
});

test("a damaged body is found before it is passed on", () => {
  const good = encodeMessage({ id: 1n, ttl: 64, source, destination }, "management", Buffer.from([0x0a, 0x7f]));
  expect(fault(good).kind).toBe("undecodable");
  const data = encodeMessage({ id: 1n, ttl: 64, source, destination }, "data", Buffer.from([0xa0, 0x01, 0x05]));
  expect(fault(data).kind).toBe("undecodable");
});

test("a path that is not UTF-8 is found before it is passed on", () => {
  const bytes = Buffer.from(encodeDataMessage({ id: 1n, ttl: 64, source, destination }, Buffer.from("x")));
  bytes[bytes.indexOf("hamgrd")] = 0xff;
  expect(fault(bytes).kind).toBe("undecodable");
});

test("reading agrees with the full decoder on any damage of a good message", () =>
  fc.assert(
    fc.property(
      fc.constantFrom(...vectors.map(({ hex }) => hex)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      fc.nat(400),
      (hex, flips, cut) => {
        const bytes = Buffer.from(hex, "hex");
        for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
        const damaged = cut < 200 ? bytes.subarray(0, bytes.length - cut) : bytes;
        const result = readEnvelope(damaged, new PathDecoder());
        // Announcements are not passed on, and checked by who takes them in.
        if (!result.ok || result.value.body === "announcement") return;
        const { id, ttl, source, destination } = result.value;
        const decoded = fromBinary(SwbusMessageSchema, damaged).header;
        expect(id).toBe(decoded?.id);
        expect(ttl).toBe(Math.min(decoded?.ttl ?? 0, TTL_MAX));
        expect([decoded?.source?.nodeId, decoded?.destination?.nodeId]).toEqual([source.node, destination.node]);
        if (ttl > 0) expect(read(result.value.withTtl(ttl - 1)).ttl).toBe(ttl - 1);
      },
    ),
    { numRuns: 2000 },
  ));

test("any bytes give a message or a fault, never an exception", () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readEnvelope(bytes, new PathDecoder());
    }),
    { numRuns: 2000 },
  ));

test("varints hold all 64 bits", () =>
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const bytes = new Uint8Array(10);
      const end = writeVarint64(bytes, 0, value);
      expect(varintEnd(bytes, 0, 10)).toBe(end);
      expect(readVarint(bytes, 0, end)).toBe(value);
    }),
  ));

test("equal path bytes give the same path object, whatever their number", () => {
  const paths = new PathDecoder();
  const bytes = encodeDataMessage({ id: 1n, ttl: 64, source, destination }, Buffer.from("x"));
  const [one, two] = [readEnvelope(bytes, paths), readEnvelope(bytes, paths)];
  expect(one.ok && two.ok && one.value.source === two.value.source).toBe(true);
  for (let i = 0; i < 10_000; i++) {
    const other = encodeDataMessage(
      { id: 1n, ttl: 64, source: new ServicePath({ region: `r${i}` }), destination },
      Buffer.alloc(0),
    );
    expect(readEnvelope(other, paths)).toMatchObject({ ok: true, value: { source: { region: `r${i}` } } });
  }
});

test("ids begin at the wall clock's nanoseconds, count up, and stay above those of an earlier start", async () => {
  const clock = new VirtualClock();
  const first = messageIds(clock);
  const [a, b] = [first(), first()];
  expect(a).toBe(BigInt(clock.now()) * 1_000_000n);
  expect(b).toBe(a + 1n);
  expect(a > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
  for (let i = 0; i < 1000; i++) first();
  await clock.advance(millis(1));
  expect(messageIds(clock)() > first()).toBe(true);
  await clock.advance(seconds(1));
});

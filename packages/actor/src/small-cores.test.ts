import { type Json, millis, seconds } from "@tandem/base";
import { type AnyTable, decodeText } from "@tandem/swss";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeEnvelope, decodePayload, encodeEnvelope } from "./envelope.js";
import { exactJson } from "./exact-json.js";
import { actorOfKey, parseLedgerEntry } from "./ledger.js";
import { type Mail, Mailbox } from "./mailbox.js";
import { payloadHash, RepeatWindow } from "./repeat-window.js";
import { parseRowRef } from "./row-ref.js";
import { StepRecords } from "./step-records.js";
import { isFarewell } from "./tellings.js";
import { aStep, aTrace } from "./testing/records.js";
import { traceFromWire, traceMark, traceToWire } from "./trace.js";
import { WaitBook } from "./wait-book.js";

test("repeats are recognised within the window and forgotten beyond it", () => {
  const window = new RepeatWindow(3);
  expect(["a", "b", "a", "c", "d", "a", "d"].map((name) => window.isRepeat(name))).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
    true,
  ]);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(payloadHash(bytes("a"))).not.toBe(payloadHash(bytes("b")));
});

test("waits keep their beginning, become stuck once, and tell when a stuck one is over", () => {
  const book = new WaitBook();
  const wait = { for: "x", deadline: seconds(1), then: "try again" };
  const patient = { for: "approval", deadline: undefined, then: "nothing" };
  book.update([wait, patient], millis(0));
  book.update([patient, wait], millis(500));
  expect(book.nextDeadline()).toBe(1000);
  expect(book.expire(millis(999))).toEqual([]);
  expect(book.expire(millis(1000))).toMatchObject([{ for: "x", since: 0, stuck: true }]);
  expect(book.expire(millis(2000))).toEqual([]);
  expect(book.nextDeadline()).toBeUndefined();
  expect(book.update([patient], millis(3000))).toEqual(["x"]);
  expect(book.update([], millis(4000))).toEqual([]);
});

test("a full mailbox merges changes of one thing, seen from before the oldest", () => {
  const table = { id: "APPL_DB|T" } as AnyTable;
  const row = (key: string, row: number, before: number): Mail => ({
    trace: aTrace(),
    change: { kind: "row", table, key, row, before },
  });
  const mailbox = new Mailbox(2);
  for (const mail of [row("a", 1, 0), row("b", 1, 0), row("a", 2, 1), row("c", 1, 0)]) mailbox.push(mail);
  expect(mailbox.merged).toBe(1);
  expect(mailbox.drain().map(({ change }) => change)).toMatchObject([
    { key: "a", row: 2, before: 0 },
    { key: "b", row: 1 },
    { key: "c", row: 1 },
  ]);
  expect(mailbox.size).toBe(0);
});

test("records are a ring: the newest stay, in order", () => {
  const records = new StepRecords(3);
  const heard: number[] = [];
  const stop = records.onRecord(({ number }) => heard.push(number));
  for (let i = 0; i < 5; i++) {
    if (i === 4) stop();
    records.add(aStep({ memory: i }));
  }
  expect(records.list().map(({ memory }) => memory)).toEqual([2, 3, 4]);
  expect(records.list(({ memory }) => memory === 3)).toHaveLength(1);
  expect(heard).toEqual([0, 1, 2, 3]);
  expect({ first: records.first, next: records.next }).toEqual({ first: 2, next: 5 });
});

test("JSON with exact integers", () => {
  expect(
    exactJson({ id: 18446744073709551615n, "a b": [1, null, "x\n", undefined as never].slice(0, 3), gone: undefined }),
  ).toBe('{"id":18446744073709551615,"a b":[1,null,"x\\n"]}');
});

const envelopes = [
  { data: { key: "k", operation: "Set", field_values: { a: "1" } }, good: true },
  { data: { key: "k", operation: "Set", field_values: { a: "1" }, more: 1 }, good: true },
  { data: { key: "k", operation: "SET", field_values: {} }, good: false },
  { data: { key: "k", operation: "Set", field_values: { a: 1 } }, good: false },
  { data: { key: "k", operation: "Set", field_values: { a: [104, 105] } }, good: false },
  { data: { key: "k", operation: "Del" }, good: false },
  { data: { operation: "Del", field_values: {} }, good: false },
  { data: [], good: false },
  { data: null, good: false },
];
for (const { data, good } of envelopes) {
  test(`${JSON.stringify(data)} is ${good ? "a" : "no"} row`, () => {
    const envelope = decodeEnvelope(data);
    expect(envelope !== undefined).toBe(good);
    if (envelope !== undefined) expect(data).toMatchObject(encodeEnvelope(envelope) as object);
  });
}

test("a value that is not UTF-8 survives the way through a message", () => {
  const value = decodeText(Uint8Array.of(0x0a, 0xff, 0x00, 0xc3, 0x28));
  const data = encodeEnvelope({ key: "k", operation: "Set", fields: { pb: value } });
  const payload = decodePayload(new TextEncoder().encode(JSON.stringify({ key: "T", data })));
  expect(payload && decodeEnvelope(payload.data)?.fields["pb"]).toBe(value);
});

test("payloads that are no UTF-8, no JSON, or lack a member are none; unknown members are ignored", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(decodePayload(bytes('{"key":"k","data":null,"x":1}'))).toEqual({ key: "k", data: null });
  for (const text of ["", "1", "{", '{"key":"k"}', '{"data":1}', '{"key":1,"data":1}']) {
    expect(decodePayload(bytes(text))).toBeUndefined();
  }
  expect(decodePayload(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
});

test("no bytes and no JSON make a decoder throw", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      decodePayload(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const data = value as Json;
      decodeEnvelope(data);
      isFarewell(data);
      traceMark(data);
      const payload = decodePayload(new TextEncoder().encode(JSON.stringify({ key: "k", data })));
      expect(payload).toEqual({ key: "k", data: JSON.parse(JSON.stringify(data)) });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseRowRef(text);
      parseLedgerEntry(text);
      actorOfKey("dpu0", text);
    }),
  );
});

test("a trace survives the way to another process; what is none there is ignored", () => {
  const trace = aTrace({ cause: "APPL_DB|T|k" });
  const wire = traceToWire(trace, { process: "r.c.a-dpu0/hamgrd/0", sentAt: millis(7) });
  expect(traceFromWire(wire, millis(9))).toEqual({
    ...trace,
    received: 9,
    decoded: 9,
    via: { process: "r.c.a-dpu0/hamgrd/0", sentAt: 7 },
  });
  for (const odd of [
    undefined,
    null,
    1,
    "x",
    [],
    {},
    { ...(wire as object), id: 1 },
    { ...(wire as object), sent: "7" },
  ]) {
    expect(traceFromWire(odd as never, millis(0))).toBeUndefined();
  }
});

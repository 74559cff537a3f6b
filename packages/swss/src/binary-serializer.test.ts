import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { unwrap } from "@tandem/base";
import fc from "fast-check";
import { test } from "vitest";
import {
  decodeMessage,
  describeDecodeError,
  encodeMessage,
  MESSAGE_BYTES_MAX,
  type ZmqEntry,
} from "./binary-serializer.js";
import { decodeText } from "./text.js";

interface Step {
  readonly call: {
    readonly op: string;
    readonly db: string;
    readonly table: string;
    readonly entries: readonly { key: string; verb: "SET" | "DEL"; fv: [string, string][] }[];
  };
  readonly reply: { readonly hex: string };
}

const cases = JSON.parse(readFileSync(new URL("../testdata/swss.json", import.meta.url), "utf8")) as {
  steps: Step[];
}[];
const steps = cases.flatMap(({ steps }) => steps).filter(({ call }) => call.op === "serialize");

for (const { call, reply } of steps) {
  test(`the C++ serializer's bytes of ${call.entries.map(({ verb, key }) => `${verb} ${key}`).join(", ") || "no row"}`, () => {
    const entries = call.entries.map(({ key, verb, fv }) => ({ key, op: verb, fieldValues: fv }));
    assert.equal(unwrap(encodeMessage(call.db, call.table, entries)).toString("hex"), reply.hex);
    assert.deepEqual(unwrap(decodeMessage(Buffer.from(reply.hex, "hex"))), { db: call.db, table: call.table, entries });
  });
}

const text = fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 40 }).map(decodeText));
const entry = fc.record({
  key: text,
  op: fc.constantFrom("SET" as const, "DEL" as const),
  fieldValues: fc.array(fc.tuple(text, text), { maxLength: 5 }),
});

test("a message survives encode and decode, whatever its bytes", () => {
  fc.assert(
    fc.property(text, text, fc.array(entry, { maxLength: 6 }), (db, table, entries) => {
      const received = entries.map(({ key, op, fieldValues }) => {
        const fields = op === "DEL" ? [] : fieldValues;
        return { key, op: fields.length === 0 ? "DEL" : "SET", fieldValues: fields };
      });
      assert.deepEqual(unwrap(decodeMessage(unwrap(encodeMessage(db, table, entries)))), {
        db,
        table,
        entries: received,
      });
    }),
  );
});

test("no bytes make the decoder throw, and what it takes it encodes to the same bytes", () => {
  const seeds = steps.map(({ reply }) => Buffer.from(reply.hex, "hex"));
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.nat(),
    )
    .map(([seed, changes, cut]) => {
      const bytes = Buffer.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const decoded = decodeMessage(bytes);
      if (!decoded.ok) {
        assert.ok(describeDecodeError(decoded.error).endsWith("it is dropped"));
        return;
      }
      const { db, table, entries } = decoded.value;
      assert.deepEqual(unwrap(encodeMessage(db, table, entries)), Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
});

const bad = [
  { what: "an empty message", bytes: "", kind: "truncated" },
  { what: "no pair at all", bytes: "0000000000000000", kind: "badPairCount" },
  { what: "more pairs than bytes", bytes: `ffffffffffffff7f${"00".repeat(16)}`, kind: "badPairCount" },
  { what: "a length beyond the end", bytes: `0100000000000000ffffffff00000000${"00".repeat(8)}`, kind: "truncated" },
  { what: "a row that ends within its fields", bytes: message(["d", "t", "k", "2", "f", "v"]), kind: "badFieldCount" },
  { what: "a count that is no number", bytes: message(["d", "t", "k", " 1", "f", "v"]), kind: "badFieldCount" },
  { what: "a negative count", bytes: message(["d", "t", "k", "-1"]), kind: "badFieldCount" },
  { what: "bytes behind the last pair", bytes: `${message(["d", "t"])}00`, kind: "trailingBytes" },
] as const;
for (const { what, bytes, kind } of bad) {
  test(`${what} is dropped as ${kind}`, () => {
    const decoded = decodeMessage(Buffer.from(bytes, "hex"));
    assert.equal(decoded.ok ? "taken" : decoded.error.kind, kind);
  });
}

test("a message of 16 MiB is not sent, one byte less is", () => {
  const overhead = unwrap(encodeMessage("d", "t", [set("k", "f", "")])).length;
  const room = MESSAGE_BYTES_MAX - overhead;
  assert.equal(encodeMessage("d", "t", [set("k", "f", "x".repeat(room))]).ok, false);
  assert.equal(encodeMessage("d", "t", [set("k", "f", "ж".repeat(room))]).ok, false);
  const largest = unwrap(encodeMessage("d", "t", [set("k", "f", "x".repeat(room - 1))]));
  assert.equal(largest.length, MESSAGE_BYTES_MAX - 1);
  assert.equal(decodeMessage(largest).ok, true);
  assert.equal(decodeMessage(Buffer.concat([largest, Buffer.of(0)])).ok, false);
});

function set(key: string, field: string, value: string): ZmqEntry {
  return { key, op: "SET", fieldValues: [[field, value]] };
}

function message(texts: readonly string[]): string {
  const word = (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes.toString("hex");
  };
  return word(texts.length / 2) + texts.map((t) => word(t.length) + Buffer.from(t).toString("hex")).join("");
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "vitest";
import { unpackReply } from "./packed-reply.js";
import { encodeText } from "./text.js";

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

test("each form of a string and of an array is read", () => {
  const text = "x".repeat(70_000);
  const forms: readonly (readonly [Buffer, string])[] = [
    [bytes(0xa0), ""],
    [bytes(0xa2, 0x68, 0x69), "hi"],
    [Buffer.concat([bytes(0xd9, 40), Buffer.from(text.slice(0, 40))]), text.slice(0, 40)],
    [Buffer.concat([bytes(0xda, 0x01, 0x00), Buffer.from(text.slice(0, 256))]), text.slice(0, 256)],
    [Buffer.concat([bytes(0xdb, 0, 1, 0x11, 0x70), Buffer.from(text)]), text],
  ];
  for (const [packed, unpacked] of forms) assert.equal(unpackReply(packed), unpacked);
  const [all, expected] = [Buffer.concat(forms.map(([packed]) => packed)), forms.map(([, unpacked]) => unpacked)];
  for (const mark of [bytes(0x95), bytes(0xdc, 0, 5), bytes(0xdd, 0, 0, 0, 5)]) {
    assert.deepEqual(unpackReply(Buffer.concat([mark, all])), expected);
  }
  assert.deepEqual(unpackReply(bytes(0x92, 0x90, 0x91, 0xa0)), [[], [""]]);
});

test("text that is not ASCII, or not UTF-8, is what every other reply would make of it", () => {
  for (const text of ["äöü", "\u{1f600}", "\udcff\udc80", "a\0b"]) {
    const encoded = encodeText(text);
    assert.equal(unpackReply(Buffer.concat([bytes(0xa0 + encoded.length), encoded])), text);
  }
});

test("bytes that end too early, go on, or are something else, are an error that says where", () => {
  const wrong: readonly (readonly [Buffer, RegExp])[] = [
    [bytes(), /^Error: byte 0 of a packed reply: a string or an array was expected, not 0xc1$/],
    [bytes(0xa2, 0x68), /^Error: a packed reply ends within a value, at byte 1$/],
    [bytes(0x92, 0xa0), /ends within a value/],
    [bytes(0xdd, 0xff, 0xff, 0xff, 0xff), /ends within a value/],
    [bytes(0xda, 0x01), /ends within a value/],
    [bytes(0xa0, 0xa0), /^Error: the packed reply goes on at byte 1$/],
    [bytes(0x91, 0x07), /^Error: byte 1 of a packed reply: .* not 0x7$/],
  ];
  for (const [packed, said] of wrong) assert.throws(() => unpackReply(packed), said);
});

test("no bytes do more harm than an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (packed) => {
      try {
        unpackReply(Buffer.from(packed));
      } catch (error) {
        assert.match(String(error), /packed reply/);
      }
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeFrameError, encodeFrames, FrameDecoder, type FrameError } from "./frame.js";

function hex(messages: readonly Uint8Array[]): string[] {
  return messages.map((message) => Buffer.from(message).toString("hex"));
}

/** `bytes` in pieces of the given sizes, repeated as often as needed. */
function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return out;
}

test("a frame is a zero flag, a big-endian length and the message", () => {
  expect(
    hex([encodeFrames([Buffer.from("ab"), Buffer.alloc(0), Buffer.alloc(0x010203, 0x7a)]).subarray(0, 19)]),
  ).toEqual(["00000000026162" + "0000000000" + "00000102037a7a"]);
});

test("messages survive encoding and any cut into chunks", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(messages, sizes, (sent, cuts) => {
      const decoder = new FrameDecoder();
      const received = pieces(encodeFrames(sent), cuts).flatMap((chunk) => {
        const { messages: complete, error } = decoder.push(chunk);
        expect(error).toBe(undefined);
        return complete;
      });
      expect(hex(received)).toEqual(hex(sent));
      expect(decoder.finish()).toBe(undefined);
    }),
  );
});

test("what is decoded does not depend on where the chunks are cut, whatever the bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 400 });
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 });
  // Mostly zero bytes make many plausible frames.
  const sparse = bytes.map((array) => array.map((byte) => (byte < 200 ? (byte % 3 === 0 ? byte % 9 : 0) : byte)));
  fc.assert(
    fc.property(fc.oneof(bytes, sparse), sizes, (stream, cuts) => {
      const run = (chunks: readonly Uint8Array[]): unknown => {
        const decoder = new FrameDecoder(64);
        const messages: string[] = [];
        let error: FrameError | undefined;
        for (const chunk of chunks) {
          const decoded = decoder.push(chunk);
          messages.push(...hex(decoded.messages));
          error ??= decoded.error;
        }
        return { messages, error, end: decoder.finish() };
      };
      expect(run(pieces(stream, cuts))).toEqual(run([stream]));
    }),
  );
});

describe("a stream that cannot be read on", () => {
  const good = encodeFrames([Buffer.from("good")]);
  const cases: readonly [string, string, FrameError, string][] = [
    [
      "a message over the limit is RESOURCE_EXHAUSTED",
      "0000000041",
      { kind: "tooLarge", code: 8, length: 65, limit: 64 },
      "a message of 65 bytes is larger than the maximum of 64",
    ],
    [
      "a length with the top bit is not negative",
      "00ffffffff",
      { kind: "tooLarge", code: 8, length: 4294967295, limit: 64 },
      "a message of 4294967295 bytes is larger than the maximum of 64",
    ],
    [
      "a compressed message is UNIMPLEMENTED",
      "0100000001ff",
      { kind: "compressed", code: 12, flag: 1 },
      "a message with compressed flag 1: only uncompressed messages are understood",
    ],
  ];
  for (const [name, bytes, error, words] of cases)
    test(name, () => {
      const decoder = new FrameDecoder(64);
      const decoded = decoder.push(Buffer.concat([good, Buffer.from(bytes, "hex"), good]));
      expect(hex(decoded.messages)).toEqual([Buffer.from("good").toString("hex")]);
      expect(decoded.error).toEqual(error);
      expect(decoder.push(good)).toEqual({ messages: [], error });
      expect(decoder.finish()).toEqual(error);
      expect(describeFrameError(error)).toBe(words);
    });

  test("an end inside a message or its prefix is INTERNAL", () => {
    for (const [cut, missing] of [
      [6, 3],
      [3, 2],
    ] as const) {
      const decoder = new FrameDecoder();
      decoder.push(good.subarray(0, cut));
      expect(decoder.finish()).toEqual({ kind: "truncated", code: 13, missing });
    }
    const truncated: FrameError = { kind: "truncated", code: 13, missing: 3 };
    expect(describeFrameError(truncated)).toBe("the stream ended inside a message, 3 bytes early");
  });
});

test("a message of exactly the limit passes", () => {
  const decoder = new FrameDecoder(64);
  expect(decoder.push(encodeFrames([new Uint8Array(64)])).messages).toHaveLength(1);
});

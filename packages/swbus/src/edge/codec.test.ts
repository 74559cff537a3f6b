import fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../../testdata/protobuf.json" with { type: "json" };
import { readEnvelope } from "../envelope.js";
import { PathDecoder } from "../wire-path.js";
import { decodeEdgeMessage, encodeEdgeMessage } from "./codec.js";

const read = (bytes: Uint8Array) => {
  const envelope = readEnvelope(bytes, new PathDecoder());
  return envelope.ok ? decodeEdgeMessage(envelope.value) : undefined;
};

test("whatever is wrong with a message, what passed the first look is decoded without an exception", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...vectors.map(({ hex }) => hex)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      fc.nat(400),
      (hex, flips, cut) => {
        const bytes = Buffer.from(hex, "hex");
        for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
        read(cut < 200 ? bytes.subarray(0, bytes.length - cut) : bytes);
      },
    ),
    { numRuns: 3000 },
  );
});

test("a message survives encode and decode", () => {
  for (const { hex } of vectors) {
    const message = read(Buffer.from(hex, "hex"));
    if (message !== undefined) expect(read(encodeEdgeMessage(message))).toEqual(message);
  }
});

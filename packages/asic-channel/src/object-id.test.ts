import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatObjectId,
  isObjectId,
  OBJECT_INDEX_MAX,
  objectIdParts,
  objectIdValue,
  parseObjectId,
  switchOf,
  switchVid,
} from "./object-id.js";

test.each([
  [0, 0, "oid:0x21000000000000"],
  [1, 0, "oid:0x121000000000001"],
  [0, 1, "oid:0x21010000000000"],
])("switch %d of context %d is %s", (index, context, id) => {
  expect(switchVid(index, context)).toBe(id);
});

test("a port of index 2 is oid:0x1000000000002, and belongs to switch 0", () => {
  const id = formatObjectId({ switchIndex: 0, type: 1, extension: false, context: 0, index: 2n });
  expect(id).toBe("oid:0x1000000000002");
  expect(switchOf(id)).toBe("oid:0x21000000000000");
});

test("an id survives its parts", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const parts = fc.record({
    ...{ switchIndex: byte, type: byte, context: byte, extension: fc.boolean() },
    index: fc.bigInt({ min: 0n, max: OBJECT_INDEX_MAX }),
  });
  fc.assert(
    fc.property(parts, (wanted) => {
      const id = formatObjectId(wanted);
      expect(isObjectId(id)).toBe(true);
      expect(objectIdParts(id)).toEqual(wanted);
      expect(parseObjectId(id)).toEqual({ ok: true, value: id });
      expect(BigInt(id.slice(4))).toBe(objectIdValue(id));
    }),
  );
});

test.each([
  ["oid:0x00AB", "oid:0xab"],
  ["oid:0x0", "oid:0x0"],
  ["0xab", undefined],
  ["oid:ab", undefined],
  ["oid:0x", undefined],
  ["oid:0x1 ", undefined],
  ["oid:0x11112222333344445", undefined],
])("%j reads as %s", (text, id) => {
  const parsed = parseObjectId(text);
  expect(parsed.ok ? parsed.value : undefined).toBe(id);
});

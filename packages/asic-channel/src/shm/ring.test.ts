import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "./crc32.js";
import { RING_CONTROL_BYTES, Ring } from "./ring.js";
import { SpinWindow } from "./spin.js";
import { checkIdentity, checkSizes, encodeIdentity, fileBytesOf, nextEpoch } from "./wire.js";

/** Memory of a ring, and the way to attach to it again. */
function memoryOf(bytes = 4096) {
  const control = new Uint8Array(RING_CONTROL_BYTES);
  const data = new Uint8Array(bytes);
  return { control, data, attach: () => new Ring(control, data) };
}

function textAt(ring: Ring): string | undefined {
  const next = ring.peek();
  return next?.kind === "record" ? Buffer.from(next.record.payload).toString() : next?.kind;
}

function next(ring: Ring): string | undefined {
  const text = textAt(ring);
  const peeked = ring.peek();
  if (peeked?.kind === "record") ring.release(peeked.record.next, peeked.record.sequence);
  if (peeked?.kind === "damaged") ring.release(peeked.damage.next, undefined);
  return text;
}

test("CRC-32 is that of zlib", () => {
  expect(crc32(Buffer.from("123456789"), 0, 9)).toBe(0xcbf43926);
  expect(crc32(Buffer.from("x123456789y"), 5, 10, crc32(Buffer.from("1234"), 0, 4))).toBe(0xcbf43926);
});

test("records come out as they went in, over any number of laps, positions beyond 32 bits, and attachments", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ size: fc.nat(900), put: fc.boolean(), attach: fc.boolean() }), { maxLength: 200 }),
      fc.constantFrom(0, 0xffff_f000, 0x7fff_f000),
      (steps, start) => {
        const { control, attach } = memoryOf();
        const words = new Int32Array(control.buffer);
        words[0] = start;
        words[32] = start;
        let producer = attach();
        let consumer = attach();
        const expected: string[] = [];
        for (const [n, { size, put, attach: again }] of steps.entries()) {
          if (again) {
            producer = attach();
            consumer = attach();
            expect(producer.recoverProducer()).toEqual({ torn: false });
            consumer.recoverConsumer();
          }
          const payload = `${n}`.padEnd(size, ".");
          if (put) {
            if (producer.put(Buffer.from(payload), 1, 0) !== undefined) expected.push(payload);
            else expect(producer.used).toBeGreaterThan(0);
          } else {
            expect(next(consumer)).toBe(expected.shift());
          }
          expect(producer.count).toBe(expected.length);
        }
        for (const payload of expected) expect(next(consumer)).toBe(payload);
        expect(consumer.peek()).toBeUndefined();
        expect(producer.used).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test("the longest payload fits into an empty ring wherever that begins; a longer one does not, and a full ring says so", () => {
  const { attach } = memoryOf();
  const ring = attach();
  for (let lap = 0; lap < 40; lap++) {
    expect(ring.put(Buffer.alloc(ring.payloadMax), 1, 0)).toBe(2 * lap + 1);
    expect(next(ring)).toHaveLength(ring.payloadMax);
    expect(ring.put(Buffer.alloc(8 * lap), 1, 0)).toBe(2 * lap + 2);
    next(ring);
  }
  while (ring.put(Buffer.from("x"), 1, 0) !== undefined);
  expect(ring.used).toBeGreaterThan(4096 - 96);
  next(ring);
  next(ring);
  expect(ring.put(Buffer.from("x"), 1, 0)).toBeDefined();
});

/** Memory as a producer leaves it that dies before its `write`th word, or byte range, of one `put`. */
function diesAt(write: number, before: (ring: Ring) => void, payload: Uint8Array) {
  const memory = memoryOf();
  before(memory.attach());
  const control = new Int32Array(memory.control.buffer);
  let left = write;
  const real = Atomics.store;
  const ring = memory.attach();
  Atomics.store = ((words: Int32Array, at: number, value: number) => {
    if (left-- === 0) throw new Error("dead");
    return real(words, at, value);
  }) as typeof Atomics.store;
  try {
    ring.put(payload, 1, 0);
  } catch (error) {
    expect((error as Error).message).toBe("dead");
  } finally {
    Atomics.store = real;
  }
  return { ...memory, words: control, finished: left > 0 };
}

describe("a producer that dies while it writes a record", () => {
  for (const [name, before] of [
    ["in the middle of a ring", (ring: Ring) => void ring.put(Buffer.from("old"), 1, 0)],
    [
      "at the end of a ring",
      (ring: Ring) => {
        for (let n = 0; n < 3; n++) {
          ring.put(Buffer.alloc(1200), 1, 0);
          next(ring);
        }
        ring.put(Buffer.from("old"), 1, 0);
      },
    ],
  ] as const)
    test(`${name}, before any of its words: the record is there whole or not at all, and the channel goes on`, () => {
      const seen = new Set<string>();
      for (let write = 0; ; write++) {
        const { attach, finished } = diesAt(write, before, Buffer.alloc(900, "n"));
        const consumer = attach();
        const early = next(consumer);
        const producer = attach();
        const { torn } = producer.recoverProducer();
        producer.put(Buffer.from("behind"), 2, 0);
        const rest = [early, next(consumer), next(consumer), next(consumer)].filter((text) => text !== undefined);
        const whole = rest.length === 3;
        expect(rest).toEqual(whole ? ["old", "n".repeat(900), "behind"] : ["old", "behind"]);
        if (torn) expect(whole).toBe(false);
        seen.add(`${whole ? "whole" : "gone"}${torn ? ", torn" : ""}`);
        consumer.recoverConsumer();
        expect(producer.count).toBe(0);
        if (finished) break;
      }
      expect(seen).toEqual(new Set(["gone", "gone, torn", "whole"]));
    });
});

describe("bytes that were overwritten", () => {
  const cases = [
    ["in a payload", 40, "a record whose CRC is wrong"],
    ["in a length, out of all bounds", 7, "a record of"],
    ["in a commit word", 0, "a record without its commit word"],
  ] as const;
  for (const [where, at, detail] of cases)
    test(`${where} are one report; what can be read behind them is read`, () => {
      const { data, attach } = memoryOf();
      const ring = attach();
      for (const text of ["one", "two", "three"]) ring.put(Buffer.from(text), 1, 0);
      data[48 + at] = (data[48 + at] as number) ^ 0x55;
      expect(next(ring)).toBe("one");
      const peeked = ring.peek();
      expect(peeked?.kind === "damaged" && peeked.damage.detail).toContain(detail);
      next(ring);
      // Where a length cannot be believed, nothing up to the newest can.
      expect(next(ring)).toBe(at === 40 ? "three" : undefined);
      expect(ring.count).toBe(0);
      ring.put(Buffer.from("four"), 1, 0);
      expect(next(ring)).toBe("four");
    });
});

test("a file of another version, other sizes, another length or another kind is one error that names both", () => {
  const sizes = { requests: 4096, replies: 8192, notifications: 4096 };
  const start = encodeIdentity(sizes);
  const length = fileBytesOf(sizes);
  expect(checkIdentity(start, length, sizes)).toEqual({ ok: true, value: undefined });
  const newer = Buffer.from(start);
  newer.writeUInt32LE(2, 8);
  expect(checkIdentity(newer, length, sizes)).toEqual({ ok: false, error: "version 1 was expected, found version 2" });
  expect(checkIdentity(start, length, { ...sizes, replies: 4096 })).toEqual({
    ok: false,
    error: "rings of 4096 + 4096 + 4096 bytes were expected, found 4096 + 8192 + 4096 bytes",
  });
  expect(checkIdentity(start, 100, sizes)).toEqual({ ok: false, error: `${length} bytes were expected, found 100` });
  expect(checkIdentity(Buffer.from("{}"), 2, sizes)).toEqual({
    ok: false,
    error: "a ring file was expected, found something else",
  });
  const damaged = Buffer.from(start);
  damaged[13] = 1;
  expect(checkIdentity(damaged, length, sizes)).toEqual({ ok: false, error: "its header is damaged" });
});

test.each([4095, 2048, 6000, 2 ** 31, 4096.5])("a ring of %d bytes cannot be", (bytes) => {
  expect(checkSizes({ requests: bytes, replies: 4096, notifications: 4096 }).ok).toBe(false);
});

test("a client has an epoch that none before it had, in this file or one that is gone", () => {
  expect(nextEpoch(0, 1_800_000_000.5)).toBe(1_800_000_000);
  expect(nextEpoch(1_800_000_000, 1_800_000_000)).toBe(1_800_000_001);
  expect(nextEpoch(1_800_000_005, 5)).toBe(1_800_000_006);
});

test("looking on grows while it pays, shrinks while it does not, and stays within its bounds", () => {
  const window = new SpinWindow(32);
  for (let n = 0; n < 9; n++) window.paid();
  expect(window.turns).toBe(32);
  window.wasted();
  expect(window.turns).toBe(16);
  for (let n = 0; n < 9; n++) window.wasted();
  expect(window.turns).toBe(1);
  const none = new SpinWindow(0);
  none.paid();
  none.wasted();
  expect(none.turns).toBe(0);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorReply, RespDecoder, RespError } from "./resp-decoder.js";
import { RespEncoder } from "./resp-encoder.js";
import type { Command, Reply } from "./store.js";
import { decodeText } from "./text.js";

function decode(chunks: readonly Buffer[]): (Reply | ErrorReply)[] {
  const replies: (Reply | ErrorReply)[] = [];
  const decoder = new RespDecoder((reply) => replies.push(reply));
  for (const chunk of chunks) {
    // The socket reuses its buffer; what the decoder keeps must not change with it.
    const shared = Buffer.from(chunk);
    decoder.write(shared);
    shared.fill(0x21);
  }
  return replies;
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }).map((array) => decodeText(array)),
  fc.integer({ min: 0, max: 70_000 }).map((length) => "x".repeat(length)),
);

/** What RESP says of the same value, written plainly. */
function plain(reply: Reply | ErrorReply): Buffer {
  if (reply === null) return bytes("$-1\r\n");
  if (reply instanceof ErrorReply) return bytes(`-${reply.message}\r\n`);
  if (typeof reply === "number") return bytes(`:${reply}\r\n`);
  if (typeof reply === "string") return encode([[reply]]).subarray("*1\r\n".length);
  return Buffer.concat([bytes(`*${reply.length}\r\n`), ...reply.map(plain)]);
}

function encode(commands: readonly Command[]): Buffer {
  const parts: Buffer[] = [];
  const encoder = new RespEncoder((part, written) => {
    parts.push(Buffer.from(part));
    written();
  });
  for (const command of commands) encoder.append(command);
  encoder.flush();
  return Buffer.concat(parts);
}

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => whole.subarray(from, places[i] ?? whole.length));
}

test("a command is an array of bulk strings", () => {
  expect(encode([["SET", "a", "é"], ["PING"]]).toString("utf8")).toBe(
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\né\r\n*1\r\n$4\r\nPING\r\n",
  );
});

test("what is encoded decodes to itself, wherever the bytes are cut", () => {
  const command = fc.array(anyText, { minLength: 1, maxLength: 12 }) as unknown as fc.Arbitrary<Command>;
  fc.assert(
    fc.property(fc.array(command, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 8 }), (commands, at) => {
      expect(decode(cut(encode(commands), at))).toEqual(commands);
    }),
    { numRuns: 300 },
  );
});

test("any reply decodes to itself, wherever the bytes are cut", () => {
  const { reply } = fc.letrec<{ reply: Reply; leaf: Reply }>((tie) => ({
    leaf: fc.oneof(fc.constant(null), fc.integer(), anyText),
    reply: fc.oneof({ depthSize: "small" }, tie("leaf"), fc.array(tie("reply"), { maxLength: 6 })),
  }));
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (replies, at) => {
      expect(decode(cut(Buffer.concat(replies.map(plain)), at))).toEqual(replies);
    }),
    { numRuns: 300 },
  );
});

test("every byte on its own makes the same replies", () => {
  const whole = Buffer.concat([
    bytes("+OK\r\n:-7\r\n*-1\r\n*0\r\n$0\r\n\r\n-ERR no\r\n"),
    plain(["é", ["\udcff", null]]),
  ]);
  const single = Array.from(whole, (byte) => Buffer.of(byte));
  expect(decode(single)).toEqual(["OK", -7, null, [], "", new ErrorReply("ERR no"), ["é", ["\udcff", null]]]);
});

test("an array that holds a refusal is refused, and the next reply is its own", () => {
  expect(decode([bytes("*3\r\n+OK\r\n*1\r\n-WRONGTYPE x\r\n-ERR later\r\n:1\r\n")])).toEqual([
    new ErrorReply("WRONGTYPE x"),
    1,
  ]);
});

for (const [what, text] of [
  ["an unknown type", "HTTP/1.1 200 OK\r\n"],
  ["a number that is none", ":1x\r\n"],
  ["an empty number", ":\r\n"],
  ["a bulk string of a negative length", "$-2\r\n"],
  ["a bulk string of a length that no Redis allows", "$999999999999\r\n"],
  ["a bulk string that does not end where it should", "$1\r\nabc\r\n"],
  ["an array of a negative length", "*-2\r\n"],
  ["an array of a length that no Redis allows", "*999999999\r\n"],
  ["arrays without end", "*1\r\n".repeat(17)],
  ["a line without end", `+${"x".repeat(2 * 1024 * 1024)}`],
] as const)
  test(`${what} is a protocol error`, () => {
    expect(() => decode([bytes(text)])).toThrow(RespError);
  });

test("no bytes make the decoder fail otherwise than by a protocol error", () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom("*2\r\n", "$3\r\n", "abc\r\n", ":1\r\n", "-E\r\n", "$-1\r\n", "\r\n", "+", "*", "9"))
      .map((parts) => bytes(parts.join(""))),
  );
  fc.assert(
    fc.property(noise, fc.array(fc.nat(), { maxLength: 4 }), (array, at) => {
      try {
        decode(cut(Buffer.from(array), at));
      } catch (error) {
        expect(error).toBeInstanceOf(RespError);
      }
    }),
    { numRuns: 3000 },
  );
});

test("bytes that wait to be written are not overwritten by later commands", () => {
  const parts: { readonly part: Buffer; readonly written: () => void }[] = [];
  const encoder = new RespEncoder((part, written) => parts.push({ part, written }));
  const commands: Command[] = Array.from({ length: 3000 }, (_, i) => ["SET", `key${i}`, "x".repeat(i % 300)]);
  const seen: Buffer[] = [];
  for (const [i, command] of commands.entries()) {
    encoder.append(command);
    if (i % 7 === 0) encoder.flush();
    // Writes finish late and in order.
    while (parts.length > 5) {
      const first = parts.shift();
      seen.push(Buffer.from(first?.part ?? []));
      first?.written();
    }
  }
  encoder.flush();
  for (const { part } of parts) seen.push(part);
  expect(decode(seen)).toEqual(commands);
});

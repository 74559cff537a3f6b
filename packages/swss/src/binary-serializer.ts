import { err, ok, type Result } from "@tandem/base";
import { type FieldsInput, type FieldValues, fieldCount, fieldValuesOf } from "./field-values.js";
import { decodeText, encodeText } from "./text.js";

/** A message must be smaller: `MQ_RESPONSE_MAX_COUNT` of sonic-swss-common. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** One row of a message. HSET merges when it is persisted; on the wire it is a SET. */
export interface ZmqEntry {
  readonly key: string;
  readonly op: "SET" | "DEL" | "HSET";
  readonly fieldValues: FieldsInput;
}

/** A row as it was received: no fields is a DEL, the op itself is not transmitted. */
export interface ZmqReceived {
  readonly key: string;
  readonly op: "SET" | "DEL";
  readonly fieldValues: FieldValues;
}

/** A decoded message: rows of one table, oldest first. */
export interface ZmqMessage {
  readonly db: string;
  readonly table: string;
  readonly entries: readonly ZmqReceived[];
}

/** Why a message was not made: it would be larger than `MESSAGE_BYTES_MAX`. */
export type EncodeError = { readonly kind: "tooLarge"; readonly limit: number };

/** Why a message was dropped; `at` is the offset of the offending byte. */
export type DecodeError =
  | { readonly kind: "tooLarge"; readonly bytes: number; readonly limit: number }
  | { readonly kind: "truncated"; readonly at: number; readonly wanted: number }
  | { readonly kind: "badPairCount"; readonly at: number; readonly found: number }
  | { readonly kind: "badFieldCount"; readonly at: number; readonly found: string }
  | { readonly kind: "trailingBytes"; readonly at: number; readonly bytes: number };

/** Kept between messages; a larger one is let go after its message. */
const SCRATCH_BYTES_KEPT = 1024 * 1024;

/** Messages are built here and copied out. */
let scratch = Buffer.allocUnsafe(64 * 1024);
let used = 0;

/**
 * A ZMQ state-table message (sonic-swss-common `common/binaryserializer.h`): a 64-bit little-endian count of pairs,
 * then per pair the length and bytes of both strings. The first pair is database and table; each row is a pair of key
 * and number of fields, followed by that many pairs of field and value.
 */
export function encodeMessage(db: string, table: string, entries: readonly ZmqEntry[]): Result<Buffer, EncodeError> {
  used = 8;
  let pairs = 1;
  let fits = putText(db) && putText(table);
  for (const { key, op, fieldValues } of entries) {
    const fields = op === "DEL" ? [] : fieldValues;
    const count = fieldCount(fields);
    pairs += 1 + count;
    fits &&= putText(key) && putText(String(count));
    for (const [field, value] of fieldValuesOf(fields)) fits &&= putText(field) && putText(value);
    if (!fits) break;
  }
  if (!fits || used >= MESSAGE_BYTES_MAX) return err({ kind: "tooLarge", limit: MESSAGE_BYTES_MAX });
  putLength(0, pairs);
  const message = Buffer.from(scratch.subarray(0, used));
  if (scratch.length > SCRATCH_BYTES_KEPT) scratch = Buffer.allocUnsafe(SCRATCH_BYTES_KEPT);
  return ok(message);
}

/** Messages of one database and table as one message: their rows, in their order. */
export function joinMessages(db: string, table: string, messages: readonly Uint8Array[]): Uint8Array {
  const [first] = messages;
  if (first === undefined || messages.length === 1) return first ?? new Uint8Array();
  const head = 8 + 8 + encodeText(db).length + 8 + encodeText(table).length;
  const joined = Buffer.concat(messages.map((message, i) => (i === 0 ? message : message.subarray(head))));
  let pairs = 1;
  for (const message of messages) pairs += Buffer.from(message.buffer, message.byteOffset, 4).readUInt32LE() - 1;
  joined.writeUInt32LE(pairs);
  return joined;
}

/** Length and bytes of one string; false when the message becomes too large. */
function putText(text: string): boolean {
  const room = used + 8 + text.length * 3;
  if (room > scratch.length && !grow(room)) return false;
  const start = used + 8;
  let at = start;
  let i = 0;
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) break;
    scratch[at++] = unit;
  }
  if (i < text.length) {
    const rest = i === 0 ? text : text.slice(i);
    at += rest.isWellFormed() ? scratch.write(rest, at, "utf8") : encodeText(rest).copy(scratch, at);
  }
  putLength(used, at - start);
  used = at;
  return true;
}

function putLength(at: number, length: number): void {
  scratch.writeUInt32LE(length, at);
  scratch.writeUInt32LE(0, at + 4);
}

/** `room` counts three bytes a character, so a little more than the limit may be asked for. */
function grow(room: number): boolean {
  if (room > 3 * MESSAGE_BYTES_MAX) return false;
  const larger = Buffer.allocUnsafe(Math.max(room, scratch.length * 2));
  scratch.copy(larger, 0, 0, used);
  scratch = larger;
  return true;
}

class Reader {
  at = 0;
  /** Set by the first read beyond the end; every later read fails too. */
  failure: DecodeError | undefined;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A 64-bit length. One that the rest of the message cannot hold fails before anything is allocated for it. */
  length(): number {
    const bytes = this.#bytes;
    if (this.at + 8 > bytes.length) return this.#truncated(8);
    const low = bytes.readUInt32LE(this.at);
    const high = bytes.readUInt32LE(this.at + 4);
    this.at += 8;
    return high * 2 ** 32 + low;
  }

  text(): string {
    const length = this.length();
    if (this.failure !== undefined) return "";
    if (length > this.#bytes.length - this.at) {
      this.#truncated(length);
      return "";
    }
    const from = this.at;
    this.at += length;
    return readText(this.#bytes, from, this.at);
  }

  #truncated(wanted: number): 0 {
    this.failure ??= { kind: "truncated", at: this.at, wanted };
    return 0;
  }
}

/** Short texts are mostly ASCII: reading them here is cheaper than crossing into native code twice. */
function readText(bytes: Buffer, from: number, to: number): string {
  for (let i = from; i < to; i++) {
    if ((bytes[i] as number) >= 0x80) return decodeText(bytes.subarray(from, to));
  }
  return bytes.toString("latin1", from, to);
}

/** Smallest pair: two empty strings. */
const PAIR_BYTES_MIN = 16;
const FIELD_COUNT = /^(?:0|[1-9]\d{0,8})$/;

/** The exact inverse of `encodeMessage`; never throws, and allocates no more than the message's own size suggests. */
export function decodeMessage(bytes: Uint8Array): Result<ZmqMessage, DecodeError> {
  if (bytes.length >= MESSAGE_BYTES_MAX) {
    return err({ kind: "tooLarge", bytes: bytes.length, limit: MESSAGE_BYTES_MAX });
  }
  const reader = new Reader(bytes);
  let pairs = reader.length();
  if (reader.failure === undefined && (pairs < 1 || pairs > (bytes.length - 8) / PAIR_BYTES_MIN)) {
    return err({ kind: "badPairCount", at: 0, found: pairs });
  }
  const db = reader.text();
  const table = reader.text();
  const entries: ZmqReceived[] = [];
  for (pairs -= 1; pairs > 0 && reader.failure === undefined; ) {
    const key = reader.text();
    const at = reader.at;
    const count = reader.text();
    if (reader.failure !== undefined) break;
    const fields = FIELD_COUNT.test(count) ? Number(count) : Number.NaN;
    if (!(fields < pairs)) return err({ kind: "badFieldCount", at, found: count.slice(0, 32) });
    const fieldValues: (readonly [string, string])[] = [];
    for (let i = 0; i < fields; i++) fieldValues.push([reader.text(), reader.text()]);
    entries.push({ key, op: fields === 0 ? "DEL" : "SET", fieldValues });
    pairs -= 1 + fields;
  }
  if (reader.failure !== undefined) return err(reader.failure);
  if (reader.at < bytes.length) {
    return err({ kind: "trailingBytes", at: reader.at, bytes: bytes.length - reader.at });
  }
  return ok({ db, table, entries });
}

/** One line for an operator. */
export function describeDecodeError(error: DecodeError): string {
  switch (error.kind) {
    case "tooLarge":
      return `a ZMQ message of ${error.bytes} bytes; less than ${error.limit} are expected; it is dropped`;
    case "truncated":
      return `a ZMQ message ends early: ${error.wanted} more bytes expected at offset ${error.at}; it is dropped`;
    case "badPairCount":
      return `a ZMQ message announces ${error.found} pairs, which it cannot hold; it is dropped`;
    case "badFieldCount":
      return `a ZMQ message has ${JSON.stringify(error.found)} at offset ${error.at} where a number of fields is expected; it is dropped`;
    case "trailingBytes":
      return `a ZMQ message goes on for ${error.bytes} bytes after its last pair at offset ${error.at}; it is dropped`;
  }
}

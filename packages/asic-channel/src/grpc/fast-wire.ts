import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { FieldValues } from "@tandem/swss";
import { AttributeSchema } from "../gen/sai_pb.js";
import type { AsicReply } from "../reply.js";
import { splitKey } from "../request.js";
import { typedValue } from "./typed-value.js";
import type { SentRequest } from "./wire.js";

/**
 * The two messages that every request costs, written and read by hand: the same bytes as the generated code's, at a
 * third of its time. Reading gives `undefined` for whatever is not the usual; the generated code says what that is.
 */

/** Numbers of fields, with their wire types: key = number << 3 | type. */
const TEXT_1 = 0x0a;
const TEXT_2 = 0x12;
const TEXT_3 = 0x1a;
const PART_4 = 0x22;
const FLAG_5 = 0x28;
const FLAG_6 = 0x30;
const ENUM_NAME = 0x32;
const OBJECT_ID = 0x39;
const ATTRIBUTE_NAME = TEXT_1;
const ATTRIBUTE_TEXT = TEXT_2;
const FLAG_3 = 0x18;
const UNSIGNED_4 = 0x20;
const SIGNED_5 = 0x28;
const MAC = 0x42;
const IP_ADDRESS = 0x4a;

const FIRST_BYTES = 64 * 1024;

/** One message at a time is written here, and copied out. */
let room = Buffer.allocUnsafe(FIRST_BYTES);
let at = 0;

export function encodeSaiRequest({ id, request, repeated, unanswered }: SentRequest): Uint8Array {
  at = 0;
  const { op, key, fields } = request;
  writeText(TEXT_1, id);
  writeText(TEXT_2, op);
  writeText(TEXT_3, key);
  writeAttributes(splitKey(key)[0], fields);
  if (repeated) writeByte(FLAG_5, 1);
  if (unanswered) writeByte(FLAG_6, 1);
  return Uint8Array.prototype.slice.call(room, 0, at);
}

export function encodeSaiReply(id: string, type: string, { op, status, fields }: AsicReply): Uint8Array {
  at = 0;
  const whole = openPart(TEXT_1);
  writeText(TEXT_1, id);
  writeText(TEXT_2, op);
  writeText(TEXT_3, status);
  writeAttributes(type, fields);
  closePart(whole);
  return Uint8Array.prototype.slice.call(room, 0, at);
}

function writeAttributes(type: string, fields: FieldValues): void {
  for (const [name, text] of fields) {
    const part = openPart(PART_4);
    writeAttribute(name, text, typedValue(type, name, text));
    closePart(part);
  }
}

function writeAttribute(name: string, text: string, value: MessageInitShape<typeof AttributeSchema>["value"]): void {
  switch (value?.case) {
    case undefined:
    case "enumName":
    case "objectId":
    case "flag":
    case "unsignedNumber":
      writeText(ATTRIBUTE_NAME, name);
      writeText(ATTRIBUTE_TEXT, text);
      break;
    default: {
      const bytes = toBinary(
        AttributeSchema,
        create(AttributeSchema, { name, text, value: value as NonNullable<typeof value> }),
      );
      reserve(bytes.length);
      room.set(bytes, at);
      at += bytes.length;
      return;
    }
  }
  // A value of a oneof is written also where it is what stands for none.
  if (value?.case === "enumName") writeTextAlways(ENUM_NAME, value.value as string);
  else if (value?.case === "flag") writeByte(FLAG_3, value.value === true ? 1 : 0);
  else if (value?.case === "objectId") {
    reserve(9);
    room[at++] = OBJECT_ID;
    at = room.writeBigUInt64LE(value.value as bigint, at);
  } else if (value?.case === "unsignedNumber") {
    reserve(11);
    room[at++] = UNSIGNED_4;
    writeVarint64(value.value as bigint);
  }
}

function reserve(bytes: number): void {
  if (at + bytes <= room.length) return;
  const wider = Buffer.allocUnsafe(2 * (at + bytes));
  room.copy(wider, 0, 0, at);
  room = wider;
}

function writeByte(key: number, byte: number): void {
  reserve(2);
  room[at++] = key;
  room[at++] = byte;
}

function writeText(key: number, text: string): void {
  if (text !== "") writeTextAlways(key, text);
}

function writeTextAlways(key: number, text: string): void {
  // Three bytes a character at most, the key and the length.
  reserve(3 * text.length + 6);
  room[at++] = key;
  const bytes = Buffer.byteLength(text);
  writeVarint(bytes);
  if (bytes === text.length) at += room.write(text, at, "latin1");
  else at += room.write(text, at, "utf8");
}

/** Where the length of a part is written once it is known; a byte is kept for it. */
function openPart(key: number): number {
  reserve(6);
  room[at++] = key;
  return at++;
}

function closePart(from: number): void {
  const length = at - from - 1;
  let more = 0;
  for (let rest = length; rest >= 0x80; rest >>>= 7) more += 1;
  if (more > 0) {
    reserve(more);
    room.copyWithin(from + 1 + more, from + 1, at);
  }
  const end = at + more;
  at = from;
  writeVarint(length);
  at = end;
}

function writeVarint(value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    room[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  room[at++] = rest;
}

function writeVarint64(value: bigint): void {
  let rest = value;
  while (rest >= 0x80n) {
    room[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  room[at++] = Number(rest);
}

/** What a message of either kind says. */
export interface ReadMessage {
  readonly id: string;
  readonly op: string;
  /** Key of a request, status of a reply. */
  readonly text: string;
  readonly fields: FieldValues;
  readonly repeated: boolean;
  readonly unanswered: boolean;
}

export function readSaiRequest(bytes: Uint8Array): ReadMessage | undefined {
  return readMessage(bufferOf(bytes), 0, bytes.length);
}

/** Of a response that is a reply. */
export function readSaiReply(bytes: Uint8Array): ReadMessage | undefined {
  if (bytes[0] !== TEXT_1) return undefined;
  const message = bufferOf(bytes);
  const cursor = { at: 1 };
  const length = readLength(message, cursor, bytes.length);
  if (length === undefined || cursor.at + length !== bytes.length) return undefined;
  const read = readMessage(message, cursor.at, bytes.length);
  return read === undefined || read.repeated || read.unanswered ? undefined : read;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

interface Cursor {
  at: number;
}

function readMessage(message: Buffer, from: number, end: number): ReadMessage | undefined {
  const cursor = { at: from };
  let [id, op, text] = ["", "", ""];
  let [repeated, unanswered] = [false, false];
  const fields: (readonly [string, string])[] = [];
  while (cursor.at < end) {
    const key = message[cursor.at++];
    if (key === FLAG_5 || key === FLAG_6) {
      if (message[cursor.at++] !== 1) return undefined;
      if (key === FLAG_5) repeated = true;
      else unanswered = true;
      continue;
    }
    const length = readLength(message, cursor, end);
    if (length === undefined) return undefined;
    const start = cursor.at;
    cursor.at += length;
    if (key === PART_4) {
      const field = readAttribute(message, start, cursor.at);
      if (field === undefined) return undefined;
      fields.push(field);
      continue;
    }
    const said = readText(message, start, cursor.at);
    if (said === undefined) return undefined;
    if (key === TEXT_1) id = said;
    else if (key === TEXT_2) op = said;
    else if (key === TEXT_3) text = said;
    else return undefined;
  }
  return cursor.at === end ? { id, op, text, fields, repeated, unanswered } : undefined;
}

/** Where there is a text it decides, and the value beside it is not looked at. */
function readAttribute(message: Buffer, from: number, end: number): readonly [string, string] | undefined {
  const cursor = { at: from };
  if (message[cursor.at++] !== ATTRIBUTE_NAME) return undefined;
  const nameBytes = readLength(message, cursor, end);
  if (nameBytes === undefined) return undefined;
  const name = readText(message, cursor.at, cursor.at + nameBytes);
  if (name === undefined) return undefined;
  cursor.at += nameBytes;
  // An attribute without text and value: its text is empty.
  if (cursor.at === end) return [name, ""];
  if (message[cursor.at++] !== ATTRIBUTE_TEXT) return undefined;
  const textBytes = readLength(message, cursor, end);
  if (textBytes === undefined || textBytes === 0) return undefined;
  const text = readText(message, cursor.at, cursor.at + textBytes);
  cursor.at += textBytes;
  return text !== undefined && isOneValue(message, cursor, end) ? [name, text] : undefined;
}

/** What stands for bytes that are no UTF-8: the generated code refuses those. */
const REPLACED = "\ufffd";

function readText(message: Buffer, from: number, end: number): string | undefined {
  const text = message.toString("utf8", from, end);
  return text.includes(REPLACED) ? undefined : text;
}

/** Whether what is left is nothing, or one whole value; lists and prefixes are left to the generated code. */
function isOneValue(message: Buffer, cursor: Cursor, end: number): boolean {
  if (cursor.at === end) return true;
  const key = message[cursor.at++];
  switch (key) {
    case FLAG_3:
    case UNSIGNED_4:
    case SIGNED_5: {
      let last = cursor.at;
      while (last < end && last < cursor.at + 9 && (message[last] as number) >= 0x80) last += 1;
      return last === end - 1 && (message[last] as number) < 0x80;
    }
    case OBJECT_ID:
      return cursor.at + 8 === end;
    case ENUM_NAME:
    case MAC:
    case IP_ADDRESS: {
      const length = readLength(message, cursor, end);
      if (length === undefined || cursor.at + length !== end) return false;
      return key !== ENUM_NAME || readText(message, cursor.at, end) !== undefined;
    }
    default:
      return false;
  }
}

/** A length that stays within `end`. */
function readLength(message: Buffer, cursor: Cursor, end: number): number | undefined {
  let value = 0;
  for (let shift = 0; shift < 28 && cursor.at < end; shift += 7) {
    const byte = message[cursor.at++] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return cursor.at + value <= end ? value : undefined;
  }
  return undefined;
}

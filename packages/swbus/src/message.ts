import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { SwbusErrorCode } from "./gen/swbus_pb.js";
import { RequestResponseSchema } from "./gen/swbus_pb.js";
import type { ServicePath } from "./service-path.js";
import { varint32Size, writeVarint32, writeVarint64 } from "./varint.js";
import { encodePath } from "./wire-path.js";

/** TTL of a new message. */
export const TTL_NEW = 64;
/** TTL of a route announcement: it arrives as 1 and is never passed on. */
export const TTL_ANNOUNCEMENT = 2;
/** `version` of every header. */
export const HEADER_VERSION = 1;

/** Field numbers of the body in `SwbusMessage`. */
export const BODY_FIELD = {
  response: 20,
  announcement: 100,
  ping: 310,
  traceRoute: 410,
  management: 510,
  data: 10_000,
} as const;
export type BodyName = keyof typeof BODY_FIELD;

export interface Header {
  readonly id: bigint;
  readonly ttl: number;
  readonly source: ServicePath;
  readonly destination: ServicePath;
}

/** A whole `SwbusMessage` around an encoded body message. Version is 1, flag 0. */
export function encodeMessage(header: Header, body: BodyName, content: Uint8Array): Buffer {
  return encodeMessageOf(header, body, [content]);
}

/** The same for a body that lies in pieces: they are put together in the message. */
export function encodeMessageOf(header: Header, body: BodyName, pieces: readonly Uint8Array[]): Buffer {
  return encodeAround(header, BODY_FIELD[body], pieces, undefined);
}

/** The same for a data request, without copying `payload` into a message of its own first. */
export function encodeDataMessage(header: Header, payload: Uint8Array): Buffer {
  return encodeAround(header, BODY_FIELD.data, [payload], PAYLOAD_TAG);
}

/** Tag of `DataRequest.payload`: field 20, length-delimited. */
const PAYLOAD_TAG = (20 << 3) | 2;

function encodeAround(
  header: Header,
  bodyField: number,
  pieces: readonly Uint8Array[],
  /** Tag, of two bytes, of the body's only field, whose value the pieces are; without it they are the body. */
  innerTag: number | undefined,
): Buffer {
  let size = 0;
  for (const { length } of pieces) size += length;
  const bodySize = innerTag === undefined || size === 0 ? size : 2 + varint32Size(size) + size;
  const source = encodePath(header.source);
  const destination = encodePath(header.destination);
  // Tags and lengths of the header's fields take at most 40 bytes, those around it and the body at most 24.
  const target = Buffer.allocUnsafe(64 + source.length + destination.length + bodySize);
  // The header is written behind the room that its tag and the longest length need; the message starts where they begin.
  const headerFrom = 1 + 5;
  let at = headerFrom;
  target[at++] = 0x08;
  target[at++] = HEADER_VERSION;
  if (header.id !== 0n) {
    target[at++] = 0x50;
    at = writeVarint64(target, at, header.id);
  }
  if (header.ttl !== 0) {
    target[at++] = 0xf0;
    target[at++] = 0x01;
    at = writeVarint32(target, at, header.ttl);
  }
  at = writeBytes(target, at, 0xf2, 0x06, source);
  at = writeBytes(target, at, 0xc2, 0x07, destination);
  const headerSize = at - headerFrom;
  const start = headerFrom - 1 - varint32Size(headerSize);
  target[start] = 0x52;
  writeVarint32(target, start + 1, headerSize);
  at = writeVarint32(target, at, ((bodyField << 3) | 2) >>> 0);
  at = writeVarint32(target, at, bodySize);
  if (bodySize > 0) {
    if (innerTag !== undefined) {
      at = writeVarint32(target, at, innerTag);
      at = writeVarint32(target, at, size);
    }
    for (const piece of pieces) {
      target.set(piece, at);
      at += piece.length;
    }
  }
  return target.subarray(start, at);
}

function writeBytes(target: Uint8Array, at: number, tag0: number, tag1: number, bytes: Uint8Array): number {
  target[at++] = tag0;
  target[at++] = tag1;
  const from = writeVarint32(target, at, bytes.length);
  target.set(bytes, from);
  return from + bytes.length;
}

export type ResponseBody = MessageInitShape<typeof RequestResponseSchema>["ResponseBody"];

export interface ResponseFields {
  readonly requestId: bigint;
  readonly code: SwbusErrorCode;
  readonly text: string;
  readonly body?: ResponseBody;
}

/** The body of an answer. */
export function encodeResponse(response: ResponseFields): Uint8Array {
  return toBinary(
    RequestResponseSchema,
    create(RequestResponseSchema, {
      requestId: response.requestId,
      errorCode: response.code,
      errorMessage: response.text,
      ...(response.body !== undefined && { ResponseBody: response.body }),
    }),
  );
}

import { err, ok, type Result } from "@tandem/base";
import { crc32 } from "./crc32.js";
import { RING_CONTROL_BYTES } from "./ring.js";

/** What a ring file holds. Another layout gets another version. */
export const RING_VERSION = 1;

/** Bytes of the three rings; each a power of two, 4 KiB to 1 GiB. */
export interface RingSizes {
  readonly requests: number;
  readonly replies: number;
  readonly notifications: number;
}

export const RING_SIZES_DEFAULT: RingSizes = {
  requests: 32 * 1024 * 1024,
  replies: 8 * 1024 * 1024,
  notifications: 2 * 1024 * 1024,
};

export const RING_NAMES = ["requests", "replies", "notifications"] as const;

/** Where the file keeps what, in bytes. The words of one end stand on cache lines of their own. */
export const PLACES = {
  clientAsleep: 256,
  serverAsleep: 512,
  epoch: 768,
  controls: 1024,
  rings: 4096,
} as const;

/** Bytes of the header that say what the file is, and never change. */
const IDENTITY_BYTES = 32;

const MAGIC = Buffer.from("TNDMRING");
const VERSION_AT = 8;
const SIZES_AT = 12;
const CRC_AT = 24;

/** What stands at the beginning of a new file. */
export function encodeIdentity(sizes: RingSizes): Uint8Array {
  const bytes = Buffer.alloc(IDENTITY_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(RING_VERSION, VERSION_AT);
  for (const [at, name] of RING_NAMES.entries()) bytes.writeUInt32LE(sizes[name], SIZES_AT + 4 * at);
  bytes.writeUInt32LE(crc32(bytes, 0, CRC_AT), CRC_AT);
  return bytes;
}

/** Whether a file that begins so, and is so long, is one that an end with these sizes can use; the error names both. */
export function checkIdentity(start: Uint8Array, fileBytes: number, sizes: RingSizes): Result<void, string> {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  if (bytes.length < IDENTITY_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return err("a ring file was expected, found something else");
  const version = bytes.readUInt32LE(VERSION_AT);
  if (version !== RING_VERSION) return err(`version ${RING_VERSION} was expected, found version ${version}`);
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes, 0, CRC_AT)) return err("its header is damaged");
  const found = sizesIn(bytes);
  if (RING_NAMES.some((name) => found[name] !== sizes[name]))
    return err(`rings of ${describeSizes(sizes)} were expected, found ${describeSizes(found)}`);
  const expected = fileBytesOf(sizes);
  if (fileBytes !== expected) return err(`${expected} bytes were expected, found ${fileBytes}`);
  return ok();
}

function sizesIn(identity: Buffer): RingSizes {
  const [requests = 0, replies = 0, notifications = 0] = RING_NAMES.map((_, at) =>
    identity.readUInt32LE(SIZES_AT + 4 * at),
  );
  return { requests, replies, notifications };
}

/** The sizes that a file has by its own words, if it begins as one of this version and is as long as they say. */
export function sizesOf(start: Uint8Array, fileBytes: number): Result<RingSizes, string> {
  if (start.length < IDENTITY_BYTES) return err("a ring file was expected, found something else");
  const sizes = sizesIn(Buffer.from(start.buffer, start.byteOffset, start.length));
  const known = checkIdentity(start, fileBytes, sizes);
  return known.ok ? ok(sizes) : known;
}

export function fileBytesOf(sizes: RingSizes): number {
  return PLACES.rings + sizes.requests + sizes.replies + sizes.notifications;
}

/** The sizes, if rings can have them. */
export function checkSizes(sizes: RingSizes): Result<void, string> {
  for (const name of RING_NAMES) {
    const size = sizes[name];
    const fits = Number.isInteger(size) && size >= 4096 && size <= 2 ** 30 && (size & (size - 1)) === 0;
    if (!fits) return err(`ring of ${name}: a power of two from 4096 to ${2 ** 30} bytes was expected, found ${size}`);
  }
  return ok();
}

/** Where a ring's words and its data stand. */
export function placeOf(name: (typeof RING_NAMES)[number], sizes: RingSizes) {
  const order = RING_NAMES.indexOf(name);
  const before = RING_NAMES.slice(0, order).reduce((sum, each) => sum + sizes[each], 0);
  return { control: PLACES.controls + order * RING_CONTROL_BYTES, data: PLACES.rings + before };
}

function describeSizes(sizes: RingSizes): string {
  return `${RING_NAMES.map((name) => sizes[name]).join(" + ")} bytes`;
}

/** The id under which a request comes, each time that it comes. */
export function requestId(epoch: number, sequence: number): string {
  return `${epoch}:${sequence}`;
}

/** Of a new client: its requests are told from those of every client before it, also of files that are gone. */
export function nextEpoch(last: number, wallSeconds: number): number {
  return Math.max(last + 1, Math.floor(wallSeconds)) >>> 0;
}

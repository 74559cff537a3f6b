import type { AnnouncedRoute } from "./connection-info.js";
import type { Scope, ServicePath } from "./service-path.js";
import { FieldReader, readVarint, varint32Size, writeVarint32 } from "./varint.js";
import { encodePath, type PathDecoder } from "./wire-path.js";

/**
 * The bytes of `RouteEntries` in an announcement, in pieces: path, scope and hops of each route. Written and read without message
 * objects, and each entry once: in a large mesh every node tells every other of every third one, again and again.
 */
export function encodeAnnouncement(routes: readonly AnnouncedRoute[]): readonly Uint8Array[] {
  return routes.map(encodeEntry);
}

/** The bytes of an entry with tag and length, computed once for each route object. */
function encodeEntry(route: AnnouncedRoute): Uint8Array {
  let bytes = encoded.get(route);
  if (bytes === undefined) {
    bytes = encodeEntryAnew(route);
    encoded.set(route, bytes);
  }
  return bytes;
}

const encoded = new WeakMap<AnnouncedRoute, Uint8Array>();

function encodeEntryAnew(route: AnnouncedRoute): Uint8Array {
  const size = entrySize(route);
  const target = new Uint8Array(1 + varint32Size(size) + size);
  const path = encodePath(route.path);
  target[0] = ENTRIES_TAG;
  let at = writeVarint32(target, 1, size);
  target[at++] = PATH_TAG;
  at = writeVarint32(target, at, path.length);
  target.set(path, at);
  at = writeNumber(target, at + path.length, SCOPE_TAG, route.scope);
  writeNumber(target, at, HOPS_TAG, route.hops);
  return target;
}

/** `RouteEntries.entries` and `RouteEntry.service_path`: field 10, length-delimited. */
const ENTRIES_TAG = (10 << 3) | 2;
const PATH_TAG = (10 << 3) | 2;
/** `RouteEntry.route_scope` and `hop_count`: varints, tags of two bytes each. */
const SCOPE_TAG = 40 << 3;
const HOPS_TAG = 50 << 3;

function entrySize({ path, scope, hops }: AnnouncedRoute): number {
  const { length } = encodePath(path);
  const numberSize = (value: number): number => (value === 0 ? 0 : 2 + varint32Size(value));
  return 1 + varint32Size(length) + length + numberSize(scope) + numberSize(hops);
}

function writeNumber(target: Uint8Array, at: number, tag: number, value: number): number {
  return value === 0 ? at : writeVarint32(target, writeVarint32(target, at, tag), value);
}

/** What an announcement says. */
export interface Announcement {
  readonly routes: readonly AnnouncedRoute[];
  /** How many entries named no path. */
  readonly withoutPath: number;
}

/** Entries that one process decodes repeatedly; beyond the bound it starts anew. */
const DECODED_ENTRIES_MAX = 16_384;
/** Longer ones are decoded each time. */
const DECODED_BYTES_MAX = 512;

/** Decodes announcements and hands out the same object for the same bytes of an entry. */
export class AnnouncementDecoder {
  readonly #known = new Map<string, AnnouncedRoute>();

  constructor(private readonly paths: PathDecoder) {}

  /** `undefined` when the bytes are damaged. */
  decode(content: Uint8Array): Announcement | undefined {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const routes: AnnouncedRoute[] = [];
    let withoutPath = 0;
    const entries = new FieldReader(bytes, 0, bytes.length);
    while (entries.next()) {
      if (entries.number !== 10) continue;
      if (entries.wireType !== 2) return undefined;
      const entry = this.#entry(bytes, entries.from, entries.to);
      if (entry === "damaged") return undefined;
      if (entry === "withoutPath") withoutPath += 1;
      else routes.push(entry);
    }
    return entries.broken ? undefined : { routes, withoutPath };
  }

  #entry(bytes: Buffer, from: number, to: number): AnnouncedRoute | "damaged" | "withoutPath" {
    if (to - from > DECODED_BYTES_MAX) return decodeEntry(bytes, from, to, this.paths);
    const name = bytes.toString("latin1", from, to);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const entry = decodeEntry(bytes, from, to, this.paths);
    if (typeof entry === "string") return entry;
    if (this.#known.size >= DECODED_ENTRIES_MAX) this.#known.clear();
    this.#known.set(name, entry);
    return entry;
  }
}

/** Of members that come twice the last counts. */
function decodeEntry(
  bytes: Uint8Array,
  from: number,
  to: number,
  paths: PathDecoder,
): AnnouncedRoute | "damaged" | "withoutPath" {
  let path: ServicePath | undefined;
  let scope = 0;
  let hops = 0;
  const fields = new FieldReader(bytes, from, to);
  while (fields.next()) {
    const { number, wireType } = fields;
    if (number !== 10 && number !== 40 && number !== 50) continue;
    if (wireType !== (number === 10 ? 2 : 0)) return "damaged";
    if (number === 10) {
      path = paths.decode(bytes, fields.from, fields.to);
      if (path === undefined) return "damaged";
    } else if (number === 40) scope = readUint32(bytes, fields);
    else hops = readUint32(bytes, fields);
  }
  if (fields.broken) return "damaged";
  return path === undefined ? "withoutPath" : { path, scope: scope as Scope, hops };
}

function readUint32(bytes: Uint8Array, { from, to }: FieldReader): number {
  return to - from === 1 ? (bytes[from] as number) : Number(readVarint(bytes, from, to) & 0xffff_ffffn);
}

import type { AnnouncedRoute } from "./connection-info.js";
import type { Scope, ServicePath } from "./service-path.js";
import { FieldReader, readVarint, varint32Size, writeVarint32 } from "./varint.js";
import { encodePath, type PathDecoder } from "./wire-path.js";

/**
 * The bytes of `RouteEntries` in an announcement: path, scope and hops of each route. Written and read without message
 * objects, since in a large mesh every node tells every other of every third one.
 */
export function encodeAnnouncement(routes: readonly AnnouncedRoute[]): Buffer {
  const sizes = routes.map((route) => entrySize(route));
  const target = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 1 + varint32Size(size) + size, 0));
  let at = 0;
  for (const [i, { path, scope, hops }] of routes.entries()) {
    const bytes = encodePath(path);
    target[at++] = ENTRIES_TAG;
    at = writeVarint32(target, at, sizes[i] as number);
    target[at++] = PATH_TAG;
    at = writeVarint32(target, at, bytes.length);
    target.set(bytes, at);
    at = writeNumber(target, at + bytes.length, SCOPE_TAG, scope);
    at = writeNumber(target, at, HOPS_TAG, hops);
  }
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

/** The routes of an announcement, and how many entries named no path; `undefined` when the bytes are damaged. */
export function decodeAnnouncement(
  content: Uint8Array,
  paths: PathDecoder,
): { readonly routes: readonly AnnouncedRoute[]; readonly withoutPath: number } | undefined {
  const routes: AnnouncedRoute[] = [];
  let withoutPath = 0;
  const entries = new FieldReader(content, 0, content.length);
  while (entries.next()) {
    if (entries.number !== 10) continue;
    if (entries.wireType !== 2) return undefined;
    const entry = decodeEntry(content, entries.from, entries.to, paths);
    if (entry === "damaged") return undefined;
    if (entry === "withoutPath") withoutPath += 1;
    else routes.push(entry);
  }
  return entries.broken ? undefined : { routes, withoutPath };
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

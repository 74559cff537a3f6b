import { type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@tandem/base";
import {
  DataRequestSchema,
  ManagementRequestSchema,
  PingRequestSchema,
  RequestResponseSchema,
  SwbusMessageSchema,
  TraceRouteRequestSchema,
} from "./gen/swbus_pb.js";
import { BODY_FIELD, type BodyName } from "./message.js";
import type { ServicePath } from "./service-path.js";
import { FieldReader, readVarint } from "./varint.js";
import type { PathDecoder } from "./wire-path.js";

/** A larger TTL counts as this: nobody may ask for four billion hops. */
export const TTL_MAX = 127;

/** What was wrong with a message; `source` and `id` when they could be read, so that an answer is possible. */
export interface BadMessage {
  readonly kind: "undecodable" | "badHeader" | "noBody";
  readonly detail: string;
  readonly source?: ServicePath;
  readonly destination?: ServicePath;
  readonly id?: bigint;
}

/**
 * A message as it came: the header is read, the body only checked. What is passed on stays the sender's bytes, except
 * for the TTL.
 */
export class Envelope {
  constructor(
    readonly bytes: Uint8Array,
    readonly ttl: number,
    readonly source: ServicePath,
    readonly destination: ServicePath,
    readonly body: BodyName,
    private readonly at: {
      readonly idFrom: number;
      readonly idTo: number;
      readonly ttl: number;
      readonly bodyFrom: number;
      readonly bodyTo: number;
    },
  ) {}

  get id(): bigint {
    return readVarint(this.bytes, this.at.idFrom, this.at.idTo);
  }

  /** The encoded body message. */
  get content(): Uint8Array {
    return this.bytes.subarray(this.at.bodyFrom, this.at.bodyTo);
  }

  /** The message for the next hop. A copy: the received bytes are never written to. `ttl` is at most `TTL_MAX`. */
  withTtl(ttl: number): Uint8Array {
    const copy = Buffer.allocUnsafe(this.bytes.length);
    copy.set(this.bytes);
    copy[this.at.ttl] = ttl;
    return copy;
  }
}

const NAME_OF_FIELD: ReadonlyMap<number, BodyName> = new Map(
  Object.entries(BODY_FIELD).map(([name, field]) => [field, name as BodyName]),
);

const SCHEMA_OF_BODY: Readonly<Record<Exclude<BodyName, "announcement">, DescMessage>> = {
  response: RequestResponseSchema,
  ping: PingRequestSchema,
  traceRoute: TraceRouteRequestSchema,
  management: ManagementRequestSchema,
  data: DataRequestSchema,
};

/**
 * Reads one message. Everything that is passed on has been checked to the last byte, because a decoder that finds
 * damage ends the stream of many senders for the fault of one.
 */
export function readEnvelope(bytes: Uint8Array, paths: PathDecoder): Result<Envelope, BadMessage> {
  const read = scan(bytes, paths);
  if (read !== "unusual") return read;
  // Legal but never written by the usual encoders (split or repeated members, odd varints): made usual first.
  let usual: Uint8Array;
  try {
    const message = fromBinary(SwbusMessageSchema, bytes);
    if (message.header !== undefined) message.header.ttl = Math.min(message.header.ttl, TTL_MAX);
    usual = toBinary(SwbusMessageSchema, message);
  } catch (error) {
    return err({ kind: "undecodable", detail: (error as Error).message });
  }
  const again = scan(usual, paths);
  return again === "unusual" ? err({ kind: "undecodable", detail: "cannot be brought into the usual form" }) : again;
}

interface HeaderAt {
  version: number;
  idFrom: number;
  idTo: number;
  ttl: number;
  ttlAt: number;
  source: ServicePath | undefined;
  destination: ServicePath | undefined;
}

function scan(bytes: Uint8Array, paths: PathDecoder): Result<Envelope, BadMessage> | "unusual" {
  let header: HeaderAt | undefined;
  let body: BodyName | undefined;
  let bodyFrom = 0;
  let bodyTo = 0;
  const fields = new FieldReader(bytes, 0, bytes.length);
  while (fields.next()) {
    if (fields.number === 10) {
      if (header !== undefined || fields.wireType !== 2) return "unusual";
      const read = scanHeader(bytes, fields.from, fields.to, paths);
      if (read === "unusual" || read === "damaged") return read === "unusual" ? read : undecodable("damaged header");
      header = read;
    } else {
      const name = NAME_OF_FIELD.get(fields.number);
      if (name === undefined) continue;
      if (body !== undefined || fields.wireType !== 2) return "unusual";
      body = name;
      bodyFrom = fields.from;
      bodyTo = fields.to;
    }
  }
  if (fields.broken) return undecodable("not a protobuf message");
  if (header === undefined) return err({ kind: "badHeader", detail: "no header" });
  const { source, destination, idFrom, idTo, ttl, ttlAt } = header;
  const known = {
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    id: readVarint(bytes, idFrom, idTo),
  };
  if (header.version < 1) return err({ kind: "badHeader", detail: "version is 0, expected 1 or more", ...known });
  if (source === undefined) return err({ kind: "badHeader", detail: "no source", ...known });
  if (destination === undefined) return err({ kind: "badHeader", detail: "no destination", ...known });
  if (body === undefined) return err({ kind: "noBody", detail: "no body that this version knows", ...known });
  if (!bodyIsSound(body, bytes, bodyFrom, bodyTo)) return undecodable(`damaged ${body} body`);
  return ok(new Envelope(bytes, ttl, source, destination, body, { idFrom, idTo, ttl: ttlAt, bodyFrom, bodyTo }));
}

function scanHeader(bytes: Uint8Array, from: number, to: number, paths: PathDecoder): HeaderAt | "unusual" | "damaged" {
  const header: HeaderAt = {
    version: 0,
    idFrom: 0,
    idTo: 0,
    ttl: 0,
    ttlAt: -1,
    source: undefined,
    destination: undefined,
  };
  let seen = 0;
  const fields = new FieldReader(bytes, from, to);
  while (fields.next()) {
    const member = HEADER_MEMBERS.get(fields.number);
    if (member === undefined) continue;
    if (fields.wireType !== member.wireType || (seen & member.bit) !== 0) return "unusual";
    seen |= member.bit;
    switch (fields.number) {
      case 1:
        header.version = Number(readVarint(bytes, fields.from, fields.to) & 0xffff_ffffn);
        break;
      case 10:
        header.idFrom = fields.from;
        header.idTo = fields.to;
        break;
      case 30:
        if (fields.to - fields.from !== 1) return "unusual";
        header.ttl = bytes[fields.from] as number;
        header.ttlAt = fields.from;
        break;
      case 110:
        header.source = paths.decode(bytes, fields.from, fields.to);
        if (header.source === undefined) return "damaged";
        break;
      case 120:
        header.destination = paths.decode(bytes, fields.from, fields.to);
        if (header.destination === undefined) return "damaged";
        break;
    }
  }
  return fields.broken ? "damaged" : header;
}

const HEADER_MEMBERS: ReadonlyMap<number, { readonly wireType: number; readonly bit: number }> = new Map([
  [1, { wireType: 0, bit: 1 }],
  [10, { wireType: 0, bit: 2 }],
  [20, { wireType: 0, bit: 4 }],
  [30, { wireType: 0, bit: 8 }],
  [110, { wireType: 2, bit: 16 }],
  [120, { wireType: 2, bit: 32 }],
]);

/** Whether every decoder will take the body. Data requests, the bulk of the traffic, are walked without decoding. */
function bodyIsSound(body: BodyName, bytes: Uint8Array, from: number, to: number): boolean {
  if (body === "data") {
    const fields = new FieldReader(bytes, from, to);
    while (fields.next()) if (fields.number === 20 && fields.wireType !== 2) return false;
    return !fields.broken;
  }
  // An announcement ends at its receiver, who decodes it anyway.
  if (from === to || body === "announcement") return true;
  try {
    fromBinary(SCHEMA_OF_BODY[body], bytes.subarray(from, to));
    return true;
  } catch {
    return false;
  }
}

function undecodable(detail: string): Result<never, BadMessage> {
  return err({ kind: "undecodable", detail });
}

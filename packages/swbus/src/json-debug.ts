import { create } from "@bufbuild/protobuf";
import { err, type Json, ok, type Result } from "@tandem/base";
import {
  DataRequestSchema,
  ManagementQueryResultSchema,
  ManagementRequestSchema,
  type ServicePath as PathMessage,
  PingRequestSchema,
  type RequestResponse,
  RequestResponseSchema,
  type RouteEntries,
  RouteEntriesSchema,
  type RouteEntry,
  RouteEntrySchema,
  type SwbusMessage,
  type SwbusMessageHeader,
  SwbusMessageHeaderSchema,
  SwbusMessageSchema,
  TraceRouteRequestSchema,
} from "./gen/swbus_pb.js";
import { compareRoutes } from "./route-table.js";
import { parseServicePath } from "./service-path.js";
import { pathFromMessage, pathToMessage } from "./wire-path.js";

/**
 * The JSON text of a message that upstream uses in fixtures and dumps: snake_case members, enums as integers, oneofs as
 * `{"PingRequest": {}}`, paths as strings. Message ids and next-hop ids are never written; 64-bit numbers are exact.
 */
export function formatDebugJson(message: SwbusMessage): string {
  const header = message.header === undefined ? null : formatHeader(message.header);
  return JSON.stringify({ header, body: formatBody(message.Body) }).replaceAll(MARKED, "$1");
}

/** A number that was written as text. Quotes inside texts are escaped, so nothing else looks like this. */
const MARKED = /(?<="request_id":)"(\d+)"/g;

/** Numbers that JSON.parse would round. */
const ROUNDED = /"(request_id|id)"(\s*:\s*)(\d{16,20})(?=\s*[,}])/g;

function formatHeader(header: SwbusMessageHeader): Json {
  const { version, flag, ttl, source, destination } = header;
  return { version, flag, ttl, source: formatPath(source), destination: formatPath(destination) };
}

function formatPath(path: PathMessage | undefined): string | null {
  return path === undefined ? null : pathFromMessage(path).toString();
}

function formatBody(body: SwbusMessage["Body"]): Json {
  switch (body.case) {
    case undefined:
      return null;
    case "response":
      return { Response: formatResponse(body.value) };
    case "routeAnnouncement":
      return { RouteAnnouncement: formatEntries(body.value) };
    case "pingRequest":
      return { PingRequest: {} };
    case "traceRouteRequest":
      return { TraceRouteRequest: {} };
    case "managementRequest": {
      const { request, arguments: args } = body.value;
      return { ManagementRequest: { request, arguments: args.map(({ name, value }) => ({ name, value })) } };
    }
    case "dataRequest":
      return { DataRequest: { payload: [...body.value.payload] } };
  }
}

function formatResponse({ requestId, errorCode, errorMessage, ResponseBody }: RequestResponse): Json {
  return {
    request_id: String(requestId),
    error_code: errorCode,
    error_message: errorMessage,
    response_body:
      ResponseBody.case === "routeEntries"
        ? { RouteEntries: formatEntries(ResponseBody.value) }
        : ResponseBody.case === "managementQueryResult"
          ? { ManagementQueryResult: { value: ResponseBody.value.value } }
          : null,
  };
}

function formatEntries({ entries }: RouteEntries): Json {
  const sortable = (entry: RouteEntry) => ({
    entry,
    path: pathFromMessage(entry.servicePath ?? pathToMessage(parseServicePath(""))),
    hops: entry.hopCount,
  });
  const sorted = entries.map(sortable).sort(compareRoutes);
  return {
    entries: sorted.map(({ entry }) => ({
      service_path: formatPath(entry.servicePath),
      nh_service_path: formatPath(entry.nhServicePath),
      route_scope: entry.routeScope,
      hop_count: entry.hopCount,
    })),
  };
}

/** Reads what upstream reads: unknown members are ignored, an unknown oneof tag or a missing scalar is an error. */
export function parseDebugJson(text: string): Result<SwbusMessage, string> {
  try {
    return ok(readMessage(JSON.parse(text.replaceAll(ROUNDED, '"$1"$2"$3"')) as Json));
  } catch (error) {
    if (error instanceof DebugJsonError || error instanceof SyntaxError) return err(error.message);
    throw error;
  }
}

class DebugJsonError extends Error {}

function readMessage(json: Json): SwbusMessage {
  const members = membersOf(json, "message");
  const message = create(SwbusMessageSchema);
  if (members["header"] != null) message.header = readHeader(members["header"]);
  if (members["body"] != null) message.Body = readBody(members["body"]);
  return message;
}

function readHeader(json: Json): SwbusMessageHeader {
  const members = membersOf(json, "header");
  const source = readPath(members, "source");
  const destination = readPath(members, "destination");
  return create(SwbusMessageHeaderSchema, {
    version: readNumber(members, "version"),
    id: members["id"] === undefined ? 0n : readId(members, "id"),
    flag: readNumber(members, "flag"),
    ttl: readNumber(members, "ttl"),
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
  });
}

function readBody(json: Json): SwbusMessage["Body"] {
  const [tag, inner] = readTag(json, "body");
  const members = membersOf(inner, tag);
  switch (tag) {
    case "Response":
      return { case: "response", value: readResponse(members) };
    case "RouteAnnouncement":
      return { case: "routeAnnouncement", value: readEntries(members) };
    case "PingRequest":
      return { case: "pingRequest", value: create(PingRequestSchema) };
    case "TraceRouteRequest":
      return { case: "traceRouteRequest", value: create(TraceRouteRequestSchema) };
    case "ManagementRequest": {
      const args = readList(members, "arguments").map((argument) => {
        const parts = membersOf(argument, "argument");
        return { name: readText(parts, "name"), value: readText(parts, "value") };
      });
      const value = create(ManagementRequestSchema, { request: readNumber(members, "request"), arguments: args });
      return { case: "managementRequest", value };
    }
    case "DataRequest": {
      const payload = Uint8Array.from(readList(members, "payload").map((byte) => readByte(byte)));
      return { case: "dataRequest", value: create(DataRequestSchema, { payload }) };
    }
    default:
      throw new DebugJsonError(`unknown body ${tag}`);
  }
}

function readResponse(members: Members): RequestResponse {
  const response = create(RequestResponseSchema, {
    requestId: readId(members, "request_id"),
    errorCode: readNumber(members, "error_code"),
    errorMessage: readText(members, "error_message"),
  });
  if (members["response_body"] == null) return response;
  const [tag, inner] = readTag(members["response_body"], "response_body");
  const parts = membersOf(inner, tag);
  if (tag === "RouteEntries") response.ResponseBody = { case: "routeEntries", value: readEntries(parts) };
  else if (tag === "ManagementQueryResult") {
    const value = create(ManagementQueryResultSchema, { value: readText(parts, "value") });
    response.ResponseBody = { case: "managementQueryResult", value };
  } else throw new DebugJsonError(`unknown response_body ${tag}`);
  return response;
}

function readEntries(members: Members): RouteEntries {
  const entries = readList(members, "entries").map((json) => {
    const entry = membersOf(json, "entry");
    const servicePath = readPath(entry, "service_path");
    const nhServicePath = readPath(entry, "nh_service_path");
    return create(RouteEntrySchema, {
      nhId: entry["nh_id"] === undefined ? "" : readText(entry, "nh_id"),
      routeScope: readNumber(entry, "route_scope"),
      hopCount: readNumber(entry, "hop_count"),
      ...(servicePath !== undefined && { servicePath }),
      ...(nhServicePath !== undefined && { nhServicePath }),
    });
  });
  return create(RouteEntriesSchema, { entries });
}

type Members = { readonly [member: string]: Json | undefined };

function membersOf(json: Json, what: string): Members {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new DebugJsonError(`${what}: expected an object`);
  return json as Members;
}

function readTag(json: Json, what: string): [string, Json] {
  const [only, ...others] = Object.entries(membersOf(json, what));
  if (only === undefined || others.length > 0) throw new DebugJsonError(`${what}: expected one member`);
  return [only[0], only[1] ?? null];
}

function readNumber(members: Members, name: string): number {
  const value = members[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new DebugJsonError(`${name}: expected an unsigned 32-bit number`);
  return value;
}

function readId(members: Members, name: string): bigint {
  const value = members[name];
  const digits = typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (!/^\d{1,20}$/.test(digits) || BigInt(digits) >= 2n ** 64n)
    throw new DebugJsonError(`${name}: expected an unsigned 64-bit number`);
  return BigInt(digits);
}

function readText(members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== "string") throw new DebugJsonError(`${name}: expected a string`);
  return value;
}

function readList(members: Members, name: string): readonly Json[] {
  const value = members[name];
  if (!Array.isArray(value)) throw new DebugJsonError(`${name}: expected a list`);
  return value as readonly Json[];
}

function readByte(json: Json): number {
  if (typeof json !== "number" || !Number.isInteger(json) || json < 0 || json > 255)
    throw new DebugJsonError("payload: expected bytes");
  return json;
}

function readPath(members: Members, name: string): PathMessage | undefined {
  const value = members[name];
  if (value === null) return undefined;
  if (typeof value !== "string") throw new DebugJsonError(`${name}: expected a path or null`);
  return pathToMessage(parseServicePath(value));
}

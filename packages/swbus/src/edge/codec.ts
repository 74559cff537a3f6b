import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Envelope } from "../envelope.js";
import {
  DataRequestSchema,
  ManagementQueryResultSchema,
  ManagementRequestSchema,
  ManagementRequestType,
  type RequestResponse,
  RequestResponseSchema,
  RouteEntriesSchema,
  SwbusErrorCode,
} from "../gen/swbus_pb.js";
import { encodeDataMessage, encodeMessage, encodeResponse, type Header, type ResponseBody } from "../message.js";
import { lineFromEntry, lineToEntry } from "../route-entries.js";
import { encodePayload } from "./payload.js";
import type { EdgeBody, EdgeMessage, ResponseContent } from "./types.js";

const EMPTY = new Uint8Array(0);

/** A message as it leaves the process. */
export function encodeEdgeMessage(message: EdgeMessage): Uint8Array {
  const { body } = message;
  const header: Header = message;
  switch (body.kind) {
    case "data":
      return encodeDataMessage(header, encodePayload(body.payload));
    case "response":
      return encodeMessage(header, "response", encodeResponse({ ...body, ...contentToBody(body.content) }));
    case "management": {
      const args = Object.entries(body.args).map(([name, value]) => ({ name, value }));
      const request = create(ManagementRequestSchema, { request: body.type, arguments: args });
      return encodeMessage(header, "management", toBinary(ManagementRequestSchema, request));
    }
    case "ping":
      return encodeMessage(header, "ping", EMPTY);
    case "traceRoute":
      return encodeMessage(header, "traceRoute", EMPTY);
  }
}

/**
 * A message as handlers see it; `undefined` for a route announcement, which is no edge's business. Bodies have been
 * checked when the envelope was read.
 */
export function decodeEdgeMessage(envelope: Envelope): EdgeMessage | undefined {
  const body = decodeBody(envelope);
  if (body === undefined) return undefined;
  const { id, source, destination, ttl } = envelope;
  return { id, source, destination, ttl, body };
}

function decodeBody({ body, content }: Envelope): EdgeBody | undefined {
  switch (body) {
    case "data":
      return { kind: "data", payload: fromBinary(DataRequestSchema, content).payload };
    case "response":
      return decodeResponse(fromBinary(RequestResponseSchema, content));
    case "management": {
      const request = fromBinary(ManagementRequestSchema, content);
      const args = Object.fromEntries(request.arguments.map(({ name, value }) => [name, value]));
      return { kind: "management", type: request.request, args };
    }
    case "ping":
      return { kind: "ping" };
    case "traceRoute":
      return { kind: "traceRoute" };
    case "announcement":
      return undefined;
  }
}

function decodeResponse(response: RequestResponse): EdgeBody {
  const { requestId, errorCode, errorMessage, ResponseBody } = response;
  const code = errorCode in SwbusErrorCode ? errorCode : SwbusErrorCode.UNKNOWN_ERROR;
  const content = contentOf(ResponseBody);
  return { kind: "response", requestId, code, text: errorMessage, ...(content !== undefined && { content }) };
}

function contentOf(body: RequestResponse["ResponseBody"]): ResponseContent | undefined {
  switch (body.case) {
    case "routeEntries": {
      const routes = body.value.entries.map(lineFromEntry).filter((line) => line !== undefined);
      return { kind: "routes", routes };
    }
    case "managementQueryResult":
      return { kind: "value", value: body.value.value };
    default:
      return undefined;
  }
}

function contentToBody(content: ResponseContent | undefined): { readonly body?: ResponseBody } {
  switch (content?.kind) {
    case "routes":
      return {
        body: {
          case: "routeEntries",
          value: create(RouteEntriesSchema, { entries: content.routes.map(lineToEntry) }),
        },
      };
    case "value":
      return {
        body: {
          case: "managementQueryResult",
          value: create(ManagementQueryResultSchema, { value: content.value }),
        },
      };
    default:
      return {};
  }
}

/** Whether a management request names a type of this version; others are answered INVALID_ARGS, not handed on. */
export function isKnownManagement(type: ManagementRequestType): boolean {
  return type in ManagementRequestType;
}

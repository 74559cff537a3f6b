import { create, fromBinary } from "@bufbuild/protobuf";
import { type Connection, isPeerType } from "./connection-info.js";
import type { Envelope } from "./envelope.js";
import {
  ManagementQueryResultSchema,
  type ManagementRequest,
  ManagementRequestSchema,
  ManagementRequestType,
  RouteEntriesSchema,
  SwbusErrorCode,
} from "./gen/swbus_pb.js";
import { encodeMessage, encodeResponse, type ResponseBody, TTL_NEW } from "./message.js";
import type { MessageIds } from "./message-id.js";
import { lineToEntry } from "./route-entries.js";
import type { Way } from "./route-entry.js";
import type { RouteTable } from "./route-table.js";
import type { ServicePath } from "./service-path.js";

/** What became of a message that was put on a connection's queue. */
export type Sent = "sent" | "full" | "gone";

export interface RouterOptions {
  readonly table: RouteTable;
  /** This node. */
  readonly self: ServicePath;
  readonly newId: MessageIds;
  /** Queues without waiting. */
  readonly trySend: (connection: Connection, message: Uint8Array) => Sent;
}

/** Why a message ended here without an answer. */
export type DropReason =
  /** An answer that could not be delivered: nothing answers an answer. */
  | "undeliverableResponse"
  /** An announcement for somebody else, or from a local client: they are never passed on. */
  | "strayAnnouncement"
  /** An answer addressed to this swbusd, which asks nothing. */
  | "unexpectedResponse";

/** What became of a received message; the shell counts it. */
export type Disposition =
  | { readonly kind: "forwarded" }
  | { readonly kind: "answered"; readonly code: SwbusErrorCode; readonly text: string }
  | { readonly kind: "dropped"; readonly reason: DropReason }
  /** Routes for this swbusd; the shell gives them to the table. */
  | { readonly kind: "announcement"; readonly content: Uint8Array };

const FORWARDED: Disposition = { kind: "forwarded" };

interface Answer {
  readonly code: SwbusErrorCode;
  readonly text?: string;
  readonly body?: ResponseBody;
  /** Who answers; this node unless told otherwise. */
  readonly source?: ServicePath;
}

/** The text of an answer that stands for one that is too large. */
export function cannotSend(bytes: number): string {
  return `An answer of ${bytes} bytes cannot be sent`;
}

/** Decides on each message: forward, answer, or drop. Answers travel like any message, but are never answered. */
export class Router {
  constructor(private readonly options: RouterOptions) {}

  receive(message: Envelope, from: Connection): Disposition {
    switch (message.body) {
      case "announcement":
        return message.destination.equals(this.options.self) && isPeerType(from.type)
          ? { kind: "announcement", content: message.content }
          : { kind: "dropped", reason: "strayAnnouncement" };
      case "traceRoute": {
        const answered = this.#answer(message, { code: SwbusErrorCode.OK });
        return message.destination.equals(this.options.self) ? answered : this.#forward(message);
      }
      case "management":
        return message.destination.equals(this.options.self) ? this.#manage(message) : this.#forward(message);
      default:
        return this.#forward(message);
    }
  }

  /** An answer to a message whose header was readable but which could not be handled. */
  refuse(request: { readonly id: bigint; readonly source: ServicePath }, code: SwbusErrorCode, text: string): void {
    this.#answer(request, { code, text });
  }

  #forward(message: Envelope): Disposition {
    let full: Connection | undefined;
    for (const way of this.options.table.ways(message.destination)) {
      if (way.kind === "local") {
        // The service is here, but cannot take it now: not the same as being nowhere.
        if (full !== undefined) break;
        return this.#here(message);
      }
      // The test is against the known distance, so a TTL that cannot reach is refused at once.
      if (message.ttl - 1 < way.hops)
        return this.#fail(message, { code: SwbusErrorCode.UNREACHABLE, text: "TTL expired" });
      const sent = this.options.trySend(way.connection, message.withTtl(message.ttl - 1));
      if (sent === "sent") return FORWARDED;
      if (sent === "full") full = way.connection;
    }
    if (full !== undefined)
      return this.#fail(message, { code: SwbusErrorCode.QUEUE_FULL, text: `Queue full: ${full.id}` });
    return this.#fail(message, { code: SwbusErrorCode.NO_ROUTE, text: "Route not found" });
  }

  /** A message that arrived at its node. */
  #here(message: Envelope): Disposition {
    if (message.body === "response") return { kind: "dropped", reason: "unexpectedResponse" };
    // What is addressed answers, also when all that it can say is that nobody is there.
    const source = message.destination;
    if (message.body === "ping" && source.serviceType === "")
      return this.#answer(message, { code: SwbusErrorCode.OK, source });
    return this.#answer(message, { code: SwbusErrorCode.NO_ROUTE, text: "Route not found", source });
  }

  #fail(message: Envelope, answer: Answer): Disposition {
    if (message.body === "response") return { kind: "dropped", reason: "undeliverableResponse" };
    return this.#answer(message, answer);
  }

  #answer(request: { readonly id: bigint; readonly source: ServicePath }, answer: Answer): Disposition {
    const { code, text = "", body, source = this.options.self } = answer;
    const content = encodeResponse({ requestId: request.id, code, text, ...(body !== undefined && { body }) });
    const destination = request.source;
    const ways = this.options.table.ways(destination);
    const sent = ways.some((way) => this.#sendAnswer(way, source, destination, content));
    if (sent) return { kind: "answered", code, text };
    // What was asked for may be too large for the way back: then the asker hears that, instead of waiting for nothing.
    return body === undefined
      ? { kind: "dropped", reason: "undeliverableResponse" }
      : this.#answer(request, { code: SwbusErrorCode.FAIL, text: cannotSend(content.length), source });
  }

  #sendAnswer(way: Way, source: ServicePath, destination: ServicePath, content: Uint8Array): boolean {
    if (way.kind === "local" || TTL_NEW - 1 < way.hops) return false;
    const header = { id: this.options.newId(), ttl: TTL_NEW - 1, source, destination };
    return this.options.trySend(way.connection, encodeMessage(header, "response", content)) === "sent";
  }

  #manage(message: Envelope): Disposition {
    const request = fromBinary(ManagementRequestSchema, message.content);
    switch (request.request) {
      case ManagementRequestType.SWBUSD_GET_ROUTES: {
        const entries = this.options.table.lines().map(lineToEntry);
        const value = create(RouteEntriesSchema, { entries });
        return this.#answer(message, { code: SwbusErrorCode.OK, body: { case: "routeEntries", value } });
      }
      case ManagementRequestType.SWBUSD_RESOLVE_PEER_SP:
        return this.#answer(message, this.#resolve(request));
      default:
        return this.#answer(message, {
          code: SwbusErrorCode.INVALID_ARGS,
          text: `Unsupported request type: ${ManagementRequestType[request.request] ?? request.request}`,
        });
    }
  }

  /**
   * An unknown endpoint is answered INVALID_DESTINATION: upstream's hamgrd reports input errors (200–299) and trips an
   * assertion of its own on NO_ROUTE. docs/adr/0014-bus-answers.md.
   */
  #resolve(request: ManagementRequest): Answer {
    const endpoint = request.arguments.find(({ name }) => name === "endpoint")?.value;
    if (endpoint === undefined)
      return { code: SwbusErrorCode.INVALID_ARGS, text: "Missing argument: endpoint (ip:port)" };
    const path = this.options.table.resolveAddress(endpoint);
    if (path === undefined)
      return { code: SwbusErrorCode.INVALID_DESTINATION, text: `No peer is connected at ${endpoint}` };
    const value = create(ManagementQueryResultSchema, { value: path.toString() });
    return { code: SwbusErrorCode.OK, body: { case: "managementQueryResult", value } };
  }
}

import type { Json } from "@tandem/base";
import type { ManagementRequestType, SwbusErrorCode } from "../gen/swbus_pb.js";
import type { RouteLine } from "../route-line.js";
import type { ServicePath } from "../service-path.js";

/** A message between actors: `key` names the row of the receiver's incoming table. On the wire: UTF-8 JSON text. */
export interface StructuredPayload {
  readonly key: string;
  readonly data: Json;
  /** Where it began, for whoever records that; receivers that do not know it ignore it. */
  readonly trace?: Json;
}

/** Bytes as they came from another process, or the object itself when the sender is in this one. */
export type Payload = Uint8Array | StructuredPayload;

/** What an answer may carry beside code and text. */
export type ResponseContent =
  | { readonly kind: "routes"; readonly routes: readonly RouteLine[] }
  | { readonly kind: "value"; readonly value: string };

export type EdgeBody =
  | { readonly kind: "data"; readonly payload: Payload }
  | {
      readonly kind: "response";
      readonly requestId: bigint;
      readonly code: SwbusErrorCode;
      readonly text: string;
      readonly content?: ResponseContent;
    }
  | {
      readonly kind: "management";
      readonly type: ManagementRequestType;
      readonly args: Readonly<Record<string, string>>;
    }
  | { readonly kind: "ping" }
  | { readonly kind: "traceRoute" };

/** A message as handlers and senders see it; swbus.proto `SwbusMessage`. */
export interface EdgeMessage {
  readonly id: bigint;
  readonly source: ServicePath;
  readonly destination: ServicePath;
  /** 64 when new; each swbusd takes one. */
  readonly ttl: number;
  readonly body: EdgeBody;
}

/** Where a message came from: this process, or the bus. */
export type Origin = "local" | "bus";

/**
 * Takes one message. Runs inside `send` or the stream's reader, so it only queues and returns; false says that there
 * is no room: a local sender gets `queueFull` from `send`, one on the bus the answer QUEUE_FULL. Must not throw.
 * Pings and trace-routes do not arrive here: the edge answers them itself.
 */
export type Handler = (message: EdgeMessage, origin: Origin) => boolean;

/** `private`: sees only messages that were sent in this process. */
export type Visibility = "public" | "private";

/** Why a message was not sent. The sender keeps it and sends again. */
export type SendError =
  /** No stream to swbusd stands, and the destination is not in this process. */
  | { readonly kind: "notConnected"; readonly destination: ServicePath }
  /** The destination would be in this process, but nothing is registered there. */
  | { readonly kind: "noRoute"; readonly destination: ServicePath }
  /** The receiver's mailbox is at its bound; or the queue to swbusd is, then `limit` is that bound in bytes. */
  | { readonly kind: "queueFull"; readonly destination: ServicePath; readonly limit?: number }
  /** The message would be refused by every gRPC peer. */
  | { readonly kind: "tooLarge"; readonly destination: ServicePath; readonly size: number; readonly limit: number };

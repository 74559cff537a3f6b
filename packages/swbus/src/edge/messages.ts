import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { TTL_NEW } from "../message.js";
import type { ServicePath } from "../service-path.js";
import type { EdgeBody, EdgeMessage, Payload, ResponseContent } from "./types.js";

/** A new message; the sender drew `id` and keeps it for each repeat. */
export function newMessage(id: bigint, source: ServicePath, destination: ServicePath, body: EdgeBody): EdgeMessage {
  return { id, source, destination, ttl: TTL_NEW, body };
}

export function dataMessage(id: bigint, source: ServicePath, destination: ServicePath, payload: Payload): EdgeMessage {
  return newMessage(id, source, destination, { kind: "data", payload });
}

export interface Answer {
  /** OK unless told otherwise. */
  readonly code?: SwbusErrorCode;
  readonly text?: string;
  readonly content?: ResponseContent;
  /** Who answers; the addressed path unless told otherwise. */
  readonly source?: ServicePath;
}

/** The answer to `request`, with an id of its own. Never call it for a response: nothing answers an answer. */
export function answerTo(request: EdgeMessage, id: bigint, answer: Answer = {}): EdgeMessage {
  return newMessage(id, answer.source ?? request.destination, request.source, {
    kind: "response",
    requestId: request.id,
    code: answer.code ?? SwbusErrorCode.OK,
    text: answer.text ?? "",
    ...(answer.content !== undefined && { content: answer.content }),
  });
}

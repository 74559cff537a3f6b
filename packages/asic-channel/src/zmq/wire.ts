import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import { TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS } from "../op.js";
import { type AsicReply, isReplyOp } from "../reply.js";
import { type AsicRequest, checkRequest, describeRequestFault } from "../request.js";
import { type FrameId, splitId } from "./ids.js";

/** A frame of this size or more is no message: the receive buffer of orchagent and syncd. */
export const FRAME_BYTES_MAX = 128 * 1024 * 1024;

/** What one frame should have been, and was not. */
export interface FrameFault {
  readonly detail: string;
  /** The op that stands in it, as far as one does. */
  readonly op: string | undefined;
}

/** `[key, op, field, value, …]`, as sonic-sairedis writes it (lib/ZeroMQChannel.cpp). */
export function encodeRequest({ key, op, fields }: AsicRequest): Uint8Array {
  return Buffer.from(JSON.stringify([key, op, ...fields.flat()]));
}

/** A request and how it names itself, which only one of ours does. */
export interface FramedRequest {
  readonly request: AsicRequest;
  readonly frameId: FrameId | undefined;
}

export function decodeRequest(frame: Uint8Array): Result<FramedRequest, FrameFault> {
  const parts = decodeFrame(frame);
  if (!parts.ok) return err({ detail: parts.error, op: undefined });
  const { first, second, pairs } = parts.value;
  const [fields, frameId] = splitId(pairs);
  const request = checkRequest(second, first, fields);
  if (!request.ok) return err({ detail: describeRequestFault(request.error), op: second });
  return ok({ request: request.value, frameId });
}

/** `[status, op, field, value, …]`. */
export function encodeReply({ status, op, fields }: AsicReply): Uint8Array {
  return Buffer.from(JSON.stringify([status, op, ...fields.flat()]));
}

export function decodeReply(frame: Uint8Array): Result<AsicReply, string> {
  const parts = decodeFrame(frame);
  if (!parts.ok) return parts;
  const { first, second, pairs } = parts.value;
  if (!isReplyOp(second)) return err(`the op of a reply was expected, found ${JSON.stringify(second)}`);
  return ok({ op: second, status: first, fields: pairs });
}

/** `[name, data, field, value, …]`. */
export function encodeNotification({ name, data, fields }: AsicNotification): Uint8Array {
  return Buffer.from(JSON.stringify([name, data, ...fields.flat()]));
}

export function decodeNotification(frame: Uint8Array): Result<AsicNotification, string> {
  const parts = decodeFrame(frame);
  if (!parts.ok) return parts;
  const { first, second, pairs } = parts.value;
  return ok({ name: first, data: second, fields: pairs });
}

interface Parts {
  readonly first: string;
  readonly second: string;
  readonly pairs: FieldValues;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** An array of texts, an even number of them, two at least. */
function decodeFrame(frame: Uint8Array): Result<Parts, string> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(frame));
  } catch {
    return err("a JSON array was expected");
  }
  if (!Array.isArray(value)) return err("a JSON array was expected");
  const strange = value.findIndex((part) => typeof part !== "string");
  if (strange >= 0) return err(`texts were expected, found ${typeof value[strange]} at place ${strange}`);
  const texts = value as string[];
  const [first, second] = texts;
  if (first === undefined || second === undefined)
    return err(`two texts at least were expected, found ${texts.length}`);
  if (texts.length % 2 !== 0)
    return err(`a value for each field was expected, found ${texts.length - 2} texts of them`);
  const pairs: [string, string][] = [];
  for (let at = 2; at < texts.length; at += 2) pairs.push([texts[at] as string, texts[at + 1] as string]);
  return ok({ first, second, pairs });
}

/** As much of a frame as a report repeats. */
export function textOf(frame: Uint8Array): string {
  return Buffer.from(frame.subarray(0, TROUBLE_FOUND_MAX)).toString();
}

/** The reply, if it is one to such a request. */
export function decodeReplyTo(request: AsicRequest, frame: Uint8Array): Result<AsicReply, string> {
  const reply = decodeReply(frame);
  const { reply: op } = ASIC_OPS[request.op];
  if (!reply.ok || reply.value.op === op) return reply;
  return err(`${op} was expected, found ${reply.value.op}`);
}

/** What upstream's client sends to its own socket when it stops. */
export function isWakeUp(frame: Uint8Array): boolean {
  return frame.length === 1 && frame[0] === "1".charCodeAt(0);
}

import { err, ok, type Result } from "@tandem/base";
import type { FieldValues, Reply } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import { type AsicReply, isReplyOp } from "../reply.js";
import { type AsicRequest, checkRequest, describeRequestFault, parseAsked } from "../request.js";

export const REQUEST_STREAM = "ASIC_REQUEST_STREAM";
export const RESPONSE_STREAM = "ASIC_RESPONSE_STREAM";
export const GROUP = "syncd_group";
/** One server at a time, so all of them are the same consumer: what one leaves pending the next one finds. */
export const CONSUMER = "syncd";

/** Counters and positions of the channel. */
export const STATE = "ASIC_STREAM_STATE";
export const MARKS = "ASIC_STREAM_MARKS";
/** Per archiver the position up to which it has everything. */
export const ARCHIVED = "ASIC_STREAM_ARCHIVED";

export function ownerKey(end: "client" | "server"): string {
  return `TANDEM_ASIC_OWNER:streams:${end}`;
}

/** A place in both streams, as Redis writes ids: `ms-n`. */
export type Position = string;

export const POSITION_FIRST: Position = "0-0";

/** Milliseconds since 1970, and the number that counts the entries of both streams. */
export function positionParts(position: Position): readonly [at: number, n: number] {
  const dash = position.indexOf("-");
  return [Number(position.slice(0, dash)), Number(position.slice(dash + 1))];
}

export function comparePositions(a: Position, b: Position): number {
  const [aMs, aN] = positionParts(a);
  const [bMs, bN] = positionParts(b);
  return aMs - bMs || aN - bN;
}

export function isPosition(text: string): boolean {
  return /^\d{1,15}-\d{1,15}$/.test(text);
}

/** An entry as it stands in a stream. */
export interface StreamEntry {
  readonly position: Position;
  /** Absent when the entry was cut away while it was pending. */
  readonly fields: ReadonlyMap<string, string> | undefined;
}

/** What XREAD and XREADGROUP reply, per stream. */
export function decodeRead(reply: Reply): ReadonlyMap<string, readonly StreamEntry[]> {
  const streams = new Map<string, readonly StreamEntry[]>();
  for (const [name, entries] of (reply ?? []) as readonly [string, readonly (readonly [string, Reply])[]][])
    streams.set(name, entries.map(decodeEntry));
  return streams;
}

/** What XRANGE replies. */
export function decodeRange(reply: Reply): readonly StreamEntry[] {
  return (reply as readonly (readonly [string, Reply])[]).map(decodeEntry);
}

function decodeEntry([position, flat]: readonly [string, Reply]): StreamEntry {
  if (flat === null) return { position, fields: undefined };
  const fields = new Map<string, string>();
  const texts = flat as readonly string[];
  for (let i = 0; i + 1 < texts.length; i += 2) fields.set(texts[i] as string, texts[i + 1] as string);
  return { position, fields };
}

export function encodeFields(fields: FieldValues): string {
  return JSON.stringify(fields.flat());
}

function decodeFields(text: string | undefined): Result<FieldValues, string> {
  let list: unknown;
  try {
    list = JSON.parse(text ?? "");
  } catch {
    return err("JSON was expected in attrs");
  }
  if (!Array.isArray(list) || !list.every((item): item is string => typeof item === "string") || list.length % 2 === 1)
    return err("an array of fields and values was expected in attrs");
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < list.length; i += 2) pairs.push([list[i] as string, list[i + 1] as string]);
  return ok(pairs);
}

/** A request with the id that it has for ever; `size` is absent where it was not counted, as in entries made by hand. */
export interface StreamRequest {
  readonly id: string | undefined;
  readonly size: string;
  readonly request: AsicRequest;
}

export function decodeRequest(fields: ReadonlyMap<string, string>): Result<StreamRequest, string> {
  const attributes = decodeFields(fields.get("attrs"));
  if (!attributes.ok) return attributes;
  const request = checkRequest(fields.get("op") ?? "", fields.get("key") ?? "", attributes.value);
  if (!request.ok) return err(describeRequestFault(request.error));
  return ok({ id: fields.get("id"), size: fields.get("size") ?? "", request: request.value });
}

/** An entry of the response stream. */
export type StreamResponse =
  | {
      readonly kind: "reply";
      readonly id: string | undefined;
      readonly reply: AsicReply;
      /** What was asked: of a refusal that nobody waits for. */
      readonly asked?: Pick<AsicRequest, "op" | "key">;
    }
  | { readonly kind: "notification"; readonly notification: AsicNotification };

export function decodeResponse(fields: ReadonlyMap<string, string>): Result<StreamResponse, string> {
  const attributes = decodeFields(fields.get("attrs"));
  if (!attributes.ok) return attributes;
  const [key = "", op = ""] = [fields.get("key"), fields.get("op")];
  if (op === "notification") {
    const notification = { name: key, data: fields.get("data") ?? "", fields: attributes.value };
    return ok({ kind: "notification", notification });
  }
  if (!isReplyOp(op)) return err(`the op of a reply was expected, found ${JSON.stringify(op)}`);
  const asked = parseAsked(fields.get("asked") ?? "");
  return ok({
    kind: "reply",
    id: fields.get("id"),
    reply: { op, status: key, fields: attributes.value },
    ...(asked !== undefined && { asked }),
  });
}

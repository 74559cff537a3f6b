import { err, mapOk, ok, type Result } from "@tandem/base";
import type { FieldValues, Reply, Store, StoreError } from "@tandem/swss";
import type { SentRequest } from "../grpc/wire.js";
import { type AsicReply, isReplyOp } from "../reply.js";
import { checkRequest, describeRequestFault } from "../request.js";
import { loadScript } from "./load-script.js";

const PUT = loadScript("grpc_queue_put");
const FINISH = loadScript("grpc_queue_finish");

/** Where a queue of requests stands in Redis. */
export interface QueuePlace {
  /** The requests, oldest first. */
  readonly queue: string;
  /** Replies to them, where they come by Redis; also oldest first. */
  readonly replies: string;
  /** Position up to which they were taken. */
  readonly taken: string;
  /** Wake-ups: something was put, something was answered. */
  readonly queueChannel: string;
  readonly repliesChannel: string;
}

export function queuePlace(name: string): QueuePlace {
  return {
    queue: `ASIC_${name}_QUEUE`,
    replies: `ASIC_${name}_REPLIES`,
    taken: `ASIC_${name}_TAKEN`,
    queueChannel: `ASIC_${name}_QUEUE_CHANNEL`,
    repliesChannel: `ASIC_${name}_REPLIES_CHANNEL`,
  };
}

/** Replies that stay for a client that is away. */
export const REPLIES_KEPT = 10_000;

/** An entry of the requests or of the replies. */
export interface QueueEntry {
  /** `<milliseconds>-<number>`, as Redis numbers the entries of a stream; later ones are greater. */
  readonly position: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** How many of them are stored; the others found no room. */
export async function putRequests(
  store: Store,
  { queue, queueChannel }: QueuePlace,
  limit: number,
  sent: readonly SentRequest[],
): Promise<Result<number, StoreError>> {
  const args = [String(limit), queueChannel];
  for (const each of sent) args.push(...requestTexts(each).map(([, text]) => text));
  return mapOk(await store.run(PUT, [queue], args), Number);
}

/** The oldest requests; they stay. */
export function peekRequests(
  store: Store,
  { queue }: QueuePlace,
  count: number,
): Promise<Result<readonly QueueEntry[], StoreError>> {
  return readStream(store, queue, "-", count);
}

/** Up to where requests were taken, by this process or one before it. */
export async function takenUpTo(store: Store, { taken }: QueuePlace): Promise<Result<string, StoreError>> {
  return mapOk(await store.command(["GET", taken]), (reply) => (reply === null ? "0-0" : String(reply)));
}

export async function markTaken(
  store: Store,
  { taken }: QueuePlace,
  position: string,
): Promise<Result<void, StoreError>> {
  return mapOk(await store.command(["SET", taken, position]), () => undefined);
}

/** The request at `position` is done. `reply` is absent when nobody waits for it; `asked` tells of one that nobody does. */
export async function finishRequest(
  store: Store,
  { queue, replies, repliesChannel }: QueuePlace,
  position: string,
  id: string,
  reply: AsicReply | undefined,
  asked = "",
): Promise<Result<void, StoreError>> {
  const said = reply === undefined ? ["", "", ""] : [reply.op, reply.status, JSON.stringify(reply.fields.flat())];
  const args = [position, id, ...said, String(REPLIES_KEPT), repliesChannel, asked];
  return mapOk(await store.run(FINISH, [queue, replies], args), () => undefined);
}

/** Replies behind `position`. */
export function readReplies(
  store: Store,
  { replies }: QueuePlace,
  position: string,
  count: number,
): Promise<Result<readonly QueueEntry[], StoreError>> {
  return readStream(store, replies, `(${position}`, count);
}

/** Where the replies end now. */
export async function repliesEnd(store: Store, { replies }: QueuePlace): Promise<Result<string, StoreError>> {
  const newest = await store.command(["XREVRANGE", replies, "+", "-", "COUNT", "1"]);
  return mapOk(newest, (reply) => entriesOf(reply)[0]?.position ?? "0-0");
}

async function readStream(
  store: Store,
  key: string,
  from: string,
  count: number,
): Promise<Result<readonly QueueEntry[], StoreError>> {
  return mapOk(await store.command(["XRANGE", key, from, "+", "COUNT", String(count)]), entriesOf);
}

function entriesOf(reply: Reply): readonly QueueEntry[] {
  return (reply as readonly (readonly [string, readonly string[]])[]).map(([position, texts]) => {
    const fields = new Map<string, string>();
    for (let i = 0; i + 1 < texts.length; i += 2) fields.set(texts[i] as string, texts[i + 1] as string);
    return { position, fields };
  });
}

export function decodeQueued({ fields }: QueueEntry): Result<SentRequest, string> {
  const attributes = decodeFields(fields.get("attrs"));
  if (!attributes.ok) return attributes;
  const request = checkRequest(fields.get("op") ?? "", fields.get("key") ?? "", attributes.value);
  if (!request.ok) return err(describeRequestFault(request.error));
  return ok({
    id: fields.get("id") ?? "",
    request: request.value,
    repeated: fields.get("repeated") === "1",
    unanswered: fields.get("unanswered") === "1",
  });
}

export function decodeQueuedReply({ fields }: QueueEntry): Result<AsicReply, string> {
  const attributes = decodeFields(fields.get("attrs"));
  if (!attributes.ok) return attributes;
  const op = fields.get("op") ?? "";
  if (!isReplyOp(op)) return err(`the op of a reply was expected, found ${JSON.stringify(op)}`);
  return ok({ op, status: fields.get("status") ?? "", fields: attributes.value });
}

/** The texts of an entry, in whichever form it stands. */
export function requestTexts({
  id,
  request,
  repeated,
  unanswered,
}: SentRequest): readonly (readonly [string, string])[] {
  return [
    ["id", id],
    ["key", request.key],
    ["op", request.op],
    ["attrs", JSON.stringify(request.fields.flat())],
    ["repeated", repeated ? "1" : ""],
    ["unanswered", unanswered ? "1" : ""],
  ];
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

/** Whether the first position is before the second one, or the same. */
export function isUpTo(position: string, end: string): boolean {
  const [ms, n] = parts(position);
  const [endMs, endN] = parts(end);
  return ms < endMs || (ms === endMs && n <= endN);
}

function parts(position: string): readonly [number, number] {
  const dash = position.indexOf("-");
  return [Number(position.slice(0, dash)), Number(position.slice(dash + 1))];
}

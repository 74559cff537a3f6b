import { mapOk, type Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import { loadScript, luaOf } from "../redis/load-script.js";
import type { AsicReply } from "../reply.js";
import { type AsicRequest, askedText } from "../request.js";
import { ARCHIVED, encodeFields, GROUP, MARKS, type Position, REQUEST_STREAM, RESPONSE_STREAM, STATE } from "./wire.js";

const SHARED = luaOf("stream_shared");
const OPEN_CLIENT = loadScript("stream_open_client", SHARED);
const REQUEST = loadScript("stream_request", SHARED);
const FINISH = loadScript("stream_finish", SHARED);
const NOTIFY = loadScript("stream_notify", SHARED);

const KEYS = [REQUEST_STREAM, RESPONSE_STREAM, STATE, MARKS, ARCHIVED];

/** Where a client begins to read. */
export interface ClientStart {
  readonly last: Position;
  /** Up to where the notifications were read by clients before it. */
  readonly seen: Position | undefined;
  /** Everything before it was cut away. */
  readonly trimmed: Position | undefined;
}

export async function openClient(store: Store, epoch: string): Promise<Result<ClientStart, StoreError>> {
  return mapOk(await store.run(OPEN_CLIENT, KEYS, [epoch]), (reply) => {
    const [last, seen, trimmed] = reply as readonly [string, string, string];
    return { last, seen: seen === "" ? undefined : seen, trimmed: trimmed === "" ? undefined : trimmed };
  });
}

export interface StreamBounds {
  readonly requests: number;
  readonly bytes: number;
  /** Entries of both streams. */
  readonly retained: number;
}

export type StoredAs = "stored" | "requests" | "bytes" | "unarchived" | "displaced";

/** A request of a client, in the words of its entry. */
export interface Numbered {
  readonly number: number;
  readonly request: AsicRequest;
  /** Its caller waits for the reply. */
  readonly answered: boolean;
}

/** Stores requests in order; how each of them fared. Those whose numbers are known are stored already. */
export async function storeRequests(
  store: Store,
  epoch: string,
  bounds: StreamBounds,
  requests: readonly Numbered[],
): Promise<Result<readonly StoredAs[], StoreError>> {
  const args = [epoch, String(bounds.requests), String(bounds.bytes), String(bounds.retained)];
  for (const { number, request, answered } of requests)
    args.push(String(number), request.key, request.op, encodeFields(request.fields), answered ? "1" : "0");
  return mapOk(await store.run(REQUEST, KEYS, args), (reply) => {
    const fates = reply as readonly StoredAs[];
    return fates[0] === "displaced" ? requests.map(() => "displaced" as const) : fates;
  });
}

/** A request that is done, in the words of its entry. */
export interface Finished {
  readonly position: Position;
  readonly size: string;
  readonly id: string | undefined;
  /** Absent when nobody waits for it, nor needs to hear of it. */
  readonly reply: AsicReply | undefined;
  /** What was asked: of a refusal that nobody waits for. */
  readonly asked?: AsicRequest | undefined;
}

export async function finishRequests(
  store: Store,
  keep: number,
  finished: readonly Finished[],
): Promise<Result<number, StoreError>> {
  const args = [GROUP, String(keep)];
  for (const { position, size, id = "", reply, asked } of finished) {
    args.push(position, size, id);
    if (reply === undefined) args.push("0", "", "", "");
    else args.push("1", reply.status, reply.op, encodeFields(reply.fields));
    args.push(asked === undefined ? "" : askedText(asked));
  }
  return mapOk(await store.run(FINISH, KEYS, args), Number);
}

export async function publish(
  store: Store,
  keep: number,
  { name, data, fields }: AsicNotification,
): Promise<Result<Position, StoreError>> {
  return mapOk(await store.run(NOTIFY, KEYS, [String(keep), name, data, encodeFields(fields)]), String);
}

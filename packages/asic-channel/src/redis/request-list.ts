import { mapOk, type Result } from "@tandem/base";
import type { Reply, Store, StoreError } from "@tandem/swss";
import type { SentRequest } from "../grpc/wire.js";
import type { AsicReply } from "../reply.js";
import { loadScript } from "./load-script.js";
import { type QueueEntry, type QueuePlace, REPLIES_KEPT, requestTexts } from "./request-queue.js";

const PUT = loadScript("request_list_put");
const FINISH = loadScript("request_list_finish");
const REPLIES = loadScript("request_list_replies");

/** An element of a list, as it stands there: `<position> <JSON object of texts>`. */
interface Listed extends QueueEntry {
  readonly element: string;
}

/** Before everything: of an element that nobody of ours put there. */
const NO_POSITION = "0-0";

/** How many of them are stored; the others found no room. */
export async function putListed(
  store: Store,
  { queue, taken, queueChannel }: QueuePlace,
  limit: number,
  sent: readonly SentRequest[],
): Promise<Result<number, StoreError>> {
  const texts = sent.map((each) => JSON.stringify(Object.fromEntries(requestTexts(each))));
  return mapOk(await store.run(PUT, [queue, taken], [String(limit), queueChannel, ...texts]), Number);
}

/** The oldest requests; they stay. */
export async function peekList(
  store: Store,
  { queue }: QueuePlace,
  count: number,
): Promise<Result<readonly QueueEntry[], StoreError>> {
  return mapOk(await store.command(["LRANGE", queue, "0", String(count - 1)]), entriesOf);
}

/** The request is done. `reply` is absent when nobody waits for it. */
export async function finishListed(
  store: Store,
  { queue, replies, repliesChannel }: QueuePlace,
  entry: QueueEntry,
  reply: AsicReply | undefined,
  asked = "",
): Promise<Result<void, StoreError>> {
  const id = entry.fields.get("id") ?? "";
  const said =
    reply === undefined
      ? ""
      : JSON.stringify({ id, op: reply.op, status: reply.status, attrs: JSON.stringify(reply.fields.flat()), asked });
  const args = [(entry as Listed).element, said, String(REPLIES_KEPT), repliesChannel];
  return mapOk(await store.run(FINISH, [queue, replies], args), () => undefined);
}

/** Replies behind `seen`; those before it go. */
export async function readListedReplies(
  store: Store,
  { replies }: QueuePlace,
  seen: string,
  count: number,
): Promise<Result<readonly QueueEntry[], StoreError>> {
  return mapOk(await store.run(REPLIES, [replies], [seen, String(count)]), entriesOf);
}

/** Where the replies end now. */
export async function listEnd(store: Store, { replies }: QueuePlace): Promise<Result<string, StoreError>> {
  return mapOk(await store.command(["LRANGE", replies, "-1", "-1"]), (reply) => entriesOf(reply)[0]?.position ?? "0-0");
}

function entriesOf(reply: Reply): readonly Listed[] {
  return (reply as readonly string[]).map((element) => {
    const [, position, text = ""] = /^(\d+-\d+) (.*)$/s.exec(element) ?? [];
    const fields = position === undefined ? undefined : textsOf(text);
    return { element, position: position ?? NO_POSITION, fields: fields ?? new Map([["element", element]]) };
  });
}

function textsOf(text: string): ReadonlyMap<string, string> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  return new Map(Object.entries(parsed).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

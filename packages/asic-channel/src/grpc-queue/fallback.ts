import type { Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import type { SentRequest } from "../grpc/wire.js";
import { finishListed, listEnd, peekList, putListed, readListedReplies } from "../redis/request-list.js";
import {
  finishRequest,
  isUpTo,
  peekRequests,
  putRequests,
  type QueueEntry,
  type QueuePlace,
  queuePlace,
  readReplies,
  repliesEnd,
} from "../redis/request-queue.js";
import type { AsicReply } from "../reply.js";

/** What requests wait in while the server is away. */
export const FALLBACK_NAMES = ["stream", "list"] as const;
export type FallbackName = (typeof FALLBACK_NAMES)[number];

export function isFallbackName(word: string): word is FallbackName {
  return (FALLBACK_NAMES as readonly string[]).includes(word);
}

/** A queue of requests in Redis, and of replies to them. */
export interface Fallback {
  readonly place: QueuePlace;
  /** How many of them are stored; the others found no room. */
  put(store: Store, limit: number, sent: readonly SentRequest[]): Promise<Result<number, StoreError>>;
  /** The oldest requests; they stay. */
  peek(store: Store, count: number): Promise<Result<readonly QueueEntry[], StoreError>>;
  /**
   * The request is done: it goes, and its reply comes, at once. `reply` is absent when nobody waits for it;
   * `asked` is what was asked, of a refusal that nobody waits for.
   */
  finish(
    store: Store,
    entry: QueueEntry,
    reply: AsicReply | undefined,
    asked?: string,
  ): Promise<Result<void, StoreError>>;
  /** Replies behind `seen`. */
  replies(store: Store, seen: string, count: number): Promise<Result<readonly QueueEntry[], StoreError>>;
  /** Where the replies end now. */
  repliesEnd(store: Store): Promise<Result<string, StoreError>>;
}

const STREAM = queuePlace("GRPC");
const LIST: QueuePlace = { ...queuePlace("GRPC_LIST"), queue: "ASIC_GRPC_LIST", taken: STREAM.taken };

export const FALLBACKS: Readonly<Record<FallbackName, Fallback>> = {
  stream: {
    place: STREAM,
    put: (store, limit, sent) => putRequests(store, STREAM, limit, sent),
    peek: (store, count) => peekRequests(store, STREAM, count),
    finish: (store, { position, fields }, reply, asked) =>
      finishRequest(store, STREAM, position, fields.get("id") ?? "", reply, asked),
    replies: (store, seen, count) => readReplies(store, STREAM, seen, count),
    repliesEnd: (store) => repliesEnd(store, STREAM),
  },
  list: {
    place: LIST,
    put: (store, limit, sent) => putListed(store, LIST, limit, sent),
    peek: (store, count) => peekList(store, LIST, count),
    finish: (store, entry, reply, asked) => finishListed(store, LIST, entry, reply, asked),
    replies: (store, seen, count) => readListedReplies(store, LIST, seen, count),
    repliesEnd: (store) => listEnd(store, LIST),
  },
};

/** An entry, and where it stands. */
export interface Waiting {
  readonly fallback: Fallback;
  readonly entry: QueueEntry;
}

/**
 * The oldest requests of every queue, in the order in which they were put: a client that was started with another
 * fallback than the one before it leaves nothing behind, and passes nothing. `looked`: per queue its `count` oldest ones.
 */
export function oldestOf(looked: ReadonlyMap<Fallback, readonly QueueEntry[]>, count: number): readonly Waiting[] {
  const waiting = [...looked].flatMap(([fallback, entries]) => entries.map((entry) => ({ fallback, entry })));
  // Behind the last one seen of a queue that has more, nobody knows what comes next.
  const ends = [...looked.values()].flatMap((entries) => (entries.length < count ? [] : entries.slice(-1)));
  return waiting
    .filter(({ entry }) => ends.every((end) => isUpTo(entry.position, end.position)))
    .sort((a, b) => (a.entry.position === b.entry.position ? 0 : isUpTo(a.entry.position, b.entry.position) ? -1 : 1));
}

import { err, ok, type Result } from "@tandem/base";
import type { Command, Reply, Store, StoreError } from "@tandem/swss";
import {
  decodeRead,
  POSITION_FIRST,
  type Position,
  REQUEST_STREAM,
  RESPONSE_STREAM,
  STATE,
  type StreamEntry,
} from "../streams/wire.js";

/** Entries of one stream that one read takes. */
export const READ_COUNT = 500;

/** What one look at the streams finds. */
export interface StreamRead {
  /** Requests up to here are finished, and their replies are in what was read or before it. */
  readonly done: Position;
  readonly requests: readonly StreamEntry[];
  readonly responses: readonly StreamEntry[];
}

/** Reads what stands behind two cursors, without waiting. How far requests are done is asked first. */
export async function readStreams(
  store: Store,
  from: { readonly requests: Position | undefined; readonly responses: Position },
): Promise<Result<StreamRead, StoreError>> {
  const streams: (readonly [string, string])[] = [[RESPONSE_STREAM, from.responses]];
  if (from.requests !== undefined) streams.unshift([REQUEST_STREAM, from.requests]);
  const read = await store.pipeline([["HGET", STATE, "done"], readCommand(streams, [])]);
  if (!read.ok) return read;
  const [done, entries] = read.value as readonly [Result<Reply, StoreError>, Result<Reply, StoreError>];
  if (!done.ok) return done;
  if (!entries.ok) return entries;
  const found = decodeRead(entries.value);
  return ok({
    done: typeof done.value === "string" ? done.value : POSITION_FIRST,
    requests: found.get(REQUEST_STREAM) ?? [],
    responses: found.get(RESPONSE_STREAM) ?? [],
  });
}

/** Resolves when something new stands in a stream, or after `blockMs`. `store` needs a connection of its own. */
export async function untilNew(
  store: Store,
  from: { readonly requests: Position | undefined; readonly responses: Position },
  blockMs: number,
): Promise<Result<void, StoreError>> {
  const asked = from.requests === undefined ? [] : [[REQUEST_STREAM, from.requests] as const];
  const read = await store.command(
    readCommand([...asked, [RESPONSE_STREAM, from.responses]], ["BLOCK", `${blockMs}`], 1),
  );
  return read.ok ? ok() : read;
}

function readCommand(
  streams: readonly (readonly [string, string])[],
  block: readonly string[],
  count = READ_COUNT,
): Command {
  const names = streams.map(([name]) => name);
  return ["XREAD", "COUNT", `${count}`, ...block, "STREAMS", ...names, ...streams.map(([, from]) => from)];
}

/** The run of Redis, whether a restart keeps what it holds, and the last position that it gave away. */
export interface RedisRun {
  readonly run: string;
  readonly keeps: boolean;
  /** Absent when it has given none, or lost what it knew. */
  readonly last: Position | undefined;
}

export async function redisRun(store: Store): Promise<Result<RedisRun, StoreError>> {
  const asked = await store.pipeline([
    ["INFO", "server"],
    ["INFO", "persistence"],
    ["HMGET", STATE, "ms", "n"],
  ]);
  if (!asked.ok) return asked;
  const replies: Reply[] = [];
  for (const reply of asked.value) {
    if (!reply.ok) return err(reply.error);
    replies.push(reply.value);
  }
  const [server, persistence, state] = replies;
  const [ms, n] = state as readonly (string | null)[];
  return ok({
    run: /^run_id:(\w+)/m.exec(String(server))?.[1] ?? "",
    keeps: /^aof_enabled:1/m.test(String(persistence)),
    last: ms == null || n == null ? undefined : `${ms}-${n}`,
  });
}

import { err, mapOk, ok, type Result } from "@tandem/base";
import { describeStoreError, type Script, type Store, type StoreError } from "@tandem/swss";
import { loadScript, luaOf } from "../redis/load-script.js";
import type { TransportName } from "../transport.js";
import { decodeMark, MARK_KEY, type Mark } from "./mark.js";

const SHARED = `${luaOf("mark_shared")}\n`;
const BEGIN = loadScript("mark_begin", SHARED);
const WISH = loadScript("mark_wish", SHARED);
const SAY = loadScript("mark_say", SHARED);
const COMMIT = loadScript("mark_commit", SHARED);
const END = loadScript("mark_end", SHARED);
const RAISE = loadScript("mark_raise", SHARED);

/** The mark as it stands. The error is one line: Redis does not give it, or it is none. */
export async function readMark(store: Store): Promise<Result<Mark, string>> {
  const read = await store.pipeline([["TIME"], ["HGETALL", MARK_KEY]]);
  if (!read.ok) return err(describeStoreError(read.error));
  const [time, content] = read.value;
  if (time?.ok !== true || content?.ok !== true)
    return err(content?.ok === false ? describeStoreError(content.error) : "Redis left out a reply");
  const [seconds, micros] = time.value as readonly string[];
  const flat = content.value as readonly string[];
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] as string, flat[i + 1] as string);
  return decodeMark(fields, Number(seconds) * 1000 + Math.floor(Number(micros) / 1000));
}

/** A client says what it uses. False where the mark decides. */
export function beginOn(store: Store, transport: TransportName): Promise<Result<boolean, StoreError>> {
  return yesOrNo(store, BEGIN, [transport]);
}

/** What became of a wish at once. */
export interface Wished {
  /** Nothing when the wish stands. */
  readonly obstacle: "unknown" | "there" | "busy" | undefined;
  readonly from: TransportName | undefined;
  readonly generation: number;
}

/** `within` milliseconds the wish ends by itself. */
export async function wishFor(
  store: Store,
  to: TransportName,
  id: string,
  by: string,
  within: number,
): Promise<Result<Wished, StoreError>> {
  const reply = await store.run(WISH, [MARK_KEY], [to, id, by, String(within)]);
  if (!reply.ok) return reply;
  const [obstacle, from, generation] = reply.value as readonly [string, string, string];
  return ok({
    obstacle: obstacle === "" ? undefined : (obstacle as Exclude<Wished["obstacle"], undefined>),
    from: from === "" ? undefined : (from as TransportName),
    generation: Number(generation),
  });
}

/** Adds to a wish; false when it is over. */
export function sayOf(
  store: Store,
  id: string,
  field: "ready" | "step",
  value: string,
): Promise<Result<boolean, StoreError>> {
  return yesOrNo(store, SAY, [id, field, value]);
}

/** Grants a wish; false when it is over, or syncd is not ready for it. */
export function commitMove(
  store: Store,
  id: string,
  generation: number,
  waited: number,
): Promise<Result<boolean, StoreError>> {
  return yesOrNo(store, COMMIT, [id, String(generation), String(waited)]);
}

/** Ends a wish that was not granted, `reason` being why, or empty when it is withdrawn; false when it was over. */
export function endWish(store: Store, id: string, reason = ""): Promise<Result<boolean, StoreError>> {
  return yesOrNo(store, END, [id, reason]);
}

/** Puts back what Redis has forgotten of a move; false when there is nothing to put back. */
export function raiseMark(
  store: Store,
  transport: TransportName,
  generation: number,
): Promise<Result<boolean, StoreError>> {
  return yesOrNo(store, RAISE, [transport, String(generation)]);
}

async function yesOrNo(store: Store, script: Script, args: readonly string[]): Promise<Result<boolean, StoreError>> {
  return mapOk(await store.run(script, [MARK_KEY], args), (reply) => reply === 1);
}

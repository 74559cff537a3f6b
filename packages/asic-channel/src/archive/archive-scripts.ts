import { mapOk, type Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import { loadScript, luaOf } from "../redis/load-script.js";
import { ARCHIVED, MARKS, type Position, REQUEST_STREAM, RESPONSE_STREAM, STATE } from "../streams/wire.js";

const ARCHIVED_SCRIPT = loadScript("stream_archived", luaOf("stream_shared"));

const KEYS = [REQUEST_STREAM, RESPONSE_STREAM, STATE, MARKS, ARCHIVED];

/** The archiver has everything up to `position`, safely; what nobody needs any more is cut. Gives the entries left. */
export async function tellArchived(
  store: Store,
  archiver: string,
  position: Position,
  keep: number,
): Promise<Result<number, StoreError>> {
  return mapOk(await store.run(ARCHIVED_SCRIPT, KEYS, [archiver, position, String(keep)]), Number);
}

/** The archiver is given up: streams wait for it no longer. */
export async function forgetArchiver(
  store: Store,
  archiver: string,
  keep: number,
): Promise<Result<number, StoreError>> {
  return mapOk(await store.run(ARCHIVED_SCRIPT, KEYS, [archiver, "", String(keep)]), Number);
}

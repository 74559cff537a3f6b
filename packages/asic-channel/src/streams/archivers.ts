import { mapOk, type Result } from "@tandem/base";
import type { Store, StoreError } from "@tandem/swss";
import { ARCHIVED, isPosition, type Position } from "./wire.js";

/** Where an archiver stands; nothing behind it is cut away, so one that is given up must be forgotten. */
export async function archivedUpTo(store: Store, archiver: string): Promise<Result<Position | undefined, StoreError>> {
  return mapOk(await store.command(["HGET", ARCHIVED, archiver]), (text) =>
    typeof text === "string" && isPosition(text) ? text : undefined,
  );
}

/** The archiver has everything up to `position`, safely. */
export async function saveArchived(
  store: Store,
  archiver: string,
  position: Position,
): Promise<Result<void, StoreError>> {
  return mapOk(await store.command(["HSET", ARCHIVED, archiver, position]), () => undefined);
}

export async function forgetArchiver(store: Store, archiver: string): Promise<Result<void, StoreError>> {
  return mapOk(await store.command(["HDEL", ARCHIVED, archiver]), () => undefined);
}

/** All of them, and where they stand. */
export async function archivers(store: Store): Promise<Result<ReadonlyMap<string, Position>, StoreError>> {
  return mapOk(await store.command(["HGETALL", ARCHIVED]), (reply) => {
    const flat = reply as readonly string[];
    const all = new Map<string, Position>();
    for (let i = 0; i + 1 < flat.length; i += 2) all.set(flat[i] as string, flat[i + 1] as string);
    return all;
  });
}

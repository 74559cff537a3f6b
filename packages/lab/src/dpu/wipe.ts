import { err, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store } from "@tandem/swss";

/** What a booting DPU does to its databases: delete each key, FLUSHDB (which makes no key events), or leave them. */
export type Wipe = "keys" | "flush" | "none";

/** Keys of one DEL. */
const CHUNK = 128;

export async function wipeDatabase(store: Store, wipe: Wipe): Promise<Result<void, string>> {
  if (wipe === "none") return ok();
  if (wipe === "flush") {
    const flushed = await store.command(["FLUSHDB"]);
    return flushed.ok ? ok() : err(describeStoreError(flushed.error));
  }
  const keys = await store.command(["KEYS", "*"]);
  if (!keys.ok) return err(describeStoreError(keys.error));
  const names = keys.value as readonly string[];
  for (let i = 0; i < names.length; i += CHUNK) {
    const deleted = await store.command(["DEL", ...names.slice(i, i + CHUNK)]);
    if (!deleted.ok) return err(describeStoreError(deleted.error));
  }
  return ok();
}

import { err, mapOk, ok, type Result } from "@tandem/base";
import type { Store, StoreError } from "./store.js";
import type { KeyspaceEventsOff } from "./table-error.js";

/** Makes Redis publish the key events that subscribers live from, as SonicV2Connector does when it connects. */
export async function enableKeyspaceEvents(store: Store): Promise<Result<void, StoreError>> {
  return mapOk(await store.command(["CONFIG", "SET", "notify-keyspace-events", "KEA"]), () => undefined);
}

/** Fails when key events are off. A Redis that forbids CONFIG is taken at its word. */
export async function checkKeyspaceEvents(store: Store): Promise<Result<void, StoreError | KeyspaceEventsOff>> {
  const reply = await store.command(["CONFIG", "GET", "notify-keyspace-events"]);
  if (!reply.ok) return reply.error.kind === "refused" ? ok() : reply;
  const [, setting = ""] = reply.value as readonly string[];
  const covers = setting.includes("A") || (setting.includes("g") && setting.includes("h"));
  if (setting.includes("K") && covers) return ok();
  return err({ kind: "keyspaceEventsOff", db: store.db.name, found: setting });
}

import type { Store, Subscription } from "@tandem/swss";

/**
 * Calls `changed` for each key event of these keys (glob patterns), and after each reconnect, when events may have been
 * missed. Subscriptions outlive reconnects; one that was refused, as before the first connection, is made at the next
 * one. Until then, and where key events are off, the caller's own polling is all. Returns what stops it.
 */
export function watchKeyEvents(store: Store, keys: readonly string[], changed: () => void): () => void {
  const missing = new Set(keys);
  const subscriptions: Subscription[] = [];
  let stopped = false;
  const subscribe = (): void => {
    for (const key of [...missing]) {
      missing.delete(key);
      void store.psubscribe(`__keyspace@${store.db.id}__:${key}`, changed).then((subscribed) => {
        if (!subscribed.ok) missing.add(key);
        else if (stopped) void subscribed.value.close();
        else subscriptions.push(subscribed.value);
      });
    }
  };
  subscribe();
  const offConnect = store.onConnect(() => {
    subscribe();
    changed();
  });
  return () => {
    stopped = true;
    offConnect();
    for (const subscription of subscriptions) void subscription.close();
  };
}

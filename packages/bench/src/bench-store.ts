import { systemClock, systemRandom } from "@tandem/base";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";

/** For tables that keep no copy in Redis: they take the store's name only. */
export function storesInName(): MemoryStores {
  const redis = new MemoryRedis({ clock: systemClock });
  return new MemoryStores({ clock: systemClock, random: systemRandom, servers: [{ redis }] });
}

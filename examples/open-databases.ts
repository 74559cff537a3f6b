// From SONiC's config file to open stores. A store connects, and reconnects, by itself.
import { systemClock, systemFiles, systemRandom, unwrap } from "@tandem/base";
import { loadDatabases, RedisStores, type Store, untilConnected } from "@tandem/swss";

/** The stores that the config file named on the command line describes; the system's file when none is named. */
export async function openStores(): Promise<RedisStores> {
  const config = process.argv[2];
  const databases = unwrap(await loadDatabases(systemFiles, config === undefined ? {} : { config }));
  return new RedisStores({ databases, clock: systemClock, random: systemRandom });
}

/** One database by name, connected. Only examples may throw on a name that the file does not have. */
export async function connected(stores: RedisStores, db: string): Promise<Store> {
  const store = unwrap(stores.open({ db }), db);
  await untilConnected(store);
  return store;
}

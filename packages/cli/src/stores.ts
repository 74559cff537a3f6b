import { err, ok, type Result, seconds, sleep, systemClock, systemFiles, systemRandom } from "@tandem/base";
import {
  type Databases,
  describeConfigError,
  loadDatabases,
  loadPasswords,
  RedisStores,
  type Store,
  type Stores,
} from "@tandem/swss";
import { type Failure, failed } from "./io.js";

/** How long a command waits for a database to answer. */
const CONNECT_WITHIN = seconds(3);

/** The databases of this switch, until disposed. */
export interface OpenStores extends AsyncDisposable {
  readonly databases: Databases;
  /** For what opens stores by itself. */
  readonly stores: Stores;
  /** A connected store, or why there is none. */
  open(db: string, container?: string): Promise<Result<Store, Failure>>;
}

/** `dbConfig` is a host's or a global config file; without it the system's files are read. */
export async function openStores(dbConfig: string | undefined): Promise<Result<OpenStores, Failure>> {
  const databases = await loadDatabases(systemFiles, dbConfig === undefined ? {} : { config: dbConfig });
  if (!databases.ok) return err(failed(`${describeConfigError(databases.error)}; name the file with --db-config`));
  const passwords = await loadPasswords(systemFiles, databases.value);
  if (!passwords.ok) return err(failed(describeConfigError(passwords.error)));
  const stores = new RedisStores({
    databases: databases.value,
    clock: systemClock,
    random: systemRandom,
    passwords: passwords.value,
  });
  return ok({
    databases: databases.value,
    stores,
    open: (db, container = "") => openConnected(stores, databases.value, db, container),
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  });
}

async function openConnected(
  stores: RedisStores,
  databases: Databases,
  db: string,
  container: string,
): Promise<Result<Store, Failure>> {
  const store = stores.open({ db, container });
  const name = container === "" ? db : `${db} of ${container}`;
  if (!store.ok) {
    const why =
      store.error.kind === "badConfig"
        ? describeConfigError(store.error)
        : `the database config names no ${name}; it names ${store.error.known.join(", ")}`;
    return err(failed(why));
  }
  if (await connects(store.value)) return store;
  const found = databases.find({ db, container });
  const where = found.ok
    ? found.value.instance.unixSocketPath || `${found.value.instance.hostname}:${found.value.instance.port}`
    : "its address";
  return err(failed(`${name}: no redis answers at ${where} within ${CONNECT_WITHIN / 1000} s; is it running?`));
}

/** Whether the store connects in time. */
async function connects(store: Store): Promise<boolean> {
  if (store.connected) return true;
  const waiting = new AbortController();
  const connected = new Promise<boolean>((resolve) => {
    const stop = store.onConnect(() => {
      stop();
      resolve(true);
    });
  });
  const late = sleep(systemClock, CONNECT_WITHIN, waiting.signal).then(
    () => false,
    () => false,
  );
  const result = await Promise.race([connected, late]);
  waiting.abort();
  return result;
}

import { err, ok, type Result, seconds, sleep, systemClock, systemFiles, systemRandom } from "@tandem/base";
import {
  type AnyTable,
  type Databases,
  describeConfigError,
  describeRowError,
  describeStoreError,
  loadDatabases,
  loadPasswords,
  RedisStores,
  type Store,
  Table,
} from "@tandem/swss";
import { type Failure, failed, type Io } from "./io.js";
import type { TableRow } from "./render/rows.js";

/** How long a command waits for a database to answer. */
const CONNECT_WITHIN = seconds(3);

/** The databases of this switch, open for reading until disposed. */
export class TableReader implements AsyncDisposable {
  readonly #databases: Databases;
  readonly #stores: RedisStores;
  readonly #io: Io;

  private constructor(databases: Databases, stores: RedisStores, io: Io) {
    this.#databases = databases;
    this.#stores = stores;
    this.#io = io;
  }

  /** `dbConfig` is a host's or a global config file; without it the system's files are read. */
  static async open(dbConfig: string | undefined, io: Io): Promise<Result<TableReader, Failure>> {
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
    return ok(new TableReader(databases.value, stores, io));
  }

  /** Containers that hold a database of this name: `dpu0`, `dpu1`, …, or the host's empty one. */
  containersOf(db: string): readonly string[] {
    return this.#databases.containers().filter((container) => this.#databases.find({ db, container }).ok);
  }

  /**
   * All rows of a table, as found. Rows that travel as protobuf are shown as plain fields; one that cannot be decoded
   * is complained about and shown without fields.
   */
  async rows(table: AnyTable, container = ""): Promise<Result<readonly TableRow[], Failure>> {
    const store = await this.#open(table.db, container);
    if (!store.ok) return store;
    const content = await new Table(store.value, table.name).getContent();
    if (!content.ok) return err(failed(describeStoreError(content.error)));
    const parts = Object.keys(table.key).length;
    return ok(
      content.value.map(({ key, fieldValues }) => ({
        key: splitKey(key, table.separator, parts),
        fields: this.#plainFields(table, key, Object.fromEntries(fieldValues)),
      })),
    );
  }

  /** One hash that is no table row, e.g. a counter name map; empty when it is absent. */
  async hash(db: string, key: string, container = ""): Promise<Result<Readonly<Record<string, string>>, Failure>> {
    const store = await this.#open(db, container);
    if (!store.ok) return store;
    const reply = await store.value.command(["HGETALL", key]);
    if (!reply.ok) return err(failed(describeStoreError(reply.error)));
    const flat = reply.value as readonly string[];
    return ok(Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string]] : []))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stores[Symbol.asyncDispose]();
  }

  #plainFields(table: AnyTable, key: string, fields: Readonly<Record<string, string>>): TableRow["fields"] {
    if (table.pb === undefined || !("pb" in fields)) return fields;
    const row = table.decode(fields);
    if (row.ok) return table.encodePlain(row.value);
    this.#io.complain(`warning: ${describeRowError(row.error, key)}`);
    return {};
  }

  async #open(db: string, container: string): Promise<Result<Store, Failure>> {
    const store = this.#stores.open({ db, container });
    const name = container === "" ? db : `${db} of ${container}`;
    if (!store.ok) {
      const why =
        store.error.kind === "badConfig"
          ? describeConfigError(store.error)
          : `the database config names no ${name}; it names ${store.error.known.join(", ")}`;
      return err(failed(why));
    }
    if (await connects(store.value)) return ok(store.value);
    const found = this.#databases.find({ db, container });
    const { hostname, port, unixSocketPath } = found.ok
      ? found.value.instance
      : { hostname: "", port: 0, unixSocketPath: "" };
    const where = unixSocketPath === "" ? `${hostname}:${port}` : unixSocketPath;
    return err(failed(`${name}: no redis answers at ${where} within ${CONNECT_WITHIN / 1000} s; is it running?`));
  }
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

/** The last part holds whatever separators are left. */
function splitKey(key: string, separator: string, parts: number): readonly string[] {
  const words = key.split(separator);
  return [...words.slice(0, parts - 1), words.slice(parts - 1).join(separator)];
}

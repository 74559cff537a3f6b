import { err, ok, type Result } from "@tandem/base";
import { type AnyTable, describeRowError, describeStoreError, Table } from "@tandem/swss";
import { type Failure, failed, type Io } from "./io.js";
import type { TableRow } from "./render/rows.js";
import { type OpenStores, openStores } from "./stores.js";

/** The databases of this switch, open for reading until disposed. */
export class TableReader implements AsyncDisposable {
  readonly #stores: OpenStores;
  readonly #io: Io;
  /** Complaints made: a table may be read more than once. */
  readonly #said = new Set<string>();

  private constructor(stores: OpenStores, io: Io) {
    this.#stores = stores;
    this.#io = io;
  }

  /** `dbConfig` is a host's or a global config file; without it the system's files are read. */
  static async open(dbConfig: string | undefined, io: Io): Promise<Result<TableReader, Failure>> {
    const stores = await openStores(dbConfig);
    return stores.ok ? ok(new TableReader(stores.value, io)) : stores;
  }

  /** Containers that hold a database of this name: `dpu0`, `dpu1`, …, or the host's empty one. */
  containersOf(db: string): readonly string[] {
    const { databases } = this.#stores;
    return databases.containers().filter((container) => databases.find({ db, container }).ok);
  }

  /**
   * All rows of a table, as found. Rows that may travel as protobuf are shown as plain fields; one that cannot be
   * decoded is complained about once, and shown with the plain fields that it has.
   */
  async rows(table: AnyTable, container = ""): Promise<Result<readonly TableRow[], Failure>> {
    const store = await this.#stores.open(table.db, container);
    if (!store.ok) return store;
    const content = await new Table(store.value, table.name).getContent();
    if (!content.ok) return err(failed(describeStoreError(content.error)));
    const parts = Object.keys(table.key).length;
    return ok(
      content.value.map(({ key, fieldValues }) => ({
        key: splitKey(key, table.separator, parts),
        ...this.#read(table, key, Object.fromEntries(fieldValues)),
      })),
    );
  }

  /** One hash that is no table row, e.g. a counter name map; empty when it is absent. */
  async hash(db: string, key: string, container = ""): Promise<Result<Readonly<Record<string, string>>, Failure>> {
    const store = await this.#stores.open(db, container);
    if (!store.ok) return store;
    const reply = await store.value.command(["HGETALL", key]);
    if (!reply.ok) return err(failed(describeStoreError(reply.error)));
    const flat = reply.value as readonly string[];
    return ok(Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string]] : []))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stores[Symbol.asyncDispose]();
  }

  #read(table: AnyTable, key: string, fields: TableRow["fields"]): Omit<TableRow, "key"> {
    if (table.pb === undefined) return { fields };
    const row = table.decode(fields);
    if (row.ok) return { fields: table.encodePlain(row.value) };
    const complaint = describeRowError(row.error, key);
    if (!this.#said.has(complaint)) this.#io.complain(`warning: ${complaint}`);
    this.#said.add(complaint);
    const { pb: _, json: __, ...plain } = fields;
    return { fields: plain, bad: row.error.field };
  }
}

/** The last part holds whatever separators are left. */
export function splitKey(key: string, separator: string, parts: number): readonly string[] {
  const words = key.split(separator);
  return [...words.slice(0, parts - 1), words.slice(parts - 1).join(separator)];
}

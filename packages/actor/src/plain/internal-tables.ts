import { type Clock, invariant, type Millis } from "@tandem/base";
import { type Command, describeStoreError, type Fields, type Store } from "@tandem/swss";
import { sameFields } from "../difference.js";
import type { InternalDump } from "../dump-format.js";
import { readRows } from "../inheritance.js";
import { writeRowCommands } from "../ledger.js";

interface Entry {
  readonly store: Store;
  readonly table: string;
  readonly key: string;
  fields: Fields;
  /** As Redis has it. */
  committed: Fields;
  deleted: boolean;
  updatedAt: Millis | undefined;
}

const NO_FIELDS: Fields = {};

/**
 * Rows that a plain actor owns, by a name of its own. Changes stay here until a handler succeeds; then the rows that
 * changed are made equal in Redis, in one MULTI per database. A failing handler puts everything back to the last commit.
 */
export class InternalTables {
  readonly #entries = new Map<string, Entry>();
  readonly #pause: (attempt: number, failure: string) => Promise<boolean>;

  /** `pause` waits before a database is tried again; false when the actor has ended. */
  constructor(pause: (attempt: number, failure: string) => Promise<boolean>) {
    this.#pause = pause;
  }

  /** Names a row and reads it: what an earlier process wrote is there again. Waits until the database answers. */
  async add(name: string, store: Store, table: string, key: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const read = await readRows(store, [redisKey(store, table, key)]);
      if (read.ok) {
        const fields = read.value[0] ?? NO_FIELDS;
        this.#entries.set(name, { store, table, key, fields, committed: fields, deleted: false, updatedAt: undefined });
        return;
      }
      if (!(await this.#pause(attempt, describeStoreError(read.error)))) return;
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  read(name: string): Fields {
    return this.#entry(name).fields;
  }

  /** The row is exactly these fields. */
  write(name: string, fields: Fields): void {
    this.#entry(name).fields = { ...fields };
  }

  /** Sets fields; others stay. */
  update(name: string, fields: Fields): void {
    const entry = this.#entry(name);
    entry.fields = { ...entry.fields, ...fields };
  }

  /** The row and its name go with the next commit. */
  delete(name: string): void {
    this.#entry(name).deleted = true;
  }

  /** Writes what changed, however long that takes. False when the actor has ended before. */
  async commit(clock: Clock): Promise<boolean> {
    const byStore = new Map<Store, Entry[]>();
    for (const entry of this.#entries.values()) {
      if (!entry.deleted && sameFields(entry.fields, entry.committed)) continue;
      byStore.set(entry.store, [...(byStore.get(entry.store) ?? []), entry]);
    }
    for (const [store, entries] of byStore) {
      for (let attempt = 0; ; attempt++) {
        const done = await store.multi(entries.flatMap((entry) => commandsFor(entry)));
        if (done.ok) break;
        if (!(await this.#pause(attempt, describeStoreError(done.error)))) return false;
      }
      for (const entry of entries) {
        entry.committed = entry.fields;
        entry.updatedAt = clock.now();
      }
    }
    for (const [name, { deleted }] of this.#entries) if (deleted) this.#entries.delete(name);
    return true;
  }

  rollback(): void {
    for (const entry of this.#entries.values()) {
      entry.fields = entry.committed;
      entry.deleted = false;
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  *dump(): Iterable<readonly [name: string, row: InternalDump]> {
    for (const [name, { table, key, fields, committed, deleted, updatedAt }] of this.#entries) {
      const mutated = !sameFields(fields, committed);
      yield [name, { table, key, fields, backup: committed, mutated, toDelete: deleted, updatedAt }];
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    invariant(entry !== undefined, `no internal table ${JSON.stringify(name)} was added`);
    return entry;
  }
}

function commandsFor({ store, table, key, fields, committed, deleted }: Entry): readonly Command[] {
  const row = redisKey(store, table, key);
  return deleted ? [["DEL", row]] : writeRowCommands(row, fields, committed);
}

function redisKey(store: Store, table: string, key: string): string {
  return `${table}${store.db.separator}${key}`;
}

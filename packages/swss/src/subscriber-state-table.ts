import { mapOk, type Result } from "@tandem/base";
import { type KeyOpFieldsValues, stripListMarks } from "./field-values.js";
import { KeyspaceWatcher, type KeyspaceWatcherOptions } from "./keyspace-watcher.js";
import type { Store } from "./store.js";
import type { TableReadOptions } from "./table.js";
import type { ReadError } from "./table-error.js";

/** What a `SubscriberStateTable` reports of rows that expire, and of the marks of list fields. */
export type SubscriberStateTableOptions = Omit<KeyspaceWatcherOptions, "accepts"> & TableReadOptions;

/**
 * Follows a table that anybody writes, by key events: first all rows as SET, then each change. A SET holds the whole
 * row as it is when popped, so values in between may never be seen.
 *
 * Redis must have key events on, else `pops` fails with `keyspaceEventsOff` (`enableKeyspaceEvents` turns them on). A
 * FLUSHDB makes no key events: `refresh` finds what it removed.
 */
export class SubscriberStateTable extends KeyspaceWatcher {
  readonly name: string;
  readonly #keepMarks: boolean;

  constructor(store: Store, name: string, options: SubscriberStateTableOptions = {}) {
    super(store, `${name}${store.db.separator}`, options);
    this.name = name;
    this.#keepMarks = options.listMarks === "keep";
  }

  override async pops(batch?: number): Promise<Result<readonly KeyOpFieldsValues[], ReadError>> {
    const popped = await super.pops(batch);
    if (this.#keepMarks) return popped;
    return mapOk(popped, (changes) =>
      changes.map((change) => ({ ...change, fieldValues: stripListMarks(change.fieldValues) })),
    );
  }
}

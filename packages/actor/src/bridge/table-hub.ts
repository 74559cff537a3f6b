import { type Clock, type CrashPoint, noCrash, seconds, sleep } from "@tandem/base";
import {
  type AnyTable,
  DATABASES_DEFAULT,
  type DatabaseName,
  describeTableError,
  recordOf,
  type Store,
  type Stores,
  SubscriberStateTable,
} from "@tandem/swss";
import type { RuntimeEvent } from "../runtime-event.js";
import { TableFeed } from "./table-feed.js";

/** A database and a name in it. */
export interface TablePlace {
  readonly db: DatabaseName;
  readonly name: string;
}

export interface TableHubOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Begins the ids of traces; tells apart the hubs of a switch. Default empty. */
  readonly name?: string;
  readonly crashPoint?: CrashPoint;
  /** Tables, by id, that are read elsewhere than their schema says. */
  readonly places?: ReadonlyMap<string, TablePlace>;
  /** Hears of bad rows and failures of all tables; `container` is empty for tables of the host. Must not throw. */
  readonly onEvent?: (event: RuntimeEvent, container: string) => void;
}

type Emit = (event: RuntimeEvent) => void;

/** Pause after a failure that is not a lost connection (which wakes by itself). */
const RETRY_PAUSE = seconds(1);

/**
 * The consumer bridge: one subscription per table of a process, whatever number of actors and slots read it. Each change
 * is decoded once and handed to those who read that key.
 */
export class TableHub implements AsyncDisposable {
  readonly #options: TableHubOptions;
  readonly #feeds = new Map<string, { readonly feed: TableFeed; readonly source: SubscriberStateTable | undefined }>();
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #changes = 0;

  constructor(options: TableHubOptions) {
    this.#options = options;
  }

  /** The feed of a table; its subscription begins with the first call. `container` is empty for the host. */
  feed(table: AnyTable, container: string): TableFeed {
    const name = `${container}/${table.id}`;
    const known = this.#feeds.get(name);
    if (known !== undefined) return known.feed;
    const emit: Emit = (event) => this.#options.onEvent?.(event, container);
    const feed = new TableFeed(table, this.#options.clock, emit, () => this.#newId());
    const place: TablePlace = this.#options.places?.get(table.id) ?? table;
    const store = this.#options.stores.open({ db: place.db, container });
    if (!store.ok) {
      const detail =
        store.error.kind === "unknownDatabase" ? "no such database in the configuration" : store.error.detail;
      emit({ kind: "storeFailed", where: `${container}/${table.id}`, detail });
      this.#feeds.set(name, { feed, source: undefined });
      return feed;
    }
    const source = this.#source(table, place, store.value, emit);
    this.#feeds.set(name, { feed, source });
    this.#loops.push(this.#read(feed, source, keyReader(table, place), emit));
    return feed;
  }

  /** All feeds, for `doctor`. */
  feeds(): readonly TableFeed[] {
    return [...this.#feeds.values()].map(({ feed }) => feed);
  }

  /** Reads all tables of a container again: rows that are gone without an event are told as gone. */
  refresh(container: string): void {
    for (const [name, { source }] of this.#feeds) if (name.startsWith(`${container}/`)) source?.refresh();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#feeds.values()].map(({ source }) => source?.close()));
    await Promise.all(this.#loops);
  }

  #newId(): string {
    this.#changes += 1;
    return `${this.#options.name ?? ""}-${this.#changes}`;
  }

  #source(table: AnyTable, place: TablePlace, store: Store, emit: Emit): SubscriberStateTable {
    return new SubscriberStateTable(store, place.name, {
      clock: this.#options.clock,
      onError: (error) => emit({ kind: "storeFailed", where: table.id, detail: describeTableError(error) }),
    });
  }

  async #read(
    feed: TableFeed,
    source: SubscriberStateTable,
    keyOf: (key: string) => string,
    emit: Emit,
  ): Promise<void> {
    let failing = false;
    while (await source.ready()) {
      const popped = await source.pops();
      if (this.#stop.signal.aborted) return;
      if (!popped.ok) {
        if (!failing && popped.error.kind !== "disconnected") {
          emit({ kind: "storeFailed", where: feed.table.id, detail: describeTableError(popped.error) });
        }
        failing = popped.error.kind !== "disconnected";
        if (popped.error.kind !== "disconnected" && !(await this.#pause())) return;
        if (popped.error.kind !== "disconnected") source.refresh();
        continue;
      }
      failing = false;
      (this.#options.crashPoint ?? noCrash).reach("bridge.consume.read");
      const received = this.#options.clock.monotonic();
      for (const { key, op, fieldValues } of popped.value) {
        if (op === "DEL") feed.delete(keyOf(key), received);
        else feed.set(keyOf(key), recordOf(fieldValues), received);
      }
      feed.markLoaded();
    }
  }

  /** False when closed meanwhile. */
  async #pause(): Promise<boolean> {
    try {
      await sleep(this.#options.clock, RETRY_PAUSE, this.#stop.signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** Keys with the separators that the schema knows: another database may join the parts by another one. */
function keyReader({ separator }: AnyTable, { db }: TablePlace): (key: string) => string {
  const theirs = DATABASES_DEFAULT[db].separator;
  return theirs === separator ? (key) => key : (key) => key.replaceAll(theirs, separator);
}

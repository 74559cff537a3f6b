import {
  backoffDelay,
  err,
  invariant,
  type Json,
  type Millis,
  millis,
  noCrash,
  ok,
  type Result,
  seconds,
  type Timer,
} from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import { type AnyTable, describeStoreError, type RowError, type Store, untilConnected } from "@tandem/swss";
import { ActorPaths } from "./actor-path.js";
import type { ActorStatus } from "./actor-status.js";
import { Asking } from "./asking.js";
import { Audit, type AuditTarget } from "./audit.js";
import type { RowWriter } from "./bridge/row-writer.js";
import type { RowReader, TableFeed } from "./bridge/table-feed.js";
import { TableHub } from "./bridge/table-hub.js";
import { Creator } from "./creator.js";
import type { AnyActor } from "./define-actor.js";
import { type Heir, readInheritance } from "./inheritance.js";
import { Outbox } from "./outbox.js";
import { Place } from "./place.js";
import type { IncomingRow, PlaceHost } from "./place-host.js";
import { clusterTraceId } from "./record-pages.js";
import { parseRowRef, type RowRef, rowRefText } from "./row-ref.js";
import type { RuntimeEvent } from "./runtime-event.js";
import type { RuntimeOptions } from "./runtime-options.js";
import { isDpuDatabase, Sinks } from "./sinks.js";
import { type StandingReport, standingReport } from "./standing-report.js";
import { StepRecords } from "./step-records.js";
import { StrayRows } from "./stray-rows.js";
import { StuckMessages } from "./stuck-messages.js";
import { RuntimeTallies } from "./tallies.js";
import { type Trace, traceMark, traceToWire } from "./trace.js";

/** The runtime of one slot. */
export interface ActorRuntime extends AsyncDisposable {
  readonly records: StepRecords;
  /** What it has counted since it began. */
  readonly tallies: RuntimeTallies;
  /** Registrations that stand now: subscribers of published states, over all actors. */
  readonly registrations: number;
  readonly hub: TableHub;
  /**
   * Reads what an earlier process has left, then follows the tables. Resolves when actors are spawned from then on;
   * waits as long as STATE_DB does not answer. Rejects only when `signal` aborts.
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Names who writes a sink's table from now on; all its rows are written again. `undefined`: nobody for now. */
  connectSink(table: AnyTable, writer: RowWriter | undefined, cause?: string): void;
  /** All actors, those included whose rows are still being removed. */
  actors(): readonly ActorStatus[];
  actor(type: string, id: string): ActorStatus | undefined;
  /** Compares Redis with what actors stand for now, instead of at the next turn. */
  audit(): Promise<void>;
  /** Every row that an actor stands for, and those that it may have written besides. */
  standing(): StandingReport;
  /** Writes a row again, whatever its sink is thought to hold. False when nobody stands for it, or it marks an edge. */
  rewrite(row: string): boolean;
  /**
   * Deletes rows of `tables` (of a DPU's sinks, or of STATE_DB) that nobody stands for and no ledger names: what somebody
   * else has left there. Fails with one line when it is not done; a row that an actor holds is never touched.
   */
  discard(row: string, tables: readonly AnyTable[]): Promise<Result<void, string>>;
  /** Answers what somebody wants to know of its actors or of its records; see `Asking`. */
  answer(question: "actors" | "records", args: Readonly<Record<string, string>>): Json;
  /** Whether nothing is under way: every change is handled, performed and acknowledged. */
  readonly settled: boolean;
}

/** Between two audits. */
export const AUDIT_INTERVAL = seconds(5);
/** Between two tries of a database that does not work. */
const STORE_PAUSE = { first: millis(10), max: seconds(1) };

export function createRuntime(options: RuntimeOptions): ActorRuntime {
  return new Runtime(options);
}

class Runtime implements ActorRuntime {
  readonly tallies = new RuntimeTallies();
  readonly records: StepRecords;
  readonly hub: TableHub;
  readonly #options: RuntimeOptions;
  readonly #emit: (event: RuntimeEvent) => void;
  readonly #state: Store;
  readonly #outbox: Outbox;
  readonly #paths: ActorPaths;
  readonly #host: PlaceHost;
  readonly #places = new Map<string, Place>();
  readonly #sinks: Sinks;
  readonly #feeds = new Map<string, TableFeed>();
  readonly #strays = new StrayRows();
  readonly #stuck: StuckMessages;
  readonly #audit: Audit;
  readonly #asking: Asking;
  readonly #creators: Creator[] = [];
  readonly #stop = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  #heirs = new Map<string, Heir>();
  #tableLoads = 0;
  #orphansSwept = false;
  #traces = 0;
  #timer: Timer | undefined;
  #auditing: Promise<void> | undefined;

  constructor(options: RuntimeOptions) {
    const { edge, stores, clock, random, crashPoint = noCrash } = options;
    this.#options = options;
    this.#emit = options.onEvent ?? (() => {});
    this.records = options.records ?? new StepRecords();
    this.hub = options.hub ?? new TableHub({ stores, clock, name: options.slot, crashPoint, onEvent: this.#emit });
    this.#state = openState(stores);
    const wireTrace = options.traceEvery === undefined ? undefined : (data: Json) => this.#wireTrace(data);
    this.#stuck = new StuckMessages(clock, this.#emit, () => this.#outbox.entries());
    const onPost = (): void => this.#stuck.posted();
    const { tallies } = this;
    this.#outbox = new Outbox({ edge, clock, random, crashPoint, tallies, onPost, ...(wireTrace && { wireTrace }) });
    this.#paths = new ActorPaths(edge);
    this.#audit = new Audit(clock, this.#state, (ref) => this.#auditTarget(ref));
    this.#sinks = new Sinks(options, {
      emit: this.#emit,
      doubt: (select) => {
        for (const place of this.#places.values()) place.doubt(select);
      },
      refresh: (container) => this.hub.refresh(container),
    });
    this.#host = this.#buildHost();
    this.#asking = new Asking({
      path: edge.basePath.toString(),
      clock,
      slot: options.slot,
      actors: options.actors,
      records: this.records,
      places: () => this.#places.values(),
      outbox: () => this.#outbox.entries(),
      about: options.about ?? null,
    });
  }

  get settled(): boolean {
    return this.#outbox.size === 0 && [...this.#places.values()].every((place) => place.settled);
  }

  get registrations(): number {
    let count = 0;
    for (const place of this.#places.values()) count += place.publisher?.size ?? 0;
    return count;
  }

  async start(signal?: AbortSignal): Promise<void> {
    await untilConnected(this.#state, signal);
    for (let attempt = 0; ; attempt++) {
      const heirs = await readInheritance(this.#state, this.#options.slot);
      if (heirs.ok) {
        this.#heirs = new Map(heirs.value);
        break;
      }
      if (attempt === 0) this.#emit({ kind: "storeFailed", where: "ledgers", detail: heirs.error });
      await this.#pauseForStore(attempt);
      signal?.throwIfAborted();
      if (this.#stop.signal.aborted) return;
    }
    this.#cleanups.push(this.#state.onConnect(() => void this.#runAudit(true)));
    for (const definition of this.#options.actors) this.#creators.push(new Creator(this.#host, definition));
    for (const definition of this.#options.actors) {
      for (const table of definition.rows) this.#follow(definition, table);
    }
    this.#armAudit();
  }

  connectSink(table: AnyTable, writer: RowWriter | undefined, cause = "its address has changed"): void {
    this.#sinks.connect(table, writer, cause);
  }

  actors(): readonly ActorStatus[] {
    return [...this.#places.values()].map((place) => place.status());
  }

  actor(type: string, id: string): ActorStatus | undefined {
    return this.#places.get(`${type}/${id}`)?.status();
  }

  answer(question: "actors" | "records", args: Readonly<Record<string, string>>): Json {
    return question === "actors" ? this.#asking.actors(args) : this.#asking.records(args);
  }

  audit(): Promise<void> {
    return this.#runAudit(true);
  }

  standing(): StandingReport {
    return standingReport(this.#places.values(), this.#heirs);
  }

  rewrite(row: string): boolean {
    for (const place of this.#places.values()) {
      const standing = place.standing.find(({ table, key }) => rowRefText(table, key) === row);
      if (standing === undefined) continue;
      if (standing.once !== undefined) return false;
      this.#sinks.get(standing.table.id)?.doubt([standing.key]);
      place.doubt(({ text }) => text === row);
      return true;
    }
    return false;
  }

  async discard(row: string, tables: readonly AnyTable[]): Promise<Result<void, string>> {
    const ref = parseRowRef(row);
    if (ref === undefined || !tables.some(({ id }) => id === ref.tableId)) {
      return err(`${row}: this hamgrd is not the only one that writes such rows`);
    }
    const holder = this.#holderOf(row);
    if (holder !== undefined) return err(`${row}: ${holder} holds it`);
    const bridge = this.#sinks.get(ref.tableId);
    if (bridge !== undefined) return bridge.discard(ref.key);
    const deleted = await this.#state.command(["DEL", `${ref.tableName}${this.#state.db.separator}${ref.key}`]);
    return deleted.ok ? ok() : err(`${row}: ${describeStoreError(deleted.error)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    for (const cleanup of this.#cleanups) cleanup();
    for (const creator of this.#creators) creator[Symbol.dispose]();
    for (const place of this.#places.values()) place.close();
    this.#sinks[Symbol.dispose]();
    this.#outbox.close();
    this.#stuck[Symbol.dispose]();
    if (this.#options.hub === undefined) await this.hub[Symbol.asyncDispose]();
  }

  #buildHost(): PlaceHost {
    const { slot, edge, clock, random, crashPoint = noCrash } = this.#options;
    return {
      slot,
      edge,
      clock,
      random,
      crashPoint,
      outbox: this.#outbox,
      state: this.#state,
      moved: () => this.#audit.moved(),
      records: this.records,
      tallies: this.tallies,
      emit: this.#emit,
      feed: (table) => this.#feed(table),
      isOwn: (ref) => {
        if (this.#sinks.has(ref.tableId)) return false;
        invariant(ref.db === "STATE_DB", `${ref.tableId} is neither a sink nor in STATE_DB`);
        return true;
      },
      canWrite: (ref) => this.#sinks.has(ref.tableId) || ref.db === "STATE_DB",
      bridgePath: (ref) => this.#sinks.of(ref).path,
      actorPath: (type, id) => this.#paths.of(type, id),
      feedRow: (source, messageKey, row) => this.#feedRow(source, messageKey, row),
      sinkLeft: ({ tableId, key }) => this.#sinks.get(tableId)?.doubt([key]),
      newTrace: (cause) => this.#newTrace(cause),
      sinkEpoch: (container, epoch) => this.#sinks.reported(container, epoch),
      retired: (type, id) => this.#retire(type, id),
      pauseForStore: (attempt) => this.#pauseForStore(attempt),
      closed: () => this.#stop.signal.aborted,
    };
  }

  /** The actor that stands for the row, or whose ledger names it. */
  #holderOf(row: string): string | undefined {
    for (const place of this.#places.values()) if (place.book.rows.has(row)) return place.name;
    for (const [name, { ledger }] of this.#heirs) if (Object.hasOwn(ledger, row)) return name;
    return undefined;
  }

  #newTrace(cause: string): Trace {
    const { clock, slot } = this.#options;
    const now = clock.monotonic();
    this.#traces += 1;
    return { id: `${slot}-${this.#traces}`, cause, at: clock.now(), received: now, decoded: now };
  }

  /** One trace in `traceEvery` goes along; of those that came from another process each does. */
  #wireTrace(data: Json): Json | undefined {
    const { clock, edge, traceEvery = 1 } = this.#options;
    const trace = traceMark(data)?.trace;
    if (trace === undefined) return undefined;
    const number = Number(trace.id.slice(trace.id.lastIndexOf("-") + 1));
    if (trace.via === undefined && number % traceEvery !== 0) return undefined;
    const process = edge.basePath.toString();
    const id = trace.via === undefined ? clusterTraceId(process, this.records.boot, trace.id) : trace.id;
    return traceToWire({ ...trace, id }, { process, sentAt: clock.now() });
  }

  #feed(table: AnyTable): TableFeed {
    const known = this.#feeds.get(table.id);
    if (known !== undefined) return known;
    const feed = this.hub.feed(table, isDpuDatabase(table.db) ? this.#options.container : "");
    this.#feeds.set(table.id, feed);
    this.#strays.handOver(feed);
    return feed;
  }

  /** Rows of `table` make actors of `definition`. */
  #follow(definition: AnyActor, table: AnyTable): void {
    const feed = this.#feed(table);
    const reader: RowReader = {
      onRow: (_, key, row, before, trace) => this.#onActorRow(definition, table, { key, row, before, trace }),
      onLoaded: () => this.#onActorTableLoaded(),
    };
    feed.watchAll(reader, () => true);
    this.#tableLoads += 1;
    for (const [key, { row }] of feed.rows()) {
      this.#onActorRow(definition, table, {
        key,
        row,
        before: undefined,
        trace: this.#host.newTrace(`${table.id}|${key}`),
      });
    }
    if (feed.loaded) queueMicrotask(() => this.#onActorTableLoaded());
    else feed.watchLoad(reader);
    this.#cleanups.push(() => {
      feed.unwatchAll(reader);
      feed.unwatchLoad(reader);
    });
  }

  #onActorRow(definition: AnyActor, table: AnyTable, { key, row, before, trace }: ActorRow): void {
    let place = this.#places.get(`${definition.type}/${key}`);
    if (place === undefined) {
      if (row === undefined) return;
      const wrong = checkId(definition, table, key);
      if (wrong !== undefined) {
        this.#emit({ kind: "badRow", key, error: wrong });
        return;
      }
      place = this.#spawn(definition, key);
    }
    const appears = !place.isWanted;
    place.ownRow(table, row, before, trace);
    if (appears && place.isWanted) this.#announce(place);
  }

  #spawn(definition: AnyActor, id: string): Place {
    const name = `${definition.type}/${id}`;
    const heir = this.#heirs.get(name);
    this.#heirs.delete(name);
    const place = new Place(this.#host, definition, id, heir);
    this.#places.set(name, place);
    return place;
  }

  /** What waits for the actor goes out at once, and who wants its state or tells it something says so again. */
  #announce({ definition, id, path }: Place): void {
    this.#outbox.appeared(path);
    for (const other of this.#places.values()) other.appeared(definition.type, id);
  }

  #retire(type: string, id: string): void {
    const name = `${type}/${id}`;
    this.#places.get(name)?.close();
    this.#places.delete(name);
    this.#paths.forget(type, id);
    this.#emit({ kind: "retired", actor: name });
  }

  #onActorTableLoaded(): void {
    this.#tableLoads -= 1;
    if (this.#tableLoads > 0 || this.#orphansSwept || this.#stop.signal.aborted) return;
    this.#orphansSwept = true;
    this.#sweepOrphans();
  }

  /** Actors of an earlier process whose row is gone: what they wrote is deleted as if they went now. */
  #sweepOrphans(): void {
    for (const [name, heir] of [...this.#heirs]) {
      const definition = this.#options.actors.find(({ type }) => type === heir.type);
      // A row that is bad counts as there: what was written for its last good form stays.
      if (definition === undefined || definition.rows.some((table) => this.#feed(table).bad.has(heir.id))) continue;
      this.#emit({ kind: "orphan", actor: name, rows: Object.keys(heir.ledger).length });
      this.#spawn(definition, heir.id).wake();
    }
  }

  #feedRow(source: ServicePath, messageKey: string, row: IncomingRow): string | undefined {
    const feed = this.#feeds.get(source.resourceId) ?? this.#feedOfName(messageKey);
    if (feed === undefined) this.#strays.keep(source.resourceId, row.key, row.fields);
    else if (row.fields !== undefined) return feed.set(row.key, row.fields);
    else feed.delete(row.key);
    return undefined;
  }

  /** By the table name in a message key: `TABLE` or `TABLE|row key`. */
  #feedOfName(messageKey: string): TableFeed | undefined {
    const name = messageKey.split("|", 1)[0];
    return [...this.#feeds.values()].find(({ table }) => table.name === name);
  }

  #auditTarget(ref: RowRef): AuditTarget | undefined {
    const bridge = this.#sinks.get(ref.tableId);
    const copy = bridge === undefined ? { store: this.#state, table: ref.tableName } : bridge.writer?.copy;
    if (copy === undefined || !copy.store.connected) return undefined;
    return { copy, key: ({ key }) => `${copy.table}${copy.store.db.separator}${key}` };
  }

  #armAudit(): void {
    this.#timer = this.#options.clock.setTimer(AUDIT_INTERVAL, () => {
      if (this.#orphansSwept) this.#sweepOrphans();
      this.#armAudit();
      void this.#runAudit(false);
    });
  }

  /** One at a time; a call while one runs waits for that one. */
  #runAudit(force: boolean): Promise<void> {
    this.#auditing ??= this.#auditOnce(force).finally(() => {
      this.#auditing = undefined;
    });
    return this.#auditing;
  }

  async #auditOnce(force: boolean): Promise<void> {
    for (const drift of await this.#audit.run([...this.#places.values()], force)) {
      if (this.#stop.signal.aborted) return;
      const { place, repairs } = drift;
      this.#emit({ kind: "drift", actor: place.name, row: drift.row, repairs });
      if (drift.ref === undefined) place.relog();
      else if (this.#sinks.get(drift.ref.tableId) === undefined) place.observed(drift.ref, drift.found);
      else {
        this.#sinks.get(drift.ref.tableId)?.doubt([drift.ref.key]);
        place.doubt(({ text }) => text === drift.row);
      }
    }
  }

  async #pauseForStore(attempt: number): Promise<void> {
    const { clock, random } = this.#options;
    const delay: Millis = backoffDelay(STORE_PAUSE, attempt, random);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        stopListening();
        this.#stop.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = clock.setTimer(delay, done);
      const stopListening = this.#state.onConnect(done);
      this.#stop.signal.addEventListener("abort", done, { once: true });
    });
  }
}

/** A check that throws refuses the id: it must not end the reader of the table. */
function checkId(definition: AnyActor, table: AnyTable, id: string): RowError | undefined {
  try {
    return definition.checkId?.(id);
  } catch (error) {
    const expected = `a key that the check of ${definition.type} can take (it threw: ${String(error)})`;
    return { db: table.db, table: table.name, field: "key", expected, found: id };
  }
}

/** A change of a row that makes an actor. */
interface ActorRow {
  readonly key: string;
  readonly row: unknown;
  readonly before: unknown;
  readonly trace: Trace;
}

function openState(stores: RuntimeOptions["stores"]): Store {
  const store = stores.open({ db: "STATE_DB" });
  invariant(store.ok, "STATE_DB is not in the database configuration");
  return store.value;
}

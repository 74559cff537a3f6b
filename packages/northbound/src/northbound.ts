import { CleanUp, type Clock, err, ok, type Random, type Result, seconds } from "@tandem/base";
import { DashHaScopeConfig, DashHaScopeState, DashHaSetConfig, Dpu } from "@tandem/hamgrd";
import type { OpenError, Store, Stores } from "@tandem/swss";
import { AutoApprover } from "./auto-approver.js";
import { type Answer, refusalAnswer } from "./core/answer.js";
import type { Policies } from "./core/auto-approve.js";
import { type ApiEvent, EventLog, type LoggedEvent, pendingOf } from "./core/events.js";
import { type Expected, type Mutation, nameOfScope, nameOfSet } from "./core/mutation.js";
import { cut, formatReset, isOver, parseReset, type Reset, resetBody } from "./core/reset.js";
import { numberOf } from "./core/version.js";
import { dpuView, scopeView, setView, type View } from "./core/views.js";
import { mutate } from "./mutate.js";
import { type Answered, perform, readRow } from "./request-store.js";
import { RESET_TABLE, RESETS_MAX, ResetRunner } from "./reset-runner.js";
import { DATABASES, type OpenedStores, SwitchRows } from "./switch-rows.js";

/** How long an answer waits for the rows that are shown to come to what was written. */
const CATCH_UP_LIMIT = seconds(1);

/** What logs and metrics need to know. */
export type NorthboundEvent =
  | { readonly kind: "logged"; readonly event: LoggedEvent }
  | { readonly kind: "mutated"; readonly mutation: string; readonly status: number; readonly repeated: boolean }
  | { readonly kind: "autoApproved"; readonly type: string; readonly id: string; readonly status: number }
  | { readonly kind: "warning"; readonly text: string };

export interface NorthboundOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
  /** What is approved automatically; default nothing. */
  readonly policies?: Policies;
  /** Must not throw. */
  readonly observer?: (event: NorthboundEvent) => void;
}

/** What a reset is asked with. */
export interface ResetInput {
  readonly vdpu: string;
  readonly scope: string;
  readonly expected: Expected;
  /** How long the DPU's planes may take (ms). */
  readonly planesWithin: number;
}

/** Events that are kept for readers that are behind, or that come back. */
export const EVENTS_MAX = 1024;

/**
 * The northbound side of one switch: what an orchestrator asks, over the rows that hamgrd and the SDN controller use. It
 * keeps no truth of its own; its rows hold answers to repeated requests, and resets under way.
 */
export class Northbound implements AsyncDisposable {
  readonly events: EventLog;
  /** Resolves when every table has been read, and resets of an earlier life go on. */
  readonly loaded: Promise<void>;
  readonly #options: NorthboundOptions;
  readonly #stores: OpenedStores;
  readonly #rows: SwitchRows;
  readonly #resets: ResetRunner;
  readonly #approver: AutoApprover;
  readonly #listeners = new Set<() => void>();
  readonly #cleanUp = new CleanUp();
  #starting: Promise<unknown> = Promise.resolve();
  #isLoaded = false;
  #closed = false;

  private constructor(options: NorthboundOptions, stores: OpenedStores) {
    const { clock, policies = new Map() } = options;
    this.#options = options;
    this.#stores = stores;
    this.events = new EventLog(clock.now(), EVENTS_MAX);
    const warn = (text: string): void => this.#tell({ kind: "warning", text });
    this.#rows = new SwitchRows(stores, clock, (events) => this.#onEvents(events), warn);
    const shared = { stores, rows: this.#rows, clock };
    this.#resets = new ResetRunner({ ...shared, warn, onProgress: (reset) => this.#onEvents([progressOf(reset)]) });
    this.#approver = new AutoApprover({
      ...shared,
      policies,
      onApproval: ({ type, id }, status) => this.#tell({ kind: "autoApproved", type, id, status }),
    });
    for (const part of [this.#rows, this.#resets, this.#approver]) this.#cleanUp.use(part);
    this.loaded = this.#load();
  }

  /** Fails when a database that it needs is not configured; one that does not answer is waited for. */
  static open(options: NorthboundOptions): Result<Northbound, OpenError> {
    const stores: Partial<Record<(typeof DATABASES)[number], Store>> = {};
    for (const db of DATABASES) {
      const store = options.stores.open({ db });
      if (!store.ok) return err(store.error);
      stores[db] = store.value;
    }
    return ok(new Northbound(options, stores as OpenedStores));
  }

  /** Databases that do not answer now. */
  get lost(): readonly string[] {
    return DATABASES.filter((db) => !this.#stores[db].connected);
  }

  /** Whether everything has been read, and every database answers. */
  get ready(): boolean {
    return this.#isLoaded && this.lost.length === 0;
  }

  sets(): readonly View[] {
    const { rows, bad } = this.#rows.sets;
    return keysOf(rows, bad).map((key) => setView(key, rows.get(key), bad.get(key)));
  }

  set(id: string): View | undefined {
    return this.sets().find((view) => view["ha_set_id"] === id);
  }

  scopes(): readonly View[] {
    const { rows, bad } = this.#rows.scopes;
    return keysOf(rows, bad).flatMap((key) => {
      const parts = DashHaScopeConfig.parseKey(key);
      if (!parts.ok) return [];
      const { vdpu_id: vdpu, ha_scope_id: scope } = parts.value;
      return [scopeView(vdpu, scope, rows.get(key), this.#rows.state(vdpu, scope), bad.get(key))];
    });
  }

  scope(vdpu: string, scope: string): View | undefined {
    return this.scopes().find((view) => view["vdpu_id"] === vdpu && view["ha_scope_id"] === scope);
  }

  /** What waits for an approval, of all scopes. */
  operations(): readonly View[] {
    return [...this.#rows.states.rows].sort(byKey).flatMap(([key, row]) => {
      const parts = DashHaScopeState.parseKey(key);
      if (!parts.ok) return [];
      return pendingOf(row).map(({ id, type }) => ({ ...parts.value, id, type }));
    });
  }

  dpus(): readonly View[] {
    return [...this.#rows.dpus.rows].sort(byKey).flatMap(([key, row]) => {
      const parts = Dpu.parseKey(key);
      if (!parts.ok) return [];
      const vdpus = [...this.#rows.vdpus.rows].flatMap(([vdpu, { main_dpu_ids: ids }]) =>
        ids.some((id) => id === key) ? [vdpu] : [],
      );
      const slot = row.dpu_id;
      return [dpuView(key, row, vdpus.sort(), this.#rows.planesOf(slot), this.#rows.resetInfoOf(slot))];
    });
  }

  resets(): readonly View[] {
    return this.#resets.resets.map(resetBody);
  }

  reset(id: string): View | undefined {
    const reset = this.#resets.get(id);
    return reset === undefined ? undefined : resetBody(reset);
  }

  /**
   * One change of a config row; `key` is the idempotency key. Answers when the row is in Redis, and what is asked
   * afterwards shows it.
   */
  async mutate(key: string, mutation: Mutation, expected: Expected): Promise<Answered> {
    const answered = await mutate(this.#stores, key, mutation, expected);
    if (answered.answer.status < 300) await this.#caughtUp(mutation, answered.answer.body["version"]);
    this.#told(mutation.kind, answered);
    return answered;
  }

  /** The rows that are shown have come to what was just written: `null` for a deleted one. */
  #caughtUp(mutation: Mutation, version: unknown): Promise<void> {
    const { sets, scopes } = this.#rows;
    const [watch, key] = "set" in mutation ? [sets, mutation.set] : [scopes, `${mutation.vdpu}:${mutation.scope}`];
    return watch.until(() => {
      const row = watch.rows.get(key);
      if (version === null || row === undefined) return version === null && row === undefined;
      return numberOf(row.version) >= numberOf(String(version));
    }, CATCH_UP_LIMIT);
  }

  /** Begins a reset: answers once it is written down; its steps are told as events. One after the other. */
  startReset(key: string, input: ResetInput): Promise<Answered> {
    const started = this.#starting.then(() => this.#start(key, input));
    this.#starting = started;
    return started;
  }

  async #start(key: string, input: ResetInput): Promise<Answered> {
    const id = this.#options.random.uuid();
    let begun: Reset | undefined;
    const request = { key, asked: JSON.stringify(["reset", input]) };
    const answered = await perform(this.#stores.APPL_DB, RESET_TABLE, id, request, async () => {
      const reset = await this.#newReset(id, input);
      if (!reset.ok) return ok({ answer: reset.error });
      begun = reset.value;
      const answer = { status: 202, body: { schema: "tandem.api.reset.v1", ...resetBody(reset.value) } };
      return ok({ answer, fields: { reset: formatReset(reset.value) } });
    });
    if (begun !== undefined && answered.answer.status === 202 && !answered.repeated) this.#resets.begin(begun);
    this.#told("reset", answered);
    return answered;
  }

  /** Cuts a reset short: what it deleted is put back. */
  async cancelReset(key: string, id: string): Promise<Answered> {
    let cutShort: Reset | undefined;
    const request = { key, asked: JSON.stringify(["cancelReset", id]) };
    const answered = await perform(this.#stores.APPL_DB, RESET_TABLE, id, request, async (fields) => {
      const reset = parseReset(fields?.["reset"] ?? "");
      if (!reset.ok) return ok({ answer: refusalAnswer({ kind: "notFound", what: `reset ${id}` }) });
      if (isOver(reset.value)) return ok({ answer: refusalAnswer({ kind: "gone", id, approved: false }) });
      const ended = cut(reset.value, this.#options.clock.now(), "cancelled", "cancelled; what was deleted is put back");
      cutShort = ended;
      const answer = { status: 202, body: { schema: "tandem.api.reset.v1", ...resetBody(ended) } };
      return ok({ answer, fields: { reset: formatReset(ended) } });
    });
    if (cutShort !== undefined && answered.answer.status === 202 && !answered.repeated) this.#resets.replace(cutShort);
    this.#told("cancelReset", answered);
    return answered;
  }

  /** Called whenever there are new events. Returns the unsubscriber. */
  onEvents(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  async #load(): Promise<void> {
    await this.#rows.loaded;
    if (this.#closed) return;
    await this.#resets.load();
    this.#isLoaded = true;
    this.#approver.wake();
  }

  async #newReset(id: string, input: ResetInput): Promise<Result<Reset, Answer>> {
    const { vdpu, scope, expected, planesWithin } = input;
    const what = nameOfScope(input);
    const under = this.#resets.resets.filter((reset) => !isOver(reset));
    const same = under.find((reset) => reset.vdpu === vdpu && reset.scope === scope);
    if (same !== undefined) return err(refusalAnswer({ kind: "inProgress", what, id: same.id }));
    if (under.length >= RESETS_MAX) return err(refusalAnswer({ kind: "tooMany", what: "resets", limit: RESETS_MAX }));
    const scopeFields = await readRow(this.#stores.APPL_DB, DashHaScopeConfig.name, `${vdpu}:${scope}`);
    if (!scopeFields.ok) return err(refusalAnswer(scopeFields.error));
    if (scopeFields.value === undefined) return err(refusalAnswer({ kind: "notFound", what }));
    const row = DashHaScopeConfig.decode(scopeFields.value);
    if (!row.ok) return err(refusalAnswer({ kind: "unreadable", what, detail: row.error.expected }));
    const { version, ha_set_id: set } = row.value;
    if (expected.kind !== "version" || numberOf(expected.version) !== numberOf(version)) {
      const stated = expected.kind === "version" ? expected.version : "absent";
      return err(refusalAnswer({ kind: "versionMismatch", what, expected: stated, version }));
    }
    const setFields = await readRow(this.#stores.APPL_DB, DashHaSetConfig.name, set);
    if (!setFields.ok) return err(refusalAnswer(setFields.error));
    if (setFields.value === undefined) return err(refusalAnswer({ kind: "notFound", what: nameOfSet(set) }));
    const slot = this.#rows.slotOf(vdpu);
    if (slot === undefined) {
      return err(refusalAnswer({ kind: "invalid", field: "vdpu_id", expected: "a vDPU with a DPU of this switch" }));
    }
    const now = this.#options.clock.now();
    return ok({
      ...{ id, vdpu, scope, set, slot, planesWithin },
      scopeFields: scopeFields.value,
      setFields: setFields.value,
      step: "deleteScope",
      startedAt: now,
      stepAt: now,
      note: "begun",
    });
  }

  #onEvents(events: readonly ApiEvent[]): void {
    for (const event of events) {
      this.#tell({ kind: "logged", event: this.events.add(event, this.#options.clock.now()) });
    }
    if (this.#isLoaded) {
      this.#resets.wake();
      this.#approver.wake();
    }
    if (events.length > 0) for (const listener of [...this.#listeners]) listener();
  }

  #told(mutation: string, { answer, repeated }: Answered): void {
    this.#tell({ kind: "mutated", mutation, status: answer.status, repeated });
  }

  #tell(event: NorthboundEvent): void {
    this.#options.observer?.(event);
  }
}

function progressOf({ id, step, note }: Reset): ApiEvent {
  return { kind: "reset_progress", id, step, reason: note };
}

function keysOf(rows: ReadonlyMap<string, unknown>, bad: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...rows.keys(), ...bad.keys()])].sort();
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

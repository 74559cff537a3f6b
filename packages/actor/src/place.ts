import { type Millis, millis } from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import type { AnyTable, Fields } from "@tandem/swss";
import type { ActorStatus } from "./actor-status.js";
import { Book } from "./book.js";
import type { RowReader } from "./bridge/table-feed.js";
import { Committer } from "./committer.js";
import { type AnyActor, type AnyStatePort, type Derived, sameProblems, stands } from "./define-actor.js";
import { type Decision, Deriver } from "./deriver.js";
import { type Difference, nextRefresh } from "./difference.js";
import type { Inheritance } from "./inheritance.js";
import { ledgerKey, memoryKey } from "./ledger.js";
import { type Mail, Mailbox } from "./mailbox.js";
import type { Dispatch } from "./outbox-core.js";
import type { PlaceHost } from "./place-host.js";
import { PlaceMessages } from "./place-messages.js";
import { PlaceTimer } from "./place-timer.js";
import { Publisher } from "./publisher.js";
import { Reads } from "./reads.js";
import { Restarts } from "./restarts.js";
import { RowPlan, type StandingRows } from "./row-plan.js";
import { type RowRef, rowRef } from "./row-ref.js";
import { RowSender } from "./row-sender.js";
import { SentLog } from "./sent-log.js";
import type { Outcome } from "./step-inputs.js";
import { StepLoop } from "./step-loop.js";
import { type PlaceStep, StepRecorder } from "./step-recorder.js";
import { Tellings } from "./tellings.js";
import { markTrace, type Trace } from "./trace.js";
import { alarmOf, WaitBook } from "./wait-book.js";
import { type Post, Wants } from "./wants.js";

const NOTHING: Derived<never> = stands({ reason: "it does not exist" });

/**
 * Where one actor lives: its path on the bus, its ledger and outbox, and one incarnation after the other. A step takes
 * all waiting changes, lets the definition remember and derive, and performs the difference: own rows, memory and ledger
 * in one MULTI, then what goes to others.
 */
export class Place implements RowReader {
  readonly definition: AnyActor;
  readonly id: string;
  readonly path: ServicePath;
  readonly name: string;
  /** Redis keys in STATE_DB. */
  readonly ledgerKey: string;
  readonly memoryKey: string;
  readonly book: Book;
  readonly reads: Reads;
  readonly wants: Wants;
  readonly tellings: Tellings;
  readonly publisher: Publisher | undefined;
  readonly sender: RowSender;
  readonly messages: PlaceMessages;
  readonly sent = new SentLog();
  /** Tables whose row makes it exist, by the newest change that has arrived. */
  readonly #present = new Set<string>();
  readonly #recorder: StepRecorder;
  readonly #host: PlaceHost;
  readonly #deriver: Deriver;
  readonly #committer: Committer;
  readonly #restarts: Restarts;
  readonly #mailbox = new Mailbox();
  readonly #loop: StepLoop;
  readonly #waits = new WaitBook();
  readonly #plan: RowPlan;
  readonly #timer: PlaceTimer;
  readonly #unregister: () => void;
  #derived: Derived<unknown> = NOTHING;
  /** The rows of the last step whose commit succeeded. */
  #committed: StandingRows = NOTHING;
  /** Memory as the last step left it. */
  #memory: string | undefined;
  #lastWords: (() => void)[] = [];
  /** An incarnation ended, and the step in which it did has not been taken over yet. */
  #ended = false;
  #recompute = false;
  #unperformed = false;
  #merged = false;

  constructor(host: PlaceHost, definition: AnyActor, id: string, inheritance: Inheritance | undefined) {
    this.#host = host;
    this.definition = definition;
    this.id = id;
    this.name = `${definition.type}/${id}`;
    this.path = host.actorPath(definition.type, id);
    this.#recorder = new StepRecorder(host, { slot: host.slot, type: definition.type, id });
    this.#timer = new PlaceTimer(host.clock);
    this.#loop = new StepLoop(host, this.name, this.#timer, {
      mayDecide: () => !this.#restarts.pending && (this.#mailbox.size > 0 || this.#recompute),
      decide: () => this.#decide(),
      takeUnperformed: () => this.#takeUnperformed(),
      perform: () => this.#perform(),
      conclude: () => this.#conclude(),
    });
    const post: Post = (dispatch) => {
      const onSettled: Dispatch["onSettled"] = (settled) => {
        dispatch.onSettled?.(settled);
        if (!this.isWanted) this.#loop.schedule();
      };
      markTrace(dispatch.data, { trace: this.#recorder.trace });
      host.outbox.post({ ...dispatch, source: this.path, log: this.sent, onSettled });
    };
    this.ledgerKey = ledgerKey(host.slot, definition.type, id);
    this.memoryKey = memoryKey(host.slot, definition.type, id);
    this.book = new Book(this.ledgerKey);
    this.#plan = new RowPlan(host, this.book, () => this.#waitsForInput());
    this.reads = new Reads(this, host.feed);
    this.wants = new Wants(id, host.actorPath, post);
    this.tellings = new Tellings(id, host.actorPath, post);
    this.publisher = definition.publishes && new Publisher(definition.publishes as AnyStatePort, this.path, post);
    const bridgeKey = definition.bridgeKey?.(id) ?? id;
    this.sender = new RowSender(host, this.path, bridgeKey, this.book, this.sent, this.#recorder.moments, (ref) =>
      this.#acknowledged(ref),
    );
    this.messages = new PlaceMessages(host, this);
    this.#committer = new Committer(host, this.name, this.book, this.memoryKey, inheritance?.memory);
    this.#restarts = new Restarts(host.clock, host.random);
    this.#deriver = new Deriver({
      definition,
      id,
      reads: this.reads,
      wants: this.wants,
      book: this.book,
      clock: host.clock,
      random: host.random,
      loaded: (table) => {
        const feed = host.feed(table);
        feed.watchLoad(this);
        return feed.loaded;
      },
      memory: inheritance?.memory,
      onBegin: (incarnation) => host.emit({ kind: "spawned", actor: this.name, incarnation }),
    });
    if (inheritance !== undefined) this.#inherit(inheritance);
    this.#unregister = host.edge.register(this.path, "public", (message, origin) =>
      this.messages.receive(message, origin),
    );
  }

  /** Whether it exists once all that waits is handled: messages for it are taken. */
  get isWanted(): boolean {
    return this.#present.size > 0;
  }

  get exists(): boolean {
    return this.#deriver.exists;
  }

  get standing(): Derived<unknown>["rows"] {
    return this.#committed.rows;
  }

  /** Whether nothing is under way: no change waits, everything is performed and acknowledged. Never when it goes. */
  get settled(): boolean {
    return (
      this.exists &&
      this.#mailbox.size === 0 &&
      !this.#recompute &&
      !this.#unperformed &&
      this.#loop.idle &&
      this.sender.idle &&
      !this.#restarts.pending
    );
  }

  /** Wall-clock time of the last step. */
  get decidedAt(): Millis | undefined {
    return this.#recorder.decidedAt;
  }

  /** Rows that make it exist. */
  get ownRows(): readonly string[] {
    return [...this.#present].map((tableId) => `${tableId}|${this.id}`);
  }

  /** Rows that the last step stands for, whether or not they could be persisted. */
  get derivedRows(): readonly string[] {
    return this.#derived.rows.map(({ table, key }) => `${table.id}|${key}`);
  }

  /** Who told it something, as `<port key>|<actor id>`. */
  get tellers(): readonly string[] {
    return [...this.#deriver.told].flatMap(([key, tellers]) => [...tellers.keys()].map((id) => `${key}|${id}`));
  }

  /** Whether a row that nothing stands for is left as it is. */
  keeps(text: string): boolean {
    return this.#plan.keeps(text, this.#derived);
  }

  status(): ActorStatus {
    return {
      type: this.definition.type,
      id: this.id,
      incarnation: this.#deriver.incarnation,
      exists: this.exists,
      reason: this.#derived.reason,
      waits: this.#waits.waits,
      problems: this.#derived.problems,
      rows: this.#committed.rows.map(({ table, key }) => `${table.id}|${key}`),
      crashes: this.#restarts.inARow,
      crashesTotal: this.#restarts.total,
      lastError: this.#restarts.lastError,
      pending: this.sender.flights.map(({ ref, op, since, refusal }) => ({
        row: ref.text,
        op,
        since,
        refusal: refusal?.text ?? "",
      })),
    };
  }

  /** A row that the actor reads. Its own rows come through `ownRow`. */
  onRow(table: AnyTable, key: string, row: unknown, before: unknown, trace: Trace): void {
    if (!this.#deriver.isOwnRow(table, key)) {
      this.push({ trace, change: { kind: "row", table, key, row, before } });
    }
  }

  /** A row that makes the actor exist. */
  ownRow(table: AnyTable, row: unknown, before: unknown, trace: Trace): void {
    if (row === undefined) this.#present.delete(table.id);
    else this.#present.add(table.id);
    this.push({ trace, change: { kind: "row", table, key: this.id, row, before } });
  }

  onLoaded(): void {
    this.wake();
  }

  push(mail: Mail): void {
    const before = this.#mailbox.merged;
    this.#recorder.delivered();
    this.#mailbox.push(mail);
    const { tallies } = this.#host;
    tallies.mailPeak = Math.max(tallies.mailPeak, this.#mailbox.size);
    if (this.#mailbox.merged > before && !this.#merged) {
      this.#merged = true;
      this.#host.emit({ kind: "mailboxMerged", actor: this.name, limit: this.#mailbox.size });
    }
    this.#loop.schedule();
  }

  get mailWaiting(): number {
    return this.#mailbox.size;
  }

  /** What stands in these sinks is not known any more: everything goes out again. */
  doubt(select: (ref: RowRef) => boolean): void {
    this.book.doubt(select);
    this.sender.forget(select);
    this.#unperformed = true;
    this.#loop.schedule();
  }

  /** An own row is not as it was written. */
  observed(ref: RowRef, found: Fields): void {
    this.book.observed(ref.text, found);
    this.#unperformed = true;
    this.#loop.schedule();
  }

  /** Ledger and memory as Redis should have them; `undefined` while they are being written. */
  get logged(): { readonly ledger: Fields; readonly memory: string | undefined } | undefined {
    return this.#loop.running ? undefined : { ledger: this.book.ledgerFields(), memory: this.#committer.memoryStored };
  }

  /** Redis has lost ledger or memory: they are written again. */
  relog(): void {
    this.book.relog();
    this.#committer.forgetMemory();
    this.#unperformed = true;
    this.#loop.schedule();
  }

  /** An actor has appeared in this process: it knows nothing of registrations and of what it was told. */
  appeared(type: string, id: string): void {
    if (type === this.definition.type && id === this.id) return;
    this.wants.renew(type, id);
    this.tellings.renew(type, id);
  }

  /** The runtime has learnt that the actor must step although no input changed (an orphan to be retired). */
  wake(): void {
    this.#recompute = true;
    this.#loop.schedule();
  }

  close(): void {
    this.#loop.close();
    this.#unregister();
    this.#timer.cancel();
    this.#restarts.close();
    this.#committer.close();
    this.reads.clear();
  }

  #inherit({ ledger, memory, ownRows }: Inheritance): void {
    const unreadable = this.book.inherit(
      ledger,
      this.#host.canWrite,
      (ref) => ownRows.get(ref.text),
      this.#host.clock.monotonic(),
    );
    for (const row of unreadable) this.#host.emit({ kind: "foreignLedger", actor: this.name, row });
    this.#memory = memory;
  }

  #takeUnperformed(): boolean {
    const taken = this.#unperformed;
    this.#unperformed = false;
    return taken;
  }

  /** One pure step: all waiting changes, then what the actor stands for. False when it threw. */
  #decide(): boolean {
    this.#recompute = false;
    this.#merged = false;
    const mail = this.#mailbox.drain();
    try {
      this.#recorder.begin(mail);
      this.#adopt(this.#deriver.decide(mail));
      this.#unperformed = true;
      return true;
    } catch (error) {
      this.#crashed(error);
      return false;
    }
  }

  /** What it asks of others and tells them now. */
  #outcome(): Outcome {
    return { wants: this.wants.names, tells: this.tellings.told, publish: this.publisher?.desired };
  }

  /** Takes over what a step has derived; nothing is performed yet. */
  #adopt({ derived, changes, draws, memory, ended, from }: Decision): void {
    const { clock, emit, isOwn } = this.#host;
    const now = clock.monotonic();
    const problemsBefore = this.#derived.problems;
    this.#ended ||= ended;
    for (const { table, key } of derived.rows) isOwn(rowRef(table, key));
    if (this.#ended) {
      this.#ended = false;
      if (this.exists) this.wants.renewAll();
      else this.#lastWords.push(() => this.#sayFarewell());
    }
    const before = this.#outcome();
    const lines = [
      ...this.wants.update(this.exists ? (this.definition.wants?.(this.#deriver.inputs) ?? []) : []),
      ...this.tellings.update(derived.tells),
    ];
    if (this.exists && this.publisher?.update(derived.publish)) lines.push("publish");
    this.#derived = derived;
    this.#memory = memory;
    for (const wait of this.#waits.update(derived.waits, now)) emit({ kind: "unstuck", actor: this.name, wait });
    if (!sameProblems(problemsBefore, derived.problems)) {
      emit({ kind: "problems", actor: this.name, problems: derived.problems });
    }
    if (derived.sinkEpoch !== undefined) this.#host.sinkEpoch(derived.sinkEpoch.container, derived.sinkEpoch.epoch);
    this.book.adopt(derived.rows);
    this.#plan.leave(derived);
    const book = this.book.snapshot();
    const keepInherited = this.#plan.keepsInherited(now);
    const planned = this.#plan.difference(derived, now);
    const ops = [...planned.own, ...planned.groups.flat()];
    for (const op of ops) lines.push(`${op.op} ${op.ref.text}`);
    const { exists } = this;
    const { asked } = this.#deriver.log;
    const { memory: held, restored, unseen, ends, by } = from;
    const after = this.#outcome();
    const inputs = { asked, memory: held, restored, unseen, ends, by, exists, book, now, keepInherited, before, after };
    const rows = this.#recorder.moments.decided(ops, this.#recorder.trace);
    this.#record({ changes, draws, reason: derived.reason, difference: lines, rows, inputs });
    // The commit may have to wait; the deadlines of what the actor waits for do not.
    if (derived.waits.length > 0) this.#arm();
  }

  #record(step: Pick<PlaceStep, "changes" | "draws" | "reason" | "difference" | "rows" | "inputs">): void {
    const { incarnation, memory } = this.#deriver;
    const { changes, draws, reason, difference, rows, inputs } = step;
    const { waits } = this.#waits;
    const { problems } = this.#derived;
    this.#recorder.record({ incarnation, changes, draws, memory, reason, waits, problems, difference, rows, inputs });
  }

  #sayFarewell(): void {
    const { outbox } = this.#host;
    outbox.cancel(({ source, purpose }) => (purpose === "message" || purpose === "state") && source.equals(this.path));
    this.publisher?.farewell(this.definition.farewell as ((last: unknown) => unknown) | undefined);
  }

  /** Whether it may come to stand for more rows without anything being changed. */
  #waitsForInput(): boolean {
    if (!this.exists) return false;
    return (
      !this.reads.loaded || !this.#deriver.begun || this.#derived.waits.some(({ deadline }) => deadline !== undefined)
    );
  }

  /** Persists, then acts. Returns when everything that can go out has gone out. */
  async #perform(): Promise<void> {
    const derived = this.#derived;
    const memory = this.#memory;
    const difference = (): Difference => this.#plan.difference(derived);
    const began = this.#host.clock.monotonic();
    const own = await this.#committer.commit({ rows: derived.rows, memory, difference });
    if (own === undefined) return;
    this.#deriver.memoryStored(memory);
    this.#committed = derived;
    for (const ref of own) {
      this.#recorder.moments.committed(ref.text, began);
      this.#written(ref);
    }
    for (const say of this.#lastWords.splice(0)) say();
    this.wants.release();
    this.tellings.release();
    this.#pump();
  }

  /** Sends what may go now; publishes when nothing of the step is outstanding. */
  #pump(): void {
    if (this.#committer.busy) return;
    const { own, groups } = this.#plan.difference(this.#committed);
    const first = groups[0];
    if (first !== undefined) this.sender.pump(first);
    else if (own.length === 0 && this.exists) this.publisher?.release();
  }

  /** A bridge has acknowledged a change of a row. */
  #acknowledged(ref: RowRef): void {
    this.#host.moved();
    this.#written(ref);
    if (this.sender.idle && !this.#committer.busy) this.#pump();
    if (this.book.unsettled) {
      if (!this.exists) this.#host.crashPoint.reach("actor.retire.deleted");
      this.#unperformed = true;
    }
    this.#loop.schedule();
  }

  /** The actor hears that a row of its own stands, if it asks for it. */
  #written(ref: RowRef): void {
    if (!this.exists) return;
    if (this.definition.remember === undefined && !this.#deriver.inputs.asksFor(ref.text)) return;
    const row = this.#committed.rows.find(({ table, key }) => table.id === ref.tableId && key === ref.key);
    if (row === undefined) this.#recompute = true;
    else this.push({ trace: this.#recorder.trace, change: { kind: "written", table: row.table, key: row.key } });
  }

  /** After the last thing that was to be done: sets the timer, or leaves for good. */
  #conclude(): void {
    this.#arm();
    if (this.exists || !this.book.empty || !this.sender.idle || this.#committer.memoryStored !== undefined) return;
    for (const { source } of this.#host.outbox.entries()) if (source.equals(this.path)) return;
    this.#host.retired(this.definition.type, this.id);
  }

  #arm(): void {
    const inherits = this.exists ? this.#plan.inheritsUntil(this.#host.clock.monotonic()) : undefined;
    const dues = [this.#waits.nextDeadline(), nextRefresh(this.#committed.rows, this.book.rows), inherits];
    this.#timer.arm(dues, () => this.#ring());
  }

  #ring(): void {
    const { clock, emit, newTrace } = this.#host;
    const now = clock.monotonic();
    const trace = newTrace(`deadline of ${this.name}`);
    for (const wait of this.#waits.expire(now)) {
      const waited = millis(now - wait.began);
      if (!wait.told) emit({ kind: "stuck", actor: this.name, wait: alarmOf(wait), waited, then: wait.then });
      this.push({ trace, change: { kind: "deadline", wait: wait.for } });
    }
    const refresh = nextRefresh(this.#committed.rows, this.book.rows);
    if (refresh !== undefined && refresh <= now) {
      this.push({ trace, change: { kind: "deadline", wait: "refresh" } });
    }
    this.#unperformed = true;
    this.#loop.schedule();
  }

  #crashed(error: unknown): void {
    const restartIn = this.#restarts.crashed(error, () => {
      this.#deriver.restart();
      this.wants.renewAll();
      this.wake();
    });
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#record({
      changes: [],
      draws: [],
      reason: `it crashed: ${detail}`,
      difference: [],
      rows: [],
      inputs: undefined,
    });
    this.#host.emit({ kind: "crashed", actor: this.name, detail, crashes: this.#restarts.inARow, restartIn });
  }
}

import {
  type Clock,
  type CrashPoint,
  type Disk,
  describeDiskError,
  err,
  type Millis,
  millis,
  type Result,
  seconds,
  type Timer,
} from "@tandem/base";
import { type ConsulApi, type ConsulFailure, TXN_OPS_MAX } from "../consul/consul-api.js";
import type { HaLink } from "../link/ha-link.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { ConsulCaller } from "./consul-caller.js";
import { EventBook, type Owed, type PendingPut } from "./core/event-book.js";

/** Calls on their way at once, of different processes. */
const PUTS_AT_ONCE = 8;
/** More puts than this wait: they go together. */
const CROWD = 16;
/** Puts that wait; beyond it a link is closed, and its process replays. */
export const EVENTS_MAX = 4096;
const PUT_WITHIN = seconds(5);
/** An event that is not in Consul after so long goes into the journal, and is acknowledged. */
const JOURNAL_AFTER = seconds(5);
const JOURNAL_EVERY = millis(250);
/** A key has one writer; a put that was given up may come in between, and another one. */
const OVERTAKEN_MAX = 5;

/** The file that keeps events while Consul is away. */
export interface Journal {
  readonly disk: Pick<Disk, "read" | "replace">;
  readonly path: string;
}

/** Performs what the book of events says: puts, the journal, acknowledgements. */
export class EventStorer {
  readonly book: EventBook;
  readonly #abort = new Set<() => void>();
  #flying = 0;
  #retry: Timer | undefined;
  #journalTimer: Timer | undefined;
  #writing = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly crashPoint: CrashPoint;
      readonly link: HaLink;
      readonly caller: ConsulCaller;
      readonly tell: (event: BridgeEvent) => void;
      readonly keep: "newest" | "every";
      /** Without it events stay unacknowledged while Consul is away: their processes hold them. */
      readonly journal?: Journal;
    },
  ) {
    this.book = new EventBook({ limit: EVENTS_MAX, keep: parts.keep });
    parts.caller.onBack(() => {
      this.book.retryNow(parts.clock.monotonic());
      this.#pump();
    });
    parts.caller.signal.addEventListener("abort", () => {
      this.#retry?.cancel();
      this.#journalTimer?.cancel();
    });
  }

  /** Takes up what a former life left. Before any link. */
  async load(): Promise<void> {
    const { journal, tell, clock } = this.parts;
    if (journal === undefined) return;
    const read = await journal.disk.read(journal.path, 0, 64 * 1024 * 1024);
    if (!read.ok) {
      if (read.error.kind !== "notFound") tell({ kind: "journalFailed", because: describeDiskError(read.error) });
      return;
    }
    const puts: PendingPut[] = [];
    for (const line of Buffer.from(read.value).toString("utf8").split("\n")) {
      if (line === "") continue;
      try {
        const { key, value } = JSON.parse(line) as { readonly key?: unknown; readonly value?: unknown };
        if (typeof key !== "string" || typeof value !== "string") throw new SyntaxError("expected key and value");
        puts.push({ key, value, seq: puts.length });
      } catch (error) {
        tell({ kind: "badInput", where: journal.path, detail: `line left out: ${(error as Error).message}` });
      }
    }
    this.book.restore(puts, clock.monotonic());
    this.#pump();
  }

  /** False: there is no room; the sender, where there is one, must come again. */
  offer(key: string, value: string, owed?: Owed): boolean {
    const senders = owed === undefined ? [] : [owed];
    const offered = this.book.offer(key, value, senders, this.parts.clock.monotonic());
    if (!offered.ok) return false;
    // One that takes another's place finds its put in the line already.
    if (offered.value === "replaced") this.parts.tell({ kind: "replaced", key });
    else this.#pump();
    this.#armJournal();
    return true;
  }

  /** Resolves when nothing waits, or everything ends. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.book.waiting === 0 && !this.#writing) resolve();
      else this.#abort.add(resolve);
    });
  }

  /** Writes the journal now, whatever the age of what waits. */
  async journalNow(): Promise<void> {
    const { journal, crashPoint, tell } = this.parts;
    if (journal === undefined || this.#writing) return;
    this.#writing = true;
    const puts = this.book.snapshot();
    const text = puts.map(({ key, value }) => `${JSON.stringify({ key, value })}\n`).join("");
    const written = await journal.disk.replace(journal.path, text);
    this.#writing = false;
    if (!written.ok) tell({ kind: "journalFailed", because: describeDiskError(written.error) });
    else {
      crashPoint.reach("hax.event.journaled");
      tell({ kind: "journaled", puts: puts.length });
      this.#acknowledge(this.book.journaled(puts));
    }
    this.#settled();
    this.#armJournal();
  }

  #pump(): void {
    const { clock, caller } = this.parts;
    if (caller.signal.aborted) return;
    while (this.#flying < PUTS_AT_ONCE) {
      const puts = this.#next(clock.monotonic());
      if (puts.length === 0) break;
      this.#flying += 1;
      void this.#put(puts);
    }
    // Whatever comes back pumps again.
    if (this.#flying >= PUTS_AT_ONCE) return;
    this.#retry?.cancel();
    const next = this.book.nextTry;
    if (next === undefined) return;
    this.#retry = clock.setTimer(millis(Math.max(0, next - clock.monotonic())), () => this.#pump());
  }

  /** One put; in a crowd as many as a transaction takes. What failed goes alone: it may be what made others fail. */
  #next(now: Millis): readonly PendingPut[] {
    const crowd = this.parts.keep === "newest" && this.book.waiting > CROWD;
    const puts: PendingPut[] = [];
    while (crowd && puts.length < TXN_OPS_MAX) {
      const put = this.book.take(now, "fresh");
      if (put === undefined) break;
      puts.push(put);
    }
    const one = puts.length === 0 ? this.book.take(now) : undefined;
    return one === undefined ? puts : [one];
  }

  async #put(puts: readonly PendingPut[]): Promise<void> {
    const { clock, caller, crashPoint, tell } = this.parts;
    const began = clock.monotonic();
    crashPoint.reach("hax.event.before");
    const { keep } = this.parts;
    const result = await caller.call(PUT_WITHIN, (consul, signal) =>
      keep === "every" ? send(consul, puts, signal) : sendOnWhatStands(consul, puts, signal),
    );
    this.#flying -= 1;
    if (result.ok) {
      crashPoint.reach("hax.event.stored");
      for (const put of puts) {
        tell({ kind: "stored", key: put.key, took: clock.monotonic() - began });
        this.#acknowledge(this.book.stored(put));
      }
      this.#armJournal();
    } else if (!caller.signal.aborted)
      for (const put of puts) {
        const failures = this.book.failed(put, (attempt) => clock.monotonic() + caller.delay(attempt));
        tell({ kind: "putFailed", key: put.key, failures, because: result.error });
      }
    this.#pump();
    this.#settled();
  }

  #acknowledge(owed: readonly Owed[]): void {
    for (const { link, tag } of owed) this.parts.link.delivered(link, tag);
  }

  #armJournal(): void {
    const { clock, journal, caller } = this.parts;
    if (journal === undefined || this.#journalTimer !== undefined || caller.signal.aborted) return;
    const due = this.#journalDue();
    if (due === undefined) return;
    this.#journalTimer = clock.setTimer(millis(Math.max(JOURNAL_EVERY, due - clock.monotonic())), () => {
      this.#journalTimer = undefined;
      // What the timer was set for may be in Consul by now, and younger events do without the file.
      if ((this.#journalDue() ?? Number.POSITIVE_INFINITY) > clock.monotonic()) this.#armJournal();
      else void this.journalNow();
    });
  }

  /** When the journal must next be written. */
  #journalDue(): number | undefined {
    const { oldest, mustForget } = this.book;
    if (mustForget) return 0;
    return oldest === undefined ? undefined : oldest + JOURNAL_AFTER;
  }

  #settled(): void {
    if (this.book.waiting > 0 || this.#writing) return;
    for (const resolve of this.#abort) resolve();
    this.#abort.clear();
  }
}

/** Puts as they are. Several are one transaction. */
function send(
  consul: ConsulApi,
  puts: readonly PendingPut[],
  signal: AbortSignal,
  indexOf?: (key: string) => number,
): Promise<Result<boolean | "done" | "conflict", ConsulFailure>> {
  const [first] = puts;
  if (first !== undefined && puts.length === 1) {
    const cas = indexOf === undefined ? {} : { cas: indexOf(first.key) };
    return consul.put(first.key, first.value, { ...cas, signal });
  }
  return consul.txn(
    puts.map(({ key, value }) =>
      indexOf === undefined ? { verb: "set", key, value } : { verb: "cas", key, value, index: indexOf(key) },
    ),
    signal,
  );
}

/**
 * Puts that count only on what stands now. An agent keeps a put that its caller has given up, and carries it out once
 * there is a leader: after a newer one, whose acknowledged event it would undo.
 */
async function sendOnWhatStands(
  consul: ConsulApi,
  puts: readonly PendingPut[],
  signal: AbortSignal,
): Promise<Result<boolean | "done" | "conflict", ConsulFailure>> {
  const [first] = puts;
  // One key alone is read alone; several cost one read of all beside each.
  const prefixes = new Set(puts.map(({ key }) => (puts.length === 1 ? key : key.slice(0, key.lastIndexOf("/") + 1))));
  for (let attempt = 0; attempt < OVERTAKEN_MAX; attempt++) {
    const indexes = new Map<string, number>();
    for (const read of await Promise.all([...prefixes].map((prefix) => consul.list(prefix, { signal })))) {
      if (!read.ok) return read;
      for (const { key, modifyIndex } of read.value.value) indexes.set(key, modifyIndex);
    }
    const sent = await send(consul, puts, signal, (key) => indexes.get(key) ?? 0);
    if (!sent.ok || (sent.value !== false && sent.value !== "conflict")) return sent;
  }
  const what = `${first?.key}: somebody else wrote it ${OVERTAKEN_MAX} times meanwhile`;
  return err({ kind: "status", what, status: 409 });
}

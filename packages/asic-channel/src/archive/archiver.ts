import {
  type Clock,
  type CrashPoint,
  type Disk,
  type DiskError,
  err,
  millis,
  noCrash,
  ok,
  type Result,
  sleep,
  systemDisk,
} from "@tandem/base";
import { type Store, type StoreError, type Stores, untilConnected } from "@tandem/swss";
import { ROTATION_DEFAULTS, type RotationLimits } from "../recording/rotation.js";
import { archivedUpTo } from "../streams/archivers.js";
import { KEEP_DEFAULT } from "../streams/traits.js";
import { comparePositions, POSITION_FIRST, type Position } from "../streams/wire.js";
import { ArchiveFile } from "./archive-file.js";
import { type ArchiveLine, ArchiveText, archiveLines } from "./archive-lines.js";
import { tellArchived } from "./archive-scripts.js";
import type { ArchiverError, ArchiverEvent, ArchiverTally } from "./archiver-event.js";
import { type Archived, EntryOrder } from "./entry-order.js";
import { READ_COUNT, readStreams, redisRun, untilNew } from "./stream-link.js";

export interface ArchiverOptions {
  readonly stores: Stores;
  /** Database of the streams; default `ASIC_DB`. */
  readonly db?: string;
  readonly clock: Clock;
  /** The recording that it writes. */
  readonly path: string;
  /** Under which name the streams know it; default `archiver`. */
  readonly name?: string;
  /** Entries that streams keep when everybody has them. */
  readonly keep?: number;
  readonly disk?: Disk;
  readonly limits?: Partial<RotationLimits>;
  readonly crash?: CrashPoint;
  readonly onEvent?: (event: ArchiverEvent) => void;
}

/** Lines with their line feeds, and how many they are. */
interface Batch {
  readonly text: string;
  readonly lines: number;
}

/** Characters that one batch has at least, when there is so much. */
const BATCH_CHARS = 1024 * 1024;

const RETRY = millis(1000);

/** One wait for something new; where a request waits to be finished, of which nobody tells. */
const BLOCK_MS = 1000;
const BLOCK_UNFINISHED_MS = 200;

/**
 * Writes both streams into a recording, continuously, and lets go of what is safe. It holds no request up: a disk that
 * refuses makes the streams longer, up to their bound.
 */
export class Archiver implements AsyncDisposable {
  readonly tally: ArchiverTally = { lines: 0, batches: 0, gaps: 0, lost: 0, retained: 0, paused: false };
  readonly #options: ArchiverOptions;
  readonly #store: Store;
  readonly #file: ArchiveFile;
  readonly #text = new ArchiveText();
  readonly #onEvent: (event: ArchiverEvent) => void;
  readonly #crash: CrashPoint;
  readonly #name: string;
  readonly #keep: number;
  #order = new EntryOrder(POSITION_FIRST);
  #cursors = { requests: POSITION_FIRST, responses: POSITION_FIRST };
  #run: string | undefined;
  #unread = false;
  #reopen = false;
  /** A connection of which nothing is known yet. */
  #fresh = true;

  private constructor(options: ArchiverOptions, store: Store) {
    const { disk = systemDisk, clock, path, limits, crash = noCrash, onEvent = () => {} } = options;
    this.#options = options;
    this.#store = store;
    this.#crash = crash;
    this.#onEvent = onEvent;
    this.#name = options.name ?? "archiver";
    this.#keep = options.keep ?? KEEP_DEFAULT;
    this.#file = new ArchiveFile({
      disk,
      clock,
      path,
      limits: { ...ROTATION_DEFAULTS, ...limits },
      crash,
      onUntidy: (error) => onEvent({ kind: "untidy", error }),
    });
    store.onConnect(() => {
      this.#fresh = true;
    });
  }

  /** Opens the archive where an earlier archiver left it. Waits for Redis; rejects only when `signal` aborts. */
  static async open(options: ArchiverOptions, signal: AbortSignal): Promise<Result<Archiver, ArchiverError>> {
    const { stores, db = "ASIC_DB" } = options;
    const store = stores.open({ db, own: true });
    if (!store.ok) return err({ kind: "unknownDatabase", db });
    const archiver = new Archiver(options, store.value);
    const started = await archiver.#start(signal);
    if (started.ok) return ok(archiver);
    await archiver[Symbol.asyncDispose]();
    return err({ kind: "disk", error: started.error });
  }

  /** How far the archive is. */
  get position(): Position {
    return this.#file.position;
  }

  /** Archives until `signal` aborts. What is not archived then stays in the streams. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const step = await this.#step(signal);
      if (step.ok) {
        this.#unread = false;
        continue;
      }
      if (!this.#unread && step.error.kind !== "disconnected") this.#onEvent({ kind: "unread", error: step.error });
      this.#unread = true;
      await sleep(this.#options.clock, RETRY, signal).catch(() => undefined);
    }
  }

  /** The file was renamed: it is opened again before the next batch. */
  reopen(): void {
    this.#reopen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #start(signal: AbortSignal): Promise<Result<void, DiskError>> {
    const start = await this.#file.open();
    if (!start.ok) return start;
    const { checkpoint, mayRepeat } = start.value;
    this.#run = checkpoint?.run;
    if (checkpoint === undefined) {
      await untilConnected(this.#store, signal);
      const told = await archivedUpTo(this.#store, this.#name);
      this.#file.startAt((told.ok ? told.value : undefined) ?? POSITION_FIRST);
    }
    this.#restart(this.#file.position);
    this.#onEvent({ kind: "started", position: this.#file.position, repeats: mayRepeat });
    return ok();
  }

  #restart(position: Position): void {
    this.#order = new EntryOrder(position);
    this.#cursors = { requests: position, responses: position };
  }

  async #step(signal: AbortSignal): Promise<Result<void, StoreError>> {
    await untilConnected(this.#store, signal).catch(() => undefined);
    if (signal.aborted) return ok();
    if (this.#fresh) {
      const greeted = await this.#greet(signal);
      if (!greeted.ok) return greeted;
    }
    const from = {
      requests: this.#order.requests < READ_COUNT ? this.#cursors.requests : undefined,
      responses: this.#cursors.responses,
    };
    const read = await readStreams(this.#store, from);
    if (!read.ok) return read;
    const { done, requests, responses } = read.value;
    this.#order.addRequests(requests);
    this.#order.addResponses(responses, responses.length < READ_COUNT);
    this.#cursors = {
      requests: requests.at(-1)?.position ?? this.#cursors.requests,
      responses: responses.at(-1)?.position ?? this.#cursors.responses,
    };
    const outcome = await this.#drain(done, signal);
    if (outcome === "moreResponses" || requests.length > 0 || responses.length > 0 || signal.aborted) return ok();
    const waits = this.#order.requests > 0;
    const idle = { requests: waits ? undefined : this.#cursors.requests, responses: this.#cursors.responses };
    return this.#untilNew(idle, waits ? BLOCK_UNFINISHED_MS : BLOCK_MS, signal);
  }

  /** Takes what can be taken, in batches. */
  async #drain(done: Position, signal: AbortSignal): Promise<"moreResponses" | "wait"> {
    for (;;) {
      let text = "";
      let lines = 0;
      let next: Archived | "moreResponses" | "wait" = "wait";
      while (text.length < BATCH_CHARS) {
        next = this.#order.next(done);
        if (typeof next === "string") break;
        if (next.kind === "hole") this.#gap(next.entries);
        const said = archiveLines(next);
        text += this.#text.print(said);
        lines += said.length;
      }
      const { position } = this.#order;
      if (position !== this.#file.position) await this.#write({ text, lines }, position, signal);
      if (signal.aborted) return "wait";
      if (typeof next === "string") return next;
    }
  }

  #gap(entries: number | undefined): void {
    this.tally.gaps += 1;
    this.tally.lost += entries ?? 0;
    this.#onEvent({ kind: "gap", entries });
  }

  /** Returns when the batch is safe, or `signal` aborts. */
  async #write({ text, lines }: Batch, position: Position, signal: AbortSignal): Promise<void> {
    const run = this.#run ?? "";
    while (!signal.aborted) {
      const written = await this.#append(text, position, run);
      if (written.ok) break;
      if (!this.tally.paused) this.#onEvent({ kind: "paused", error: written.error });
      this.tally.paused = true;
      await sleep(this.#options.clock, RETRY, signal).catch(() => undefined);
    }
    if (signal.aborted && this.#file.position !== position) return;
    if (this.tally.paused) this.#onEvent({ kind: "resumed" });
    this.tally.paused = false;
    this.tally.lines += lines;
    this.tally.batches += 1;
    await this.#tell();
  }

  async #append(text: string, position: Position, run: string): Promise<Result<void, DiskError>> {
    if (this.#reopen) {
      const reopened = await this.#file.reopen(run);
      if (!reopened.ok) return reopened;
      this.#reopen = false;
    }
    return this.#file.append(text, position, run);
  }

  /** While Redis is away it is told later: whoever greets it says where the archive is. */
  async #tell(): Promise<void> {
    const told = await tellArchived(this.#store, this.#name, this.#file.position, this.#keep);
    if (told.ok) this.tally.retained = told.value;
    this.#crash.reach("archive.told");
  }

  /** After each connect: is this the Redis that we know, and does it hold what it held? */
  async #greet(signal: AbortSignal): Promise<Result<void, StoreError>> {
    const asked = await redisRun(this.#store);
    if (!asked.ok) return asked;
    const { run, keeps, last } = asked.value;
    const known = this.#run;
    const { requests, responses } = this.#cursors;
    const before = comparePositions(requests, responses) > 0 ? requests : responses;
    const forgot = before !== POSITION_FIRST && (last === undefined || comparePositions(last, before) < 0);
    const mayForget = known !== undefined && known !== run && !keeps;
    this.#run = run;
    // What it held is gone; what we have read of it is not.
    if (forgot) await this.#drain(FOREVER, signal);
    if (signal.aborted) return ok();
    if (forgot || mayForget) {
      this.#gap(undefined);
      const body: ArchiveLine["body"] = { op: "#", text: forgot ? LOST : MAY_BE_LOST };
      const text = this.#text.print([{ at: this.#options.clock.now() * 1000, body }]);
      await this.#write({ text, lines: 1 }, this.#order.position, signal);
    }
    // Its counter begins anew: what it numbers from now on has nothing to do with what it numbered before.
    if (forgot) this.#restart(this.#file.position);
    if (forgot || mayForget) this.#order.beginAnew();
    this.#fresh = false;
    await this.#tell();
    return ok();
  }

  /** A wait that `signal` ends: the connection is left to its reply. */
  #untilNew(
    from: { readonly requests: Position | undefined; readonly responses: Position },
    blockMs: number,
    signal: AbortSignal,
  ): Promise<Result<void, StoreError>> {
    return new Promise((resolve) => {
      const stop = (): void => resolve(ok());
      signal.addEventListener("abort", stop, { once: true });
      void untilNew(this.#store, from, blockMs).then((result) => {
        signal.removeEventListener("abort", stop);
        resolve(result);
      });
    });
  }
}

const LOST = "gap: Redis has lost what it held; what is missing here is not known";
const MAY_BE_LOST = "gap: Redis restarted without an append-only file; what it accepted last may be missing here";

/** Behind every position: all that was read counts as finished. */
const FOREVER: Position = "999999999999999-0";

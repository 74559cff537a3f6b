import {
  type Clock,
  type Disk,
  type DiskError,
  describeDiskError,
  err,
  type Millis,
  millis,
  ok,
  type Result,
  systemDisk,
  type Timer,
  within,
} from "@tandem/base";
import type { AsicNotification } from "./notification.js";
import { ROTATION_DEFAULTS, type RotationLimits } from "./recording/rotation.js";
import type { Micros } from "./recording/stamp.js";
import { AS_RECORDER, type RecordingStyle } from "./recording/style.js";
import { type Turn, type TurnEnd, Turns } from "./recording/turns.js";
import { RecordingFiles } from "./recording-files.js";
import { WallMicros } from "./wall-micros.js";

export interface RecorderOptions {
  readonly clock: Clock;
  /** The recording; its folder is made when missing. */
  readonly path: string;
  readonly disk?: Disk;
  readonly limits?: Partial<RotationLimits>;
  readonly style?: RecordingStyle;
  /** Characters that wait before lines are left out and counted. Default 16 Mi. */
  readonly bufferChars?: number;
  /** How long lines wait for company. Default 10 ms; a process that is killed loses no more than that. */
  readonly gather?: Millis;
  readonly onEvent?: (event: RecorderEvent) => void;
}

/** What an operator should know of a recorder. */
export type RecorderEvent =
  /** Nothing can be written; lines wait, then are left out. Told once until it can again. */
  | { readonly kind: "paused"; readonly error: DiskError }
  | { readonly kind: "resumed"; readonly lost: number }
  | { readonly kind: "untidy"; readonly error: DiskError };

export function describeRecorderEvent(event: RecorderEvent): string {
  switch (event.kind) {
    case "paused":
      return `${describeDiskError(event.error)}; recording pauses, requests go on`;
    case "resumed":
      return `recording goes on; ${event.lost} lines are missing since it began`;
    case "untidy":
      return `${describeDiskError(event.error)}; full recordings stay as they are until the next one is full`;
  }
}

/** What a recorder counts. */
export interface RecorderTally {
  /** Lines in files. */
  written: number;
  /** Lines that were left out. */
  lost: number;
  paused: boolean;
}

const BUFFER_CHARS_DEFAULT = 16 * 1024 * 1024;
const GATHER_DEFAULT = millis(10);

/** Lines of this many characters are written without waiting for company. */
const ENOUGH_CHARS = 256 * 1024;

/** Between attempts to write while the disk refuses. */
const RETRY = millis(1000);

/** How long closing waits for a disk that refuses. */
const CLOSE_WITHIN = millis(2000);

/**
 * Writes down what is said on a channel, as sairedis' recorder does. `asked`, `ended` and `notified` cost the caller a
 * few pushes: lines are formatted and written later, many at a time, and nothing that happens to the file reaches a
 * request.
 */
export class Recorder implements AsyncDisposable {
  readonly tally: RecorderTally = { written: 0, lost: 0, paused: false };
  readonly #clock: Clock;
  readonly #path: string;
  readonly #files: RecordingFiles;
  readonly #turns: Turns;
  readonly #wall: WallMicros;
  readonly #gather: Millis;
  readonly #onEvent: (event: RecorderEvent) => void;
  #timer: Timer | undefined;
  #pumping: Promise<void> | undefined;
  /** Formatted and not written yet: the disk refused it. */
  #rest = { text: "", lines: 0 };
  #reopens = 0;
  #closed = false;

  private constructor(options: RecorderOptions) {
    const { clock, path, disk = systemDisk, limits, style = AS_RECORDER, onEvent = () => {} } = options;
    this.#clock = clock;
    this.#path = path;
    this.#onEvent = onEvent;
    this.#gather = options.gather ?? GATHER_DEFAULT;
    this.#wall = new WallMicros(clock);
    this.#turns = new Turns(style, options.bufferChars ?? BUFFER_CHARS_DEFAULT);
    this.#files = new RecordingFiles({
      disk,
      clock,
      path,
      limits: { ...ROTATION_DEFAULTS, ...limits },
      onTrouble: (error) => onEvent({ kind: "untidy", error }),
    });
  }

  /** Opens the file for appending. Failures later cost lines, never a request. */
  static async open(options: RecorderOptions): Promise<Result<Recorder, DiskError>> {
    const recorder = new Recorder(options);
    const opened = await recorder.#files.open();
    if (!opened.ok) return err(opened.error);
    recorder.#turns.comment(`recording on: ${recorder.#path}`, recorder.#now());
    await recorder.flush();
    return ok(recorder);
  }

  /** A request that is about to be sent; give what it returns to `ended`. */
  asked(request: Turn["request"]): Turn {
    const turn = this.#turns.asked(request, this.#now());
    this.#wake();
    return turn;
  }

  ended(turn: Turn, how: TurnEnd): void {
    this.#turns.ended(turn, how, this.#now());
    this.#wake();
  }

  notified(notification: AsicNotification): void {
    this.#turns.notified(notification, this.#now());
    this.#wake();
  }

  /** Something that was said was not seen: a comment stands where it is missing. */
  missed(lines: number): void {
    this.#turns.missed(lines);
    this.#wake();
  }

  /** Closes and opens the file, which somebody has renamed, and says so in the new one. */
  reopen(): Promise<void> {
    this.#reopens += 1;
    return this.flush();
  }

  /** Resolves when what was said so far is written, or the disk refused it. */
  async flush(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
    await this.#pump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await within(this.#clock, CLOSE_WITHIN, this.flush());
    this.#timer?.cancel();
    this.tally.lost += this.#rest.lines;
    this.#rest = { text: "", lines: 0 };
    await this.#files[Symbol.asyncDispose]();
  }

  #now(): Micros {
    return this.#wall.now();
  }

  #wake(): void {
    this.tally.lost = this.#turns.lost;
    if (this.#pumping !== undefined || this.#closed) return;
    if (this.tally.paused) return;
    if (this.#turns.chars >= ENOUGH_CHARS) void this.#pump();
    else this.#later(this.#gather);
  }

  #later(delay: Millis): void {
    this.#timer ??= this.#clock.setTimer(delay, () => {
      this.#timer = undefined;
      if (this.#pumping === undefined) void this.#pump();
    });
  }

  #pump(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pumping = this.#write().finally(() => {
      this.#pumping = undefined;
      if (this.tally.paused) {
        if (!this.#closed) this.#later(RETRY);
      } else if (!this.#turns.isEmpty) this.#wake();
    });
    return this.#pumping;
  }

  async #write(): Promise<void> {
    if (this.#reopens > 0 && !(await this.#reopenNow())) return;
    do {
      if (this.#rest.lines === 0) this.#rest = this.#turns.take(this.#now());
      const { text, lines } = this.#rest;
      if (lines === 0) break;
      const appended = await this.#files.append(text);
      if (!appended.ok) return this.#pause(appended.error);
      this.#rest = { text: "", lines: 0 };
      this.tally.written += lines;
      this.#resume();
    } while (!this.#turns.isEmpty);
    this.#resume();
  }

  async #reopenNow(): Promise<boolean> {
    // What was said before belongs into the old file, if that still takes it.
    const before = this.#rest.lines > 0 ? this.#rest : this.#turns.take(this.#now());
    const appended = before.lines === 0 ? ok() : await this.#files.append(before.text);
    this.#rest = appended.ok ? { text: "", lines: 0 } : before;
    if (appended.ok) this.tally.written += before.lines;
    const opened = await this.#files.reopen();
    if (!opened.ok) {
      this.#pause(opened.error);
      return false;
    }
    this.#reopens = 0;
    this.#turns.comment(`logrotate on: ${this.#path}`, this.#now());
    return true;
  }

  #pause(error: DiskError): void {
    if (this.tally.paused) return;
    this.tally.paused = true;
    this.#onEvent({ kind: "paused", error });
  }

  #resume(): void {
    if (!this.tally.paused) return;
    this.tally.paused = false;
    this.#onEvent({ kind: "resumed", lost: this.#turns.lost });
  }
}

import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { type Clock, type CrashPoint, type Disk, type DiskError, err, ok, type Result } from "@tandem/base";
import type { RotationLimits } from "../recording/rotation.js";
import { RecordingFiles } from "../recording-files.js";
import { POSITION_FIRST, type Position } from "../streams/wire.js";
import { type Checkpoint, formatCheckpoint, parseCheckpoint, type Recovery, recover } from "./checkpoint.js";

export interface ArchiveFileOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The current file; its checkpoint is `<path>.at`. */
  readonly path: string;
  readonly limits: RotationLimits;
  readonly crash: CrashPoint;
  readonly onUntidy: (error: DiskError) => void;
}

/** What the file says about itself when it is opened. */
export interface ArchiveStart {
  /** Where the file is; absent when there is no checkpoint. */
  readonly checkpoint: { readonly position: Position; readonly run: string } | undefined;
  /** Lines that follow may stand in another file too. */
  readonly mayRepeat: boolean;
}

/** Largest checkpoint that is read. */
const CHECKPOINT_BYTES_MAX = 4096;

export function checkpointPath(path: string): string {
  return `${path}.at`;
}

/**
 * A recording that knows how far it is. Each batch is announced in the checkpoint, appended, and synced; after a crash at
 * any of these points the file shows whether the batch is in, whole, and it is neither lost nor there twice.
 */
export class ArchiveFile implements AsyncDisposable {
  readonly #options: ArchiveFileOptions;
  readonly #files: RecordingFiles;
  #position: Position = POSITION_FIRST;

  constructor(options: ArchiveFileOptions) {
    const { disk, clock, path, limits, onUntidy } = options;
    this.#options = options;
    this.#files = new RecordingFiles({ disk, clock, path, limits, onTrouble: onUntidy });
  }

  get position(): Position {
    return this.#position;
  }

  /** Everything up to here is in, whatever the checkpoint says. */
  startAt(position: Position): void {
    this.#position = position;
  }

  async open(): Promise<Result<ArchiveStart, DiskError>> {
    const { disk, path } = this.#options;
    const checkpoint = await readCheckpoint(disk, path);
    if (!checkpoint.ok) return checkpoint;
    let mayRepeat = false;
    if (checkpoint.value !== undefined) {
      const recovery = await this.#recover(checkpoint.value);
      if (!recovery.ok) return recovery;
      mayRepeat = recovery.value;
    }
    const opened = await this.#files.open();
    if (!opened.ok) return opened;
    mayRepeat ||= checkpoint.value === undefined && this.#files.bytes > 0;
    const known = checkpoint.value && { position: this.#position, run: checkpoint.value.run };
    return ok({ checkpoint: known, mayRepeat });
  }

  /** Appends a batch of lines that ends at `position`. Resolves when it would survive the machine's end. */
  async append(text: string, position: Position, run: string): Promise<Result<void, DiskError>> {
    const { crash } = this.#options;
    if (this.#files.wouldRotate(text)) {
      const settled = await this.#save({ position: this.#position, run });
      if (!settled.ok) return settled;
      crash.reach("archive.settled");
      const rotated = await this.#files.rotate();
      if (!rotated.ok) return rotated;
    }
    const sum = sumOf(Buffer.from(text));
    const pending = { from: this.#files.bytes, bytes: Buffer.byteLength(text), sum, position };
    const saved = await this.#save({ position: this.#position, run, pending });
    if (!saved.ok) return saved;
    crash.reach("archive.announced");
    if (text !== "") {
      const appended = await this.#files.append(text);
      if (!appended.ok) return appended;
      crash.reach("archive.appended");
      const synced = await this.#files.sync();
      if (!synced.ok) return synced;
    }
    crash.reach("archive.synced");
    this.#position = position;
    return ok();
  }

  /** Somebody has renamed the file. */
  async reopen(run: string): Promise<Result<void, DiskError>> {
    const settled = await this.#save({ position: this.#position, run });
    return settled.ok ? this.#files.reopen() : settled;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }

  #save(checkpoint: Checkpoint): Promise<Result<void, DiskError>> {
    return this.#options.disk.replace(checkpointPath(this.#options.path), formatCheckpoint(checkpoint));
  }

  /** Gives whether lines may repeat. */
  async #recover(checkpoint: Checkpoint): Promise<Result<boolean, DiskError>> {
    const { disk, path } = this.#options;
    const found = await recoveryOf(disk, path, checkpoint);
    if (!found.ok) return found;
    const recovery = found.value;
    this.#position = recovery.position;
    if (recovery.kind !== "cut") return ok(recovery.kind === "moved");
    const cut = await disk.truncate(path, recovery.bytes);
    return cut.ok ? ok(false) : cut;
  }
}

/** The checkpoint beside a file; `undefined` when there is none, or it is none. */
export async function readCheckpoint(disk: Disk, path: string): Promise<Result<Checkpoint | undefined, DiskError>> {
  const read = await disk.read(checkpointPath(path), 0, CHECKPOINT_BYTES_MAX);
  if (read.ok) return ok(parseCheckpoint(new TextDecoder().decode(read.value)));
  return read.error.kind === "notFound" ? ok(undefined) : err(read.error);
}

/** What the file says about the batch that its checkpoint announces. */
export async function recoveryOf(
  disk: Disk,
  path: string,
  checkpoint: Checkpoint,
): Promise<Result<Recovery, DiskError>> {
  const listed = await disk.list(dirname(path));
  if (!listed.ok) return listed;
  const size = listed.value.find(({ name }) => name === basename(path))?.bytes ?? 0;
  const { from = 0, bytes = 0 } = checkpoint.pending ?? {};
  const tail = size < from + bytes ? ok(new Uint8Array()) : await disk.read(path, from, bytes);
  if (!tail.ok) return tail;
  return ok(recover(checkpoint, size, { bytes: tail.value.length, sum: sumOf(tail.value) }));
}

function sumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

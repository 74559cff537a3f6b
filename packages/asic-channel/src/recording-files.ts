import { basename, dirname, join } from "node:path";
import { type AppendFile, type Clock, type Disk, type DiskError, ok, type Result } from "@tandem/base";
import { fullName, isFull, type RotationLimits, tend } from "./recording/rotation.js";
import { momentOf, STAMP_LENGTH } from "./recording/stamp.js";

export interface RecordingFilesOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The current file. Full ones stand beside it, `<name>_<UTC time>.rec.gz`. */
  readonly path: string;
  readonly limits: RotationLimits;
  /** Full files could not be packed or removed; nothing is lost, and it is tried again with the next one. */
  readonly onTrouble: (error: DiskError) => void;
}

/** A recording on disk: a current file that grows, and full ones that are packed and, one day, removed. */
export class RecordingFiles implements AsyncDisposable {
  readonly #options: RecordingFilesOptions;
  readonly #folder: string;
  readonly #name: string;
  #file: AppendFile | undefined;
  /** Wall time of the current file's first line. */
  #born = 0;
  #tending: Promise<void> = Promise.resolve();

  constructor(options: RecordingFilesOptions) {
    this.#options = options;
    this.#folder = dirname(options.path);
    this.#name = basename(options.path);
  }

  /** Bytes of the current file. */
  get bytes(): number {
    return this.#file?.size ?? 0;
  }

  /** Opens the current file, and tidies up what an earlier process left. */
  async open(): Promise<Result<void, DiskError>> {
    const opened = await this.#open();
    if (opened.ok) this.#tend();
    return opened;
  }

  /** Whether `text` goes into a new file, which `append` then begins. */
  wouldRotate(text: string): boolean {
    const file = { bytes: this.bytes, age: this.#options.clock.now() - this.#born };
    return this.#file !== undefined && isFull(this.#options.limits, file, Buffer.byteLength(text));
  }

  /** Appends all of it or nothing, in a new file when the current one is full. */
  async append(text: string): Promise<Result<void, DiskError>> {
    if (this.#file === undefined) {
      const opened = await this.#open();
      if (!opened.ok) return opened;
    }
    if (this.wouldRotate(text)) {
      const rotated = await this.rotate();
      if (!rotated.ok) return rotated;
    }
    return (this.#file as AppendFile).append(text);
  }

  sync(): Promise<Result<void, DiskError>> {
    return this.#file?.sync() ?? Promise.resolve(ok());
  }

  /** Closes and opens the same path: somebody has renamed the file. */
  async reopen(): Promise<Result<void, DiskError>> {
    await this.#close();
    return this.#open();
  }

  /** Begins a new file; the current one becomes a full one. */
  async rotate(): Promise<Result<void, DiskError>> {
    const { disk, path, clock } = this.#options;
    const listed = await disk.list(this.#folder);
    if (!listed.ok) return listed;
    const names = new Set(listed.value.map(({ name }) => name));
    await this.#close();
    const renamed = await disk.rename(
      path,
      join(
        this.#folder,
        fullName(this.#name, clock.now(), (name) => names.has(name)),
      ),
    );
    // Renamed by somebody else meanwhile: a new file is begun all the same.
    if (!renamed.ok && renamed.error.kind !== "notFound") return renamed;
    const opened = await this.#open();
    if (opened.ok) this.#tend();
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#tending;
  }

  async #open(): Promise<Result<void, DiskError>> {
    const { disk, path, clock } = this.#options;
    const opened = await disk.open(path);
    if (!opened.ok) return opened;
    this.#file = opened.value;
    const head = opened.value.size > 0 ? await disk.read(path, 0, STAMP_LENGTH) : undefined;
    const first = head?.ok === true ? momentOf(new TextDecoder().decode(head.value)) : undefined;
    this.#born = first === undefined ? clock.now() : Math.floor(first / 1000);
    return ok();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.[Symbol.asyncDispose]();
  }

  /** Beside the writing, one round after the other. */
  #tend(): void {
    this.#tending = this.#tending.then(async () => {
      const { disk, limits, onTrouble } = this.#options;
      const listed = await disk.list(this.#folder);
      if (!listed.ok) return onTrouble(listed.error);
      const { compress, remove } = tend(limits, this.#name, listed.value);
      for (const name of remove) {
        const removed = await disk.remove(join(this.#folder, name));
        if (!removed.ok) return onTrouble(removed.error);
      }
      for (const name of compress) {
        const compressed = await disk.compress(join(this.#folder, name));
        if (!compressed.ok) return onTrouble(compressed.error);
      }
    });
  }
}

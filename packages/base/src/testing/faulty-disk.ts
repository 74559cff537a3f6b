import type { AppendFile, Disk, DiskError } from "../disk.js";
import { err, type Result } from "../result.js";

/** A disk that can be told to refuse, around a real one. */
export class FaultyDisk implements Disk {
  /** Characters that may still be written before the disk is full. */
  room = Number.POSITIVE_INFINITY;
  /** Calls that were refused because it was. */
  refusals = 0;
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async open(path: string): Promise<Result<AppendFile, DiskError>> {
    const opened = await this.#disk.open(path);
    if (!opened.ok) return opened;
    const file = opened.value;
    const take = (text: string): Result<void, DiskError> | undefined => this.#take(path, text);
    return {
      ok: true,
      value: {
        get size() {
          return file.size;
        },
        append: async (text) => take(text) ?? file.append(text),
        sync: () => file.sync(),
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      },
    };
  }

  list: Disk["list"] = (folder) => this.#disk.list(folder);
  rename: Disk["rename"] = (from, to) => this.#disk.rename(from, to);
  remove: Disk["remove"] = (path) => this.#disk.remove(path);
  truncate: Disk["truncate"] = (path, bytes) => this.#disk.truncate(path, bytes);
  read: Disk["read"] = (path, from, count) => this.#disk.read(path, from, count);
  pieces: Disk["pieces"] = (path) => this.#disk.pieces(path);

  async compress(path: string): Promise<Result<void, DiskError>> {
    return this.room <= 0 ? this.#full(path) : this.#disk.compress(path);
  }

  async replace(path: string, text: string): Promise<Result<void, DiskError>> {
    return this.#take(path, text) ?? this.#disk.replace(path, text);
  }

  #take(path: string, text: string): Result<void, DiskError> | undefined {
    if (text.length > this.room) return this.#full(path);
    this.room -= text.length;
    return undefined;
  }

  #full(path: string): Result<never, DiskError> {
    this.refusals += 1;
    return err({ kind: "full", path, detail: "ENOSPC: no space left on device, write" });
  }
}

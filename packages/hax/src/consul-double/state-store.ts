import { type Disk, type DiskError, err, type Millis, ok, type Result } from "@tandem/base";
import type { ConsulState } from "./consul-state.js";
import type { SavedState } from "./saved-state.js";

/** As much of a file is read at once. */
const PIECE = 1 << 20;

/**
 * Keeps a state in one file, as a server of Consul keeps its log: what was answered to is on the disk. One write at a
 * time; who comes meanwhile shares the next.
 */
export class StateStore {
  #stored = "";
  #writing: Promise<Result<void, DiskError>> | undefined;
  #next: Promise<Result<void, DiskError>> | undefined;

  constructor(private readonly parts: { readonly disk: Disk; readonly path: string; readonly state: ConsulState }) {}

  /** False where there is no file yet. A file that cannot be read is an error: nobody should go on without his data. */
  async load(now: Millis): Promise<Result<boolean, string>> {
    const { disk, path, state } = this.parts;
    const decoder = new TextDecoder();
    let text = "";
    for (let from = 0; ; ) {
      const piece = await disk.read(path, from, PIECE);
      if (!piece.ok) return piece.error.kind === "notFound" ? ok(false) : err(`${path}: ${piece.error.detail}`);
      if (piece.value.length === 0) break;
      from += piece.value.length;
      text += decoder.decode(piece.value, { stream: true });
    }
    try {
      state.restore(JSON.parse(text) as SavedState, now);
    } catch (error) {
      return err(`${path}: is no state of this double (${(error as Error).message})`);
    }
    return ok(true);
  }

  /** Resolves when everything that stands now is on the disk. */
  settle(): Promise<Result<void, DiskError>> {
    if (this.#stamp() === this.#stored) return Promise.resolve(ok());
    if (this.#writing === undefined) return this.#write();
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      return this.#write();
    });
    return this.#next;
  }

  async #write(): Promise<Result<void, DiskError>> {
    const { disk, path, state } = this.parts;
    const stamp = this.#stamp();
    this.#writing = disk.replace(path, JSON.stringify(state.save()));
    const written = await this.#writing;
    this.#writing = undefined;
    if (written.ok) this.#stored = stamp;
    return written;
  }

  #stamp(): string {
    return `${this.parts.state.restores}/${this.parts.state.index}`;
  }
}

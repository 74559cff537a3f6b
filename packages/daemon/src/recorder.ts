import { type FileHandle, mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, err, ok, type Result } from "@tandem/base";
import { LineWriter } from "./line-writer.js";

export interface RecorderOptions {
  readonly clock: Clock;
  /** The current file; older ones are `<path>.1` (newest) to `<path>.<keep>`. Its folder is made when missing. */
  readonly path: string;
  /** Size at which a new file begins. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Older files that are kept. Default 4. */
  readonly keep?: number;
  /** Characters that wait before lines are dropped and counted. Default 8 Mi. */
  readonly bufferChars?: number;
}

export type RecorderError = { readonly kind: "notWritable"; readonly path: string; readonly detail: string };

/**
 * Writes down what passes by, for people who look later. Recording never waits: when the disk is slow or full, lines
 * are dropped, and a line that says how many stands where they are missing.
 */
export interface Recorder extends AsyncDisposable {
  /** One line: `<UTC time>|<kind>|<text>`; line feeds in `text` are escaped. */
  record(kind: string, text: string): void;
  flush(): Promise<void>;
  /** Lines lost since it was opened. */
  readonly lost: number;
}

/** Opens the file for appending. Failures later, as a full disk, cost lines but never the daemon. */
export async function openRecorder(options: RecorderOptions): Promise<Result<Recorder, RecorderError>> {
  const { clock, path } = options;
  const file = new RotatingFile(path, options.bytesMax ?? 64 * 1024 * 1024, options.keep ?? 4);
  const opened = await file.open();
  if (!opened.ok) return opened;
  const line = (kind: string, text: string): string =>
    `${new Date(clock.now()).toISOString()}|${kind}|${text.replaceAll("\n", "\\n")}\n`;
  const lostMark = (lines: number): string => line("lost", `${lines} lines`);
  const writer = new LineWriter(
    { write: (text) => file.append(text), lostMark },
    options.bufferChars ?? 8 * 1024 * 1024,
  );
  return ok({
    record: (kind, text) => writer.push(line(kind, text)),
    flush: () => writer.flush(),
    get lost() {
      return writer.lost;
    },
    [Symbol.asyncDispose]: async () => {
      await writer.flush();
      await file.close();
    },
  });
}

class RotatingFile {
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(
    private readonly path: string,
    private readonly bytesMax: number,
    private readonly keep: number,
  ) {}

  async open(): Promise<Result<void, RecorderError>> {
    try {
      await mkdir(dirname(this.path), { recursive: true });
      this.#handle = await open(this.path, "a");
      this.#bytes = (await this.#handle.stat()).size;
      return ok();
    } catch (error) {
      return err({ kind: "notWritable", path: this.path, detail: (error as Error).message });
    }
  }

  /** False when the text is lost. */
  async append(text: string): Promise<boolean> {
    const bytes = Buffer.from(text, "utf8");
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.bytesMax && !(await this.#rotate())) return false;
    if (this.#handle === undefined && !(await this.open()).ok) return false;
    try {
      await this.#handle?.appendFile(bytes);
      this.#bytes += bytes.length;
      return true;
    } catch (error) {
      return lost(error);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #rotate(): Promise<boolean> {
    try {
      await this.close();
      for (let i = this.keep - 1; i >= 1; i--) {
        if (await exists(`${this.path}.${i}`)) await rename(`${this.path}.${i}`, `${this.path}.${i + 1}`);
      }
      if (this.keep > 0) await rename(this.path, `${this.path}.1`);
      this.#handle = await open(this.path, this.keep > 0 ? "a" : "w");
      this.#bytes = 0;
      return true;
    } catch (error) {
      return lost(error);
    }
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A system error costs the text; anything else is a bug. */
function lost(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  return false;
}

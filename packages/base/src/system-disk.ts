import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { AppendFile, Disk, DiskEntry, DiskError } from "./disk.js";
import { err, ok, type Result } from "./result.js";

/** The machine's disk. */
export const systemDisk: Disk = {
  open: (path) =>
    attempt(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(path, "a");
      return new SystemAppendFile(path, handle, (await handle.stat()).size);
    }),

  async list(folder) {
    const listed = await attempt(folder, async () => {
      const entries: DiskEntry[] = [];
      for (const name of (await readdir(folder)).sort()) {
        const found = await attempt(name, () => stat(`${folder}/${name}`));
        if (found.ok && found.value.isFile()) entries.push({ name, bytes: found.value.size });
      }
      return entries;
    });
    return !listed.ok && listed.error.kind === "notFound" ? ok([]) : listed;
  },

  rename: (from, to) => attempt(from, () => rename(from, to)),
  remove: (path) => attempt(path, () => rm(path, { force: true })),
  truncate: (path, bytes) => attempt(path, () => truncate(path, bytes)),

  compress: (path) =>
    attempt(path, async () => {
      const part = `${path}.gz.part`;
      await pipeline(createReadStream(path), createGzip(), createWriteStream(part));
      await synced(part);
      await rename(part, `${path}.gz`);
      await rm(path, { force: true });
    }),

  replace: (path, text) =>
    attempt(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const part = `${path}.part`;
      await using handle = await open(part, "w");
      await handle.writeFile(text);
      await handle.sync();
      await rename(part, path);
      await synced(dirname(path));
    }),

  read: (path, from, count) =>
    attempt(path, async () => {
      await using handle = await open(path, "r");
      const bytes = new Uint8Array(count);
      const { bytesRead } = await handle.read(bytes, 0, count, from);
      return bytes.subarray(0, bytesRead);
    }),

  async *pieces(path) {
    const raw = createReadStream(path);
    const unpacked = path.endsWith(".gz") ? createGunzip() : undefined;
    if (unpacked !== undefined) raw.on("error", (error) => unpacked.destroy(error)).pipe(unpacked);
    const decoder = new TextDecoder();
    try {
      for await (const piece of unpacked ?? raw) yield ok(decoder.decode(piece as Uint8Array, { stream: true }));
      yield ok(decoder.decode());
    } catch (error) {
      yield err(diskError(path, error));
    } finally {
      raw.destroy();
    }
  },
};

class SystemAppendFile implements AppendFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #size: number;
  /** Bytes at the end that belong to nothing whole and could not be cut off yet. */
  #torn = 0;

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  append(text: string): Promise<Result<void, DiskError>> {
    return attempt(this.#path, async () => {
      const bytes = Buffer.from(text, "utf8");
      await this.#mend();
      try {
        while (this.#torn < bytes.length) {
          this.#torn += (await this.#handle.write(bytes, this.#torn)).bytesWritten;
        }
      } catch (error) {
        await attempt(this.#path, () => this.#mend());
        throw error;
      }
      this.#torn = 0;
      this.#size += bytes.length;
    });
  }

  sync(): Promise<Result<void, DiskError>> {
    return attempt(this.#path, () => this.#handle.datasync());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #mend(): Promise<void> {
    if (this.#torn === 0) return;
    const { size } = await this.#handle.stat();
    await this.#handle.truncate(Math.max(0, size - this.#torn));
    this.#torn = 0;
  }
}

async function synced(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

/** A system error is a result; anything else is a bug. */
async function attempt<T>(path: string, work: () => Promise<T>): Promise<Result<T, DiskError>> {
  try {
    return ok(await work());
  } catch (error) {
    return err(diskError(path, error));
  }
}

const KINDS: Readonly<Record<string, DiskError["kind"]>> = { ENOENT: "notFound", ENOSPC: "full", EDQUOT: "full" };

function diskError(path: string, error: unknown): DiskError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return { kind: KINDS[code] ?? "failed", path, detail: message };
}

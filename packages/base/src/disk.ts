import type { Result } from "./result.js";

/** Why a file or folder could not be used. `full` is a disk or a quota without room: it may work again later. */
export interface DiskError {
  readonly kind: "notFound" | "full" | "failed";
  readonly path: string;
  readonly detail: string;
}

export function describeDiskError({ kind, path, detail }: DiskError): string {
  switch (kind) {
    case "notFound":
      return `${path}: no such file or folder`;
    case "full":
      return `${path}: no space left on the disk`;
    case "failed":
      return `${path}: ${detail}`;
  }
}

/** A file that grows at its end. */
export interface AppendFile extends AsyncDisposable {
  /** Bytes in it, as far as we know: others may cut it. */
  readonly size: number;
  /** Appends all of it or nothing: what was written of it when the disk refused is cut off before anything follows. */
  append(text: string): Promise<Result<void, DiskError>>;
  /** Resolves when what was appended survives the machine's end. */
  sync(): Promise<Result<void, DiskError>>;
}

export interface DiskEntry {
  readonly name: string;
  readonly bytes: number;
}

/** The port for files that grow, rotate and are read in pieces. Real: `systemDisk`. */
export interface Disk {
  /** Opens for appending; file and folder are made when missing. */
  open(path: string): Promise<Result<AppendFile, DiskError>>;
  /** The files of a folder, by name; none when there is no such folder. */
  list(folder: string): Promise<Result<readonly DiskEntry[], DiskError>>;
  rename(from: string, to: string): Promise<Result<void, DiskError>>;
  /** Fine when it is gone already. */
  remove(path: string): Promise<Result<void, DiskError>>;
  /** Cuts a file to `bytes`. */
  truncate(path: string, bytes: number): Promise<Result<void, DiskError>>;
  /** `path` becomes `path.gz`; at each moment one of them is whole. */
  compress(path: string): Promise<Result<void, DiskError>>;
  /** Replaces a whole small file, so that it is the old or the new one whatever happens. It survives the machine's end. */
  replace(path: string, text: string): Promise<Result<void, DiskError>>;
  /** Bytes from `from` on, `count` at most; fewer at the end. */
  read(path: string, from: number, count: number): Promise<Result<Uint8Array, DiskError>>;
  /** The whole file as text in pieces, unpacked when its name ends in `.gz`. A failure ends it. */
  pieces(path: string): AsyncIterable<Result<string, DiskError>>;
}

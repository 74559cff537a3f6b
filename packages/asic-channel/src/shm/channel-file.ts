import { closeSync, fstatSync, linkSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { err, ok, type Result } from "@tandem/base";
import type { EndError } from "../asic-error.js";
import { Ringer } from "./bell.js";
import { EndLock } from "./end-lock.js";
import { Lookout } from "./lookout.js";
import { type Mapping, mapFile } from "./mapping.js";
import type { ShmChannelOptions } from "./options.js";
import { RING_CONTROL_BYTES, Ring } from "./ring.js";
import {
  checkIdentity,
  checkSizes,
  encodeIdentity,
  fileBytesOf,
  PLACES,
  placeOf,
  RING_SIZES_DEFAULT,
  type RingSizes,
} from "./wire.js";

/** Turns that an end looks on for at most, unless it is told otherwise. */
const SPIN_TURNS_MAX_DEFAULT = 32;

const CHUNK_BYTES = 1024 * 1024;

/** What both ends see of one channel. */
export interface RingFile {
  readonly requests: Ring;
  readonly replies: Ring;
  readonly notifications: Ring;
  word(at: number): Int32Array;
  unmap(): void;
}

/** One end of a channel in shared memory. Nothing of it may be touched once it is closed. */
export class ChannelFile {
  readonly requests: Ring;
  readonly replies: Ring;
  readonly notifications: Ring;
  readonly lookout: Lookout;
  readonly #ringer: Ringer;
  readonly #otherAsleep: Int32Array;
  readonly #epoch: Int32Array;
  readonly #path: string;
  readonly #close: () => void;

  private constructor(
    path: string,
    file: RingFile,
    lookout: Lookout,
    ringer: Ringer,
    other: Int32Array,
    close: () => void,
  ) {
    this.requests = file.requests;
    this.replies = file.replies;
    this.notifications = file.notifications;
    this.lookout = lookout;
    this.#ringer = ringer;
    this.#otherAsleep = other;
    this.#epoch = file.word(PLACES.epoch);
    this.#path = path;
    this.#close = close;
  }

  /** Attaches to the file, or makes it. The error names the file and, of one that does not fit, what was found there. */
  static open(options: ShmChannelOptions, end: "client" | "server"): Result<ChannelFile, EndError> {
    const { path, clock, owner, sizes = RING_SIZES_DEFAULT, spinTurnsMax = SPIN_TURNS_MAX_DEFAULT } = options;
    const lock = EndLock.take(lockPath(path, end), owner);
    if (!lock.ok) return lock;
    const closing: (() => void)[] = [() => lock.value.release()];
    const close = (): void => {
      for (const each of closing.splice(0).reverse()) each();
    };
    try {
      const file = openRingFile(path, sizes);
      closing.push(() => file.unmap());
      const ownWord = file.word(end === "client" ? PLACES.clientAsleep : PLACES.serverAsleep);
      const otherWord = file.word(end === "client" ? PLACES.serverAsleep : PLACES.clientAsleep);
      const lookout = new Lookout(clock, ownWord, `${path}.${end}.fifo`, spinTurnsMax);
      closing.push(() => lookout.close());
      const ringer = new Ringer(`${path}.${end === "client" ? "server" : "client"}.fifo`);
      closing.push(() => ringer.close());
      return ok(new ChannelFile(path, file, lookout, ringer, otherWord, close));
    } catch (error) {
      close();
      return err({ kind: "unusable", reason: (error as Error).message });
    }
  }

  /** Of the client that is there, or was last. */
  get epoch(): number {
    return Atomics.load(this.#epoch, 0) >>> 0;
  }

  set epoch(epoch: number) {
    Atomics.store(this.#epoch, 0, epoch);
  }

  /** Wakes the other end if it sleeps. */
  wakeOther(): void {
    if (Atomics.compareExchange(this.#otherAsleep, 0, 1, 0) === 1) this.#ringer.ring();
  }

  isHeld(end: "client" | "server"): boolean {
    return EndLock.isHeld(lockPath(this.#path, end));
  }

  close(): void {
    this.#close();
  }
}

function lockPath(path: string, end: "client" | "server"): string {
  return `${path}.${end}.lock`;
}

/** The file as rings; it is made when there is none. Throws an error that names it. */
export function openRingFile(path: string, sizes: RingSizes): RingFile {
  const fits = checkSizes(sizes);
  if (!fits.ok) throw new Error(`${path}: ${fits.error}`);
  const fd = openOrMake(path, sizes);
  try {
    const start = Buffer.alloc(PLACES.clientAsleep);
    readSync(fd, start, 0, start.length, 0);
    const known = checkIdentity(start, fstatSync(fd).size, sizes);
    if (!known.ok) throw new Error(`${path}: ${known.error}; it is left as it is`);
    const mapping = mapFile(fd, fileBytesOf(sizes));
    if ("errno" in mapping) throw new Error(`${path}: ${mapping.call} failed with error ${mapping.errno}`);
    return ringsOf(mapping, sizes);
  } finally {
    closeSync(fd);
  }
}

function ringsOf({ bytes, unmap }: Mapping, sizes: RingSizes): RingFile {
  const ringOf = (name: keyof RingSizes): Ring => {
    const { control, data } = placeOf(name, sizes);
    return new Ring(bytes.subarray(control, control + RING_CONTROL_BYTES), bytes.subarray(data, data + sizes[name]));
  };
  return {
    requests: ringOf("requests"),
    replies: ringOf("replies"),
    notifications: ringOf("notifications"),
    word: (at) => new Int32Array(bytes.buffer, bytes.byteOffset + at, 1),
    unmap,
  };
}

function openOrMake(path: string, sizes: RingSizes): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  make(path, sizes);
  return openSync(path, "r+");
}

/**
 * All of it is written, since a hole that finds no room later would kill the process that touches it; and under another
 * name first, so that nobody finds a part of it.
 */
function make(path: string, sizes: RingSizes): void {
  const unfinished = `${path}.${process.pid}.new`;
  const fd = openSync(unfinished, "w", 0o600);
  try {
    const zeros = Buffer.alloc(CHUNK_BYTES);
    for (let left = fileBytesOf(sizes); left > 0; ) left -= writeSync(fd, zeros, 0, Math.min(left, CHUNK_BYTES));
    writeSync(fd, encodeIdentity(sizes), 0, undefined, 0);
    linkSync(unfinished, path);
  } catch (error) {
    // The other end was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    closeSync(fd);
    unlinkSync(unfinished);
  }
}

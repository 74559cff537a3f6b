import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { err, ok, type Result } from "@tandem/base";
import type { EndError, Owner } from "../asic-error.js";
import { tryLock } from "./mapping.js";

/**
 * One end of a channel, held by one process at a time: a locked file that says who. The kernel unlocks it with the death
 * of its holder, so whatever name a dead one left in it, also one whose number another process has by now, binds nobody.
 */
export class EndLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Fails with the owner while that lives. */
  static take(path: string, owner: Owner): Result<EndLock, EndError> {
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      // `isHeld` holds it for an instant, too.
      if (!tryLock(fd) && !tryLock(fd)) {
        const holder = decodeOwner(readFileSync(path, "utf8"));
        if (!tryLock(fd)) {
          closeSync(fd);
          return err({ kind: "taken", owner: holder });
        }
      }
      ftruncateSync(fd, 0);
      writeSync(fd, JSON.stringify(owner), 0);
      return ok(new EndLock(fd));
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      return err({ kind: "unusable", reason: `${path}: cannot be locked (${(error as Error).message})` });
    }
  }

  /** Whether anybody holds it. */
  static isHeld(path: string): boolean {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY);
    } catch {
      return false;
    }
    const free = tryLock(fd);
    closeSync(fd);
    return !free;
  }

  release(): void {
    closeSync(this.#fd);
  }
}

function decodeOwner(text: string): Owner | undefined {
  try {
    const { name, host, pid, since } = JSON.parse(text) as Partial<Owner>;
    const fits = typeof name === "string" && typeof host === "string";
    return fits && typeof pid === "number" && typeof since === "number" ? { name, host, pid, since } : undefined;
  } catch {
    return undefined;
  }
}

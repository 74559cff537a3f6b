import { writeSync } from "node:fs";

const STDERR = 2;
/** Between two tries at a stderr whose reader is slow, and so many: a second and a half. */
const PAUSE_MS = 5;
const TRIES_MAX = 300;

/**
 * A line to stderr that is there when this returns: what a process says before it ends. A pipe that is full makes it wait,
 * for a second and a half at most; then the line is lost.
 */
export function sayLastWords(
  line: string,
  write: (bytes: Uint8Array) => number = (bytes) => writeSync(STDERR, bytes),
): void {
  let rest: Uint8Array = Buffer.from(`${line}\n`, "utf8");
  for (let tries = 0; rest.length > 0 && tries < TRIES_MAX; tries++) {
    try {
      rest = rest.subarray(write(rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      // Nobody reads any more.
      if (code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

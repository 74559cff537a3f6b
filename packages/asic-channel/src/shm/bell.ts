import { closeSync, constants, lstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { makeFifo } from "./mapping.js";

/** Read and write, so that neither end waits for the other one to open it, nor hears that it left. */
const OPEN = constants.O_RDWR | constants.O_NONBLOCK;

function openFifo(path: string): number {
  makeFifo(path, 0o600);
  if (!lstatSync(path).isFIFO()) throw new Error(`${path}: a FIFO was expected, found something else`);
  return openSync(path, OPEN);
}

/** Wakes whoever sleeps at a FIFO. */
export class Ringer {
  readonly #fd: number;

  /** Throws what the file system refuses. */
  constructor(path: string) {
    this.#fd = openFifo(path);
  }

  ring(): void {
    try {
      writeSync(this.#fd, "!");
    } catch (error) {
      // It is full of wake-ups already, one of which is enough.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Hears a FIFO. */
export class Bell {
  readonly #socket: Socket;

  /** Throws what the file system refuses. */
  constructor(path: string, onRing: () => void) {
    this.#socket = new Socket({ fd: openFifo(path), readable: true, writable: false });
    this.#socket.on("data", onRing);
    // Nothing is lost with it: the next look comes by itself.
    this.#socket.on("error", onRing);
  }

  close(): void {
    this.#socket.destroy();
  }
}

import type { AsicNotification } from "./notification.js";

/** Notifications that came and wait for a reader, with a bound: beyond it whoever brings them waits too. */
export class EventInbox {
  readonly #limit: number;
  #events: AsicNotification[] = [];
  #closed = false;
  #reader: () => void = () => {};
  #writers: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A promise when there is no room for another one: it resolves when there is, or nobody will read any more. */
  push(event: AsicNotification): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#events.push(event);
    this.#reader();
    if (this.#events.length < this.#limit) return undefined;
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  /** Oldest first, until `signal` aborts or the inbox is closed. One reader at a time. */
  async *events(signal: AbortSignal): AsyncGenerator<AsicNotification> {
    const wake = (): void => this.#reader();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const event = this.#events.shift();
        if (event !== undefined) {
          if (this.#events.length < this.#limit) for (const go of this.#writers.splice(0)) go();
          yield event;
        } else if (this.#closed) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#reader = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  close(): void {
    this.#closed = true;
    this.#events = [];
    this.#reader();
    for (const go of this.#writers.splice(0)) go();
  }
}

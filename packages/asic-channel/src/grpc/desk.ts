import type { AsicReply } from "../reply.js";
import type { AsicHandler, Delivery } from "../transport.js";

/** Where requests that come by several ways are executed one after the other, in the order in which they came. */
export class RequestDesk {
  #handler: AsicHandler | undefined;
  #opened: () => void = () => {};
  #open: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #inHand: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor() {
    this.#open = this.#gate();
  }

  /** From now on, until `signal` aborts: the request in hand is finished first. */
  async serve(handler: AsicHandler, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return;
    this.#handler = handler;
    this.#opened();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#handler = undefined;
    this.#open = this.#gate();
    await this.#inHand;
  }

  /** The reply, handed to `done` before the next request begins; `undefined` when this desk was closed before. */
  execute(delivery: Delivery, done: (reply: AsicReply) => void = () => {}): Promise<AsicReply | undefined> {
    const executed = this.#last.then(async () => {
      while (this.#handler === undefined && !this.#closed) await this.#open;
      if (this.#handler === undefined) return undefined;
      const inHand = this.#handler.handle(delivery).then((reply) => {
        done(reply);
        return reply;
      });
      this.#inHand = inHand;
      return inHand;
    });
    this.#last = executed;
    return executed;
  }

  /** What has not begun is not executed any more. */
  close(): void {
    this.#closed = true;
    this.#handler = undefined;
    this.#opened();
  }

  #gate(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened = resolve;
    });
  }
}

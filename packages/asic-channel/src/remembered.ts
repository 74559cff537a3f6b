import type { AsicReply } from "./reply.js";

/** Replies by the id of their request: of the newest requests, as many as it is made for. */
export class Remembered {
  readonly #replies = new Map<string, AsicReply>();
  /** The ids in the order of their coming, round and round: a map finds its oldest key only by passing all that are gone. */
  readonly #ids: (string | undefined)[];
  #at = 0;

  constructor(max: number) {
    this.#ids = new Array<string | undefined>(max);
  }

  get(id: string): AsicReply | undefined {
    return this.#replies.get(id);
  }

  add(id: string, reply: AsicReply): void {
    if (this.#replies.has(id)) return;
    const oldest = this.#ids[this.#at];
    if (oldest !== undefined) this.#replies.delete(oldest);
    this.#replies.set(id, reply);
    this.#ids[this.#at] = id;
    this.#at = (this.#at + 1) % this.#ids.length;
  }
}

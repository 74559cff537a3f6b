import type { AsicReply } from "../reply.js";

/** More than can be on a connection and not answered when that breaks. */
const REMEMBERED_MAX = 16_384;

/** Replies by the id of their request, the newest ones. */
export class Remembered {
  readonly #replies = new Map<string, AsicReply>();

  get(id: string): AsicReply | undefined {
    return this.#replies.get(id);
  }

  add(id: string, reply: AsicReply): void {
    this.#replies.set(id, reply);
    if (this.#replies.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#replies.keys();
    if (oldest !== undefined) this.#replies.delete(oldest);
  }
}

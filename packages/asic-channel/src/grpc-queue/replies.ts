import type { Clock, Timer } from "@tandem/base";
import type { Store, Subscription } from "@tandem/swss";
import { TROUBLE_FOUND_MAX } from "../channel-trouble.js";
import { LOOK_EVERY } from "../list-pubsub/reply-line.js";
import { decodeQueuedReply } from "../redis/request-queue.js";
import type { AsicReply } from "../reply.js";
import type { Fallback } from "./fallback.js";

/** Replies of one read. */
const BATCH = 256;

export interface RepliesListener {
  /** `asked` is what was asked, of a refusal that nobody waits for. */
  readonly reply: (id: string, reply: AsicReply, asked: string) => void;
  readonly malformed: (where: string, detail: string, found: string) => void;
}

/** Replies to what went through the queue, in the order in which it was executed. */
export class QueuedReplies implements AsyncDisposable {
  readonly #store: Store;
  readonly #fallback: Fallback;
  readonly #clock: Clock;
  readonly #listener: RepliesListener;
  #seen: string;
  #reading: Promise<void> | undefined;
  #more = false;
  #closed = false;
  #wakeUps: Subscription | undefined;
  #looking: Timer | undefined;

  /** Those up to `seen` are of others. */
  constructor(store: Store, fallback: Fallback, clock: Clock, seen: string, listener: RepliesListener) {
    this.#store = store;
    this.#fallback = fallback;
    this.#clock = clock;
    this.#seen = seen;
    this.#listener = listener;
  }

  async listen(): Promise<void> {
    const wakeUps = await this.#store.subscribe(this.#fallback.place.repliesChannel, () => this.#read());
    if (wakeUps.ok) this.#wakeUps = wakeUps.value;
    this.#store.onConnect(() => this.#read());
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#looking?.cancel();
    await this.#wakeUps?.close();
    await this.#reading;
  }

  /** A wake-up that got lost is repaired by then. */
  #look(): void {
    this.#looking = this.#clock.setTimer(LOOK_EVERY, () => {
      if (this.#closed) return;
      this.#read();
      this.#look();
    });
  }

  #read(): void {
    this.#more = true;
    this.#reading ??= this.#readAll();
  }

  async #readAll(): Promise<void> {
    while (this.#more && !this.#closed && this.#store.connected) {
      this.#more = false;
      const read = await this.#fallback.replies(this.#store, this.#seen, BATCH);
      for (const entry of read.ok ? read.value : []) {
        this.#more = true;
        this.#seen = entry.position;
        const reply = decodeQueuedReply(entry);
        if (reply.ok) this.#listener.reply(entry.fields.get("id") ?? "", reply.value, entry.fields.get("asked") ?? "");
        else {
          const found = JSON.stringify([...entry.fields]).slice(0, TROUBLE_FOUND_MAX);
          this.#listener.malformed(`${this.#fallback.place.replies} ${entry.position}`, reply.error, found);
        }
      }
    }
    this.#reading = undefined;
  }
}

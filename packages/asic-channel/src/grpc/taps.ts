import type { AsicNotification } from "../notification.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import type { Observed } from "../transport.js";

/** Events that wait for one observer; more become a gap. */
export const OBSERVER_EVENTS_MAX = 4096;

/** What goes through a server, for those who look on. Nobody of them is waited for. */
export class Taps {
  readonly #taps = new Set<Tap>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Hands events to `write` in order, one at a time: false means wait for `resume`. */
  add(write: (event: Observed) => boolean): Tap {
    const tap = new Tap(write, () => this.#taps.delete(tap));
    this.#taps.add(tap);
    return tap;
  }

  get size(): number {
    return this.#taps.size;
  }

  request(id: string | undefined, request: AsicRequest): void {
    if (this.#taps.size > 0) this.#tell({ kind: "request", id, request, at: this.#now() });
  }

  reply(id: string | undefined, reply: AsicReply): void {
    if (this.#taps.size > 0) this.#tell({ kind: "reply", id, reply, at: this.#now() });
  }

  notification(notification: AsicNotification): void {
    if (this.#taps.size > 0) this.#tell({ kind: "notification", notification, at: this.#now() });
  }

  #tell(event: Observed): void {
    for (const tap of this.#taps) tap.push(event);
  }
}

/** One of them. */
export class Tap {
  readonly #write: (event: Observed) => boolean;
  readonly #onClose: () => void;
  #waiting: Observed[] = [];
  #missed = 0;
  #blocked = false;

  constructor(write: (event: Observed) => boolean, onClose: () => void) {
    this.#write = write;
    this.#onClose = onClose;
  }

  push(event: Observed): void {
    // Once something is missing, what follows is missing too until there is room for the gap itself.
    if (this.#missed > 0 || this.#waiting.length >= OBSERVER_EVENTS_MAX) this.#missed += 1;
    else this.#waiting.push(event);
    if (!this.#blocked) this.#flush();
  }

  /** There is room again. */
  resume(): void {
    this.#blocked = false;
    this.#flush();
  }

  close(): void {
    this.#onClose();
    this.#waiting = [];
  }

  #flush(): void {
    let at = 0;
    while (!this.#blocked && at < this.#waiting.length) {
      this.#blocked = !this.#write(this.#waiting[at] as Observed);
      at += 1;
    }
    this.#waiting.splice(0, at);
    if (this.#blocked || this.#missed === 0) return;
    const count = this.#missed;
    this.#missed = 0;
    this.#blocked = !this.#write({ kind: "gap", count });
  }
}

import { type Clock, type Millis, millis, seconds, type Timer } from "@tandem/base";
import type { OutboxEntry } from "./outbox-core.js";
import type { RuntimeEvent } from "./runtime-event.js";

/** A message that nobody acknowledges for this long is reported. */
export const MESSAGE_STUCK_AFTER = seconds(5);
/** How often those that were reported are looked at, to tell when they are over. */
const LOOK_AGAIN = millis(500);

/**
 * Reports messages that stay unacknowledged, once, and that they no longer do. They are sent again all the time. Looks
 * when the oldest one falls due, and not at all while nothing waits.
 */
export class StuckMessages implements Disposable {
  readonly #clock: Clock;
  readonly #emit: (event: RuntimeEvent) => void;
  readonly #entries: () => Iterable<OutboxEntry>;
  #reported = new Map<bigint, { readonly actor: string; readonly wait: string }>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(clock: Clock, emit: (event: RuntimeEvent) => void, entries: () => Iterable<OutboxEntry>) {
    this.#clock = clock;
    this.#emit = emit;
    this.#entries = entries;
  }

  /** A message has been put into the outbox. */
  posted(): void {
    if (this.#timer === undefined && !this.#closed) this.#arm(MESSAGE_STUCK_AFTER);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(delay: Millis): void {
    this.#timer = this.#clock.setTimer(delay, () => {
      this.#timer = undefined;
      this.#look();
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const before = this.#reported;
    this.#reported = new Map();
    let next: Millis | undefined;
    for (const { id, source, destination, key, rowKey, createdAt, refusal } of this.#entries()) {
      const waited = millis(now - createdAt);
      if (waited < MESSAGE_STUCK_AFTER) {
        const left = millis(MESSAGE_STUCK_AFTER - waited);
        if (next === undefined || left < next) next = left;
        continue;
      }
      const known = before.get(id);
      before.delete(id);
      const actor = `${source.resourceType}/${source.resourceId}`;
      const wait = `${destination} to take ${rowKey ?? key}`;
      this.#reported.set(id, known ?? { actor, wait });
      if (known !== undefined) continue;
      const why = refusal === undefined ? "no answer" : refusal.text;
      this.#emit({ kind: "stuck", actor, wait, waited, then: `send again (${why})` });
    }
    for (const { actor, wait } of before.values()) this.#emit({ kind: "unstuck", actor, wait });
    if (this.#reported.size > 0 && (next === undefined || next > LOOK_AGAIN)) next = LOOK_AGAIN;
    if (next !== undefined) this.#arm(next);
  }
}

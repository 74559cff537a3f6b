import { type Clock, type Millis, millis, type Timer } from "@tandem/base";

/**
 * What lies between a DPU's socket and its orchagent, and what may go wrong there: messages come late, come twice, or wait.
 * They keep their order, as on one connection.
 */
export class Inbox<T> {
  readonly #clock: Clock;
  readonly #take: (message: T) => void;
  readonly #waiting: { readonly due: Millis; readonly message: T }[] = [];
  #delay = millis(0);
  #twice = false;
  #stalled = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, take: (message: T) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  put(message: T): void {
    const idle = this.#waiting.length === 0 && this.#delay === 0 && !this.#stalled;
    if (idle) this.#hand(message);
    else {
      this.#waiting.push({ due: millis(this.#clock.monotonic() + this.#delay), message });
      this.#schedule();
    }
  }

  /** Fault: messages that come from now on are handed out so much later. */
  setDelay(delay: Millis): void {
    this.#delay = delay;
  }

  /** Fault: each message is handed out twice. */
  setTwice(twice: boolean): void {
    this.#twice = twice;
  }

  /** Fault: nothing is handed out. */
  setStalled(stalled: boolean): void {
    this.#stalled = stalled;
    this.#schedule();
  }

  /** What waits is lost. */
  drop(): void {
    this.#waiting.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const first = this.#waiting[0];
    if (this.#timer !== undefined || first === undefined || this.#stalled) return;
    this.#timer = this.#clock.setTimer(millis(Math.max(0, first.due - this.#clock.monotonic())), () => {
      this.#timer = undefined;
      if (this.#stalled) return;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#hand(next.message);
      this.#schedule();
    });
  }

  #hand(message: T): void {
    this.#take(message);
    if (this.#twice) this.#take(message);
  }
}

import { type Clock, seconds } from "@tandem/base";
import { Bell } from "./bell.js";
import { SpinWindow } from "./spin.js";

/** Looks in one turn of the event loop. */
const LOOKS = 500;

/** A wake-up that got lost is repaired within this time. */
const LOOK_EVERY = seconds(1);

/** One end's way to notice that the other one wrote something: it looks on for a while, then sleeps until it is woken. */
export class Lookout {
  readonly #clock: Clock;
  readonly #asleep: Int32Array;
  readonly #bell: Bell;
  readonly #window: SpinWindow;
  #wake: () => void = () => {};
  #closed = false;

  /** `asleep` is the word in which the other end sees that it must ring. Throws what the file system refuses. */
  constructor(clock: Clock, asleep: Int32Array, fifo: string, spinTurnsMax: number) {
    this.#clock = clock;
    this.#asleep = asleep;
    this.#window = new SpinWindow(spinTurnsMax);
    this.#bell = new Bell(fifo, () => this.#wake());
  }

  /** Resolves when `worth` may hold, the signal aborts, or this is closed: look again. */
  async until(worth: () => boolean, signal: AbortSignal): Promise<void> {
    for (let turn = 0; turn < this.#window.turns; turn++) {
      for (let look = 0; look < LOOKS; look++) {
        if (!worth()) continue;
        this.#window.paid();
        return;
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (signal.aborted || this.#closed) return;
    }
    this.#window.wasted();
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(LOOK_EVERY, () => over());
      const over = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", over);
        resolve();
      };
      this.#wake = over;
      signal.addEventListener("abort", over, { once: true });
      Atomics.store(this.#asleep, 0, 1);
      // What was written before the word was, rang nobody.
      if (worth()) over();
    });
    if (!this.#closed) Atomics.store(this.#asleep, 0, 0);
  }

  /** Something is to be done at this end. */
  wake(): void {
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#bell.close();
    this.#wake();
  }
}

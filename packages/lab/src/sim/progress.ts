import { type Clock, type Millis, seconds, systemClock, type Timer } from "@tandem/base";
import type { SimIo } from "./main.js";

/** Between two looks of a terminal at how far it is. */
const SHOWN_EVERY = seconds(1);
/** Between two lines where nothing can be redrawn. */
const TOLD_EVERY = seconds(10);

/** Tells how far a long command is: in place on a terminal, otherwise as a line on stderr now and then. */
export class Progress implements Disposable {
  readonly #io: SimIo;
  readonly #text: () => string;
  readonly #clock: Clock;
  #timer: Timer;

  /** `text` says how far it is now. */
  constructor(io: SimIo, text: () => string, clock: Clock = systemClock) {
    this.#io = io;
    this.#text = text;
    this.#clock = clock;
    this.#timer = this.#arm();
  }

  /** It is further than it was. */
  moved(): void {
    this.#io.progress?.(this.#text());
  }

  /** Takes the line off a terminal: what comes now stays. */
  clear(): void {
    this.#io.progress?.("");
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
    this.clear();
  }

  #arm(): Timer {
    const { progress, complain } = this.#io;
    const every: Millis = progress === undefined ? TOLD_EVERY : SHOWN_EVERY;
    return this.#clock.setTimer(every, () => {
      if (progress === undefined) complain(`tandem sim: ${this.#text()}`);
      else progress(this.#text());
      this.#timer = this.#arm();
    });
  }
}

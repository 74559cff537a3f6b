import type { Clock } from "@tandem/base";
import type { Micros } from "./recording/stamp.js";

/** How far wall time may drift from what was counted on before it is read again: somebody has set the clock. */
const JUMP_MS = 5;

/** Wall time with microseconds, from a wall clock of milliseconds and a monotonic one that is finer. */
export class WallMicros {
  readonly #clock: Clock;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  now(): Micros {
    const monotonic = this.#clock.monotonic();
    const wall = this.#clock.now();
    if (Math.abs(monotonic + this.#offset - wall) > JUMP_MS) this.#offset = wall - monotonic;
    return Math.floor((monotonic + this.#offset) * 1000);
  }
}

/**
 * Sends while there is a reason to, one round at a time: whoever has something to send asks, and what is asked in one turn
 * of the event loop goes out together. A reason that comes during a round leads to another one.
 */
export class SendLoop {
  readonly #round: () => Promise<void>;
  #running: Promise<void> | undefined;
  #asked = false;

  /** `round` sends all there is; it must not reject. */
  constructor(round: () => Promise<void>) {
    this.#round = round;
  }

  /** There may be something to send. */
  ask(): void {
    this.#asked = true;
    this.#running ??= this.#run();
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#asked) {
      this.#asked = false;
      await this.#round();
    }
    this.#running = undefined;
  }
}

import type { Clock, Millis } from "@tandem/base";

/** Which processes of a cluster run, and since when. */
export class Parts {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #since = new Map<string, Millis>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** A process is ready, or is gone. */
  note(part: string, up: boolean): void {
    if (!up) this.#since.delete(part);
    else if (!this.#since.has(part)) this.#since.set(part, this.#clock.monotonic());
  }

  /** Since when all of them run; undefined while one does not. */
  since(parts: readonly string[]): Millis | undefined {
    let last: Millis | undefined;
    for (const part of parts) {
      const since = this.#since.get(part);
      if (since === undefined) return undefined;
      if (last === undefined || since > last) last = since;
    }
    return last;
  }
}

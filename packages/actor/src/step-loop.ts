import type { PlaceHost } from "./place-host.js";
import type { PlaceTimer } from "./place-timer.js";
import { STEPS_PER_SECOND, StepLimit } from "./step-limit.js";

/** What a loop runs. */
export interface StepWork {
  /** Whether changes wait that may be decided on now. */
  readonly mayDecide: () => boolean;
  /** One pure step over all of them. False when it threw. */
  readonly decide: () => boolean;
  /** Whether something is to be performed; it counts as taken up from then on. */
  readonly takeUnperformed: () => boolean;
  /** Persists, then acts. */
  readonly perform: () => Promise<void>;
  /** Nothing is left to do for now. */
  readonly conclude: () => void;
}

/** Runs the steps of one place, one after the other: what comes meanwhile is taken by the next. */
export class StepLoop {
  readonly #host: Pick<PlaceHost, "clock" | "emit" | "moved">;
  readonly #actor: string;
  readonly #timer: PlaceTimer;
  readonly #work: StepWork;
  readonly #limit = new StepLimit();
  #scheduled = false;
  #running = false;
  #closed = false;

  constructor(host: Pick<PlaceHost, "clock" | "emit" | "moved">, actor: string, timer: PlaceTimer, work: StepWork) {
    this.#host = host;
    this.#actor = actor;
    this.#timer = timer;
    this.#work = work;
  }

  get running(): boolean {
    return this.#running;
  }

  get idle(): boolean {
    return !this.#running && !this.#scheduled;
  }

  /** Runs in a microtask of its own, unless it is about to. */
  schedule(): void {
    if (this.#running || this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#host.moved();
    const { mayDecide, decide, takeUnperformed, perform, conclude } = this.#work;
    try {
      while (!this.#closed) {
        const decides = mayDecide();
        if (decides && this.#mustRest()) return;
        if (decides && !decide()) continue;
        if (!takeUnperformed()) break;
        await perform();
      }
    } finally {
      this.#running = false;
    }
    if (!this.#closed) conclude();
  }

  /** Whether the actor steps so often that this step has to come later; it is then scheduled. */
  #mustRest(): boolean {
    const { clock, emit } = this.#host;
    const pause = this.#limit.take(clock.monotonic());
    if (pause === undefined) return false;
    if (this.#limit.justReached) emit({ kind: "busy", actor: this.#actor, limit: STEPS_PER_SECOND });
    this.#scheduled = true;
    this.#timer.rest(pause, () => {
      this.#scheduled = false;
      void this.#run();
    });
    return true;
  }
}

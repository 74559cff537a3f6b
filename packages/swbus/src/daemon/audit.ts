import { type Clock, millis, type Timer } from "@tandem/base";
import type { RefusedStream, SwbusdObserver, SwbusdStats } from "./events.js";
import { RefusalLog } from "./refusal-log.js";

export interface AuditOptions {
  readonly clock: Clock;
  readonly stats: SwbusdStats;
  readonly observer: SwbusdObserver;
}

/** Counts everybody who is turned away, and tells of them: a line each, as many as a log bears, then their number. */
export class Audit {
  readonly #log = new RefusalLog();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(private readonly options: AuditOptions) {}

  refused(refusal: RefusedStream): void {
    const { clock, stats, observer } = this.options;
    stats.connectionsRefused += 1;
    stats.refused.set(refusal.reason, (stats.refused.get(refusal.reason) ?? 0) + 1);
    const now = clock.monotonic();
    const times = this.#log.note(refusal.remote.replace(/:\d+$/, ""), refusal.reason, now);
    if (times !== undefined) observer({ kind: "refused", ...refusal, times });
    const { due } = this.#log;
    if (due === undefined || this.#timer !== undefined || this.#stopped) return;
    this.#timer = clock.setTimer(millis(Math.max(0, due - now)), () => {
      this.#timer = undefined;
      const summary = this.#log.summary();
      if (summary !== undefined) observer({ kind: "refusedMore", ...summary });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}

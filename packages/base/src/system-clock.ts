import { performance } from "node:perf_hooks";
import { millis } from "./brand.js";
import type { Clock } from "./clock.js";

/** Longest delay that a Node timer can hold; a longer one would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's clock: the only place that reads it or sets its timers. */
export const systemClock: Clock = {
  now: () => millis(Date.now()),
  monotonic: () => millis(performance.now()),
  setTimer(delay, fire) {
    let timer: NodeJS.Timeout;
    const arm = (rest: number): void => {
      const part = Math.min(rest, TIMER_MAX_MS);
      timer = setTimeout(() => (rest > part ? arm(rest - part) : fire()), part);
    };
    arm(Math.max(delay, 0));
    return { cancel: () => clearTimeout(timer) };
  },
};

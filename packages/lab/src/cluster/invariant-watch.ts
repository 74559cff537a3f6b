import { type Clock, type Millis, millis, type Timer } from "@tandem/base";
import { Followers } from "../check/followers.js";
import { INVARIANTS } from "../check/index.js";
import type { Invariant } from "../check/invariant.js";
import type { Cluster } from "./cluster.js";

/** Violations kept; beyond, they are only counted. */
const VIOLATIONS_MAX = 100;

/** Follows every invariant on a running cluster, until it is disposed of. */
export class InvariantWatch implements Disposable {
  /** What did not hold so far, each once. */
  readonly violations: string[] = [];
  readonly #clock: Clock;
  readonly #followers: Followers;
  readonly #unwatch: () => void;
  #timer: Timer | undefined;
  #timerDue: Millis | undefined;

  /** Those that need an exact view are left out where rows are seen late: on real processes. */
  constructor(cluster: Cluster, invariants: readonly Invariant[] = INVARIANTS) {
    const exact = cluster.host.kind === "simulated";
    this.#clock = cluster.host.clock;
    this.#followers = new Followers(
      invariants.filter((invariant) => exact || invariant.exact !== true),
      cluster,
    );
    this.#unwatch = cluster.onSeen((seen) => {
      this.keep(this.#followers.observe(seen));
      this.#arm();
    });
  }

  /** How often something was looked at. */
  get checks(): number {
    return this.#followers.checks;
  }

  /** What does not hold now, if nothing is under way. It is not kept. */
  atRest(): readonly string[] {
    return this.#followers.atRest();
  }

  keep(found: readonly string[]): void {
    for (const text of found) {
      if (this.violations.length < VIOLATIONS_MAX && !this.violations.includes(text)) this.violations.push(text);
    }
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#timer?.cancel();
  }

  /** One timer, for what is due first. It may ring early. */
  #arm(): void {
    const due = this.#followers.due();
    if (due === undefined || (this.#timerDue !== undefined && this.#timerDue <= due)) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    const after = millis(Math.max(0, due - this.#clock.monotonic()));
    this.#timer = this.#clock.setTimer(after, () => {
      this.#timerDue = undefined;
      this.keep(this.#followers.expire(this.#clock.monotonic()));
      this.#arm();
    });
  }
}

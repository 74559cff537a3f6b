import type { Millis } from "@tandem/base";
import { type ClusterView, type Follower, type Invariant, type Sight, sightOf } from "./invariant.js";
import type { Observation } from "./observation.js";

interface Working {
  readonly id: string;
  readonly follower: Follower;
  due: Millis | undefined;
}

/** Several invariants at work on one cluster: each sees what it has to, and nothing else costs it anything. */
export class Followers {
  /** Looks so far: what was shown to an invariant, and deadlines. */
  checks = 0;
  readonly #view: ClusterView;
  readonly #invariants: readonly Invariant[];
  readonly #working: readonly Working[];
  readonly #bySight = new Map<Sight, Working[]>();

  constructor(invariants: readonly Invariant[], view: ClusterView) {
    this.#view = view;
    this.#invariants = invariants;
    this.#working = invariants.flatMap((invariant): Working[] => {
      if (invariant.when !== "always") return [];
      const follower = invariant.start(view);
      const working: Working = { id: invariant.id, follower, due: follower.due?.() };
      for (const sight of new Set(invariant.sees)) {
        const others = this.#bySight.get(sight);
        if (others === undefined) this.#bySight.set(sight, [working]);
        else others.push(working);
      }
      return [working];
    });
  }

  /** Violations of what must always hold, as `<id>: <what>`. */
  observe(seen: Observation): readonly string[] {
    const found: string[] = [];
    for (const working of this.#bySight.get(sightOf(seen)) ?? []) {
      this.checks += 1;
      for (const text of working.follower.observe(seen)) found.push(`${working.id}: ${text}`);
      working.due = working.follower.due?.();
    }
    // Time that did not count may count from now on, and the reverse.
    if (seen.kind === "part" || seen.kind === "power" || seen.kind === "trouble") {
      for (const working of this.#working) working.due = working.follower.due?.();
    }
    return found;
  }

  /** When `expire` has something to look at. */
  due(): Millis | undefined {
    let first: Millis | undefined;
    for (const { due } of this.#working) if (due !== undefined && (first === undefined || due < first)) first = due;
    return first;
  }

  /** Violations of what was to end by now. */
  expire(now: Millis): readonly string[] {
    const found: string[] = [];
    for (const working of this.#working) {
      if (working.due === undefined || working.due > now) continue;
      this.checks += 1;
      for (const text of working.follower.expire?.(now) ?? []) found.push(`${working.id}: ${text}`);
      working.due = working.follower.due?.();
    }
    return found;
  }

  /** Violations of what must hold when nothing is under way. */
  atRest(): readonly string[] {
    const found: string[] = [];
    for (const invariant of this.#invariants) {
      if (invariant.when !== "quiet") continue;
      this.checks += 1;
      for (const text of invariant.violations(this.#view)) found.push(`${invariant.id}: ${text}`);
    }
    return found;
  }
}

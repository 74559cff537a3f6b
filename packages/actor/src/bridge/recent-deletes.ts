import { type Millis, seconds } from "@tandem/base";

/** A change that is acknowledged when it is queued is under way no longer than this. */
const UNDER_WAY_MAX = seconds(10);
/** Deleted keys that are remembered; beyond it the oldest are forgotten. */
const KEYS_MAX = 1024;

interface Deleted {
  readonly at: Millis;
  /** The row was written again afterwards. */
  again: boolean;
}

/**
 * Deletes that a writer has acknowledged when it queued them. When its connection breaks they may have got lost, and no row
 * that stands says so: the sink would keep what nobody wants, or mix an old row into its successor. So what was deleted is
 * deleted once more, and a row that was deleted and written again while both may have been under way replaces what stands.
 * Pure; times are monotonic. Bounded.
 */
export class RecentDeletes {
  readonly #deleted = new Map<string, Deleted>();
  readonly #replaced = new Set<string>();
  readonly #lost = new Set<string>();

  deleted(key: string, now: Millis): void {
    this.#deleted.delete(key);
    this.#deleted.set(key, { at: now, again: false });
    this.#lost.delete(key);
    this.#replaced.delete(key);
    for (const oldest of this.#deleted.keys()) {
      if (this.#deleted.size <= KEYS_MAX) return;
      this.#forget(oldest);
    }
  }

  written(key: string, now: Millis): void {
    this.#lost.delete(key);
    this.#replaced.delete(key);
    const known = this.#deleted.get(key);
    if (known === undefined) return;
    known.again = true;
    if (now > known.at + UNDER_WAY_MAX) this.#deleted.delete(key);
  }

  /** The connection has broken. */
  reset(now: Millis): void {
    for (const [key, { at, again }] of [...this.#deleted]) {
      if (!again) this.#lost.add(key);
      else if (now <= at + UNDER_WAY_MAX) this.#replaced.add(key);
      else this.#deleted.delete(key);
    }
  }

  /** Keys to delete once more. */
  get lost(): readonly string[] {
    return [...this.#lost];
  }

  /** Whether the next row of that key has to replace what stands, which may be the row before its delete. */
  mustReplace(key: string): boolean {
    return this.#replaced.has(key) || this.#lost.has(key);
  }

  /** The sink is another one, which never had these rows. */
  clear(): void {
    for (const key of [...this.#deleted.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    this.#deleted.delete(key);
    this.#lost.delete(key);
    this.#replaced.delete(key);
  }
}

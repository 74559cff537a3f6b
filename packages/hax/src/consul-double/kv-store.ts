import type { SavedState } from "./saved-state.js";

/** A key as Consul keeps it. */
export interface StoredKey {
  readonly key: string;
  /** Base64; `null` where nothing was given. */
  readonly value: string | null;
  readonly flags: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
  /** How often the lock was taken. */
  readonly lockIndex: number;
  readonly session?: string;
}

/** Deleted keys that are remembered one by one; older ones count for every prefix. */
const GRAVES_MAX = 4096;

/** The key-value store: what stands, and when what stood before went. Indexes are given by whoever commits. */
export class KvStore {
  readonly #keys = new Map<string, StoredKey>();
  readonly #graves = new Map<string, number>();
  /** Index below which deletions are no longer known by key. */
  #reaped = 0;

  save(): Pick<SavedState, "keys" | "graves" | "reaped"> {
    return { keys: [...this.#keys.values()], graves: [...this.#graves], reaped: this.#reaped };
  }

  restore({ keys, graves, reaped }: Pick<SavedState, "keys" | "graves" | "reaped">): void {
    for (const stored of keys) this.#keys.set(stored.key, stored);
    for (const [key, at] of graves) this.#graves.set(key, at);
    this.#reaped = reaped;
  }

  get(key: string): StoredKey | undefined {
    return this.#keys.get(key);
  }

  /** In the order of their keys. */
  list(prefix: string): readonly StoredKey[] {
    return [...this.#keys.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  heldBy(session: string): readonly StoredKey[] {
    return [...this.#keys.values()].filter((stored) => stored.session === session);
  }

  /** The index that a read of a prefix (or of one key) carries: of its last change, a deletion included. */
  indexOf(prefix: string, exact: boolean): number {
    const fits = (key: string): boolean => (exact ? key === prefix : key.startsWith(prefix));
    let index = this.#reaped;
    for (const { key, modifyIndex } of this.#keys.values()) if (fits(key)) index = Math.max(index, modifyIndex);
    for (const [key, at] of this.#graves) if (fits(key)) index = Math.max(index, at);
    return index;
  }

  set(key: string, value: string | null, flags: number, index: number): void {
    const before = this.#keys.get(key);
    this.#keys.set(key, {
      ...{ key, value, flags, modifyIndex: index },
      ...{ createIndex: before?.createIndex ?? index, lockIndex: before?.lockIndex ?? 0 },
      ...(before?.session !== undefined && { session: before.session }),
    });
    this.#graves.delete(key);
  }

  lock(key: string, session: string, index: number): void {
    const { session: holder, ...stored } = this.#keys.get(key) as StoredKey;
    const lockIndex = holder === session ? stored.lockIndex : stored.lockIndex + 1;
    this.#keys.set(key, { ...stored, session, lockIndex, modifyIndex: index });
  }

  /** The key stays, without its session. */
  unlock(key: string, index: number): void {
    const { session: _, ...stored } = this.#keys.get(key) as StoredKey;
    this.#keys.set(key, { ...stored, modifyIndex: index });
  }

  delete(key: string, index: number): void {
    if (!this.#keys.delete(key)) return;
    this.#graves.set(key, index);
    if (this.#graves.size <= GRAVES_MAX) return;
    const [oldest, at] = this.#graves.entries().next().value as [string, number];
    this.#graves.delete(oldest);
    this.#reaped = Math.max(this.#reaped, at);
  }

  /** Every key as if written now, one after the other, and nothing deleted before. */
  renumber(next: () => number): void {
    this.#graves.clear();
    this.#reaped = 0;
    for (const stored of this.#keys.values()) {
      const index = next();
      this.#keys.set(stored.key, { ...stored, createIndex: index, modifyIndex: index });
    }
  }
}

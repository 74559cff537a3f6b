import { err, type Json, type Millis, ok, type Result } from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import type { IncomingDump } from "../dump-format.js";

/** The newest message of one key. */
export interface IncomingEntry {
  readonly data: Json;
  readonly source: ServicePath;
  readonly requestId: bigint;
  /** 1 for the first message of the key, one more for each. */
  readonly version: number;
  /** Wall-clock times of the first and the newest. */
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
  /** How it was handled: "" not yet, `Ok`, or `Fail (<why>)`. Stays until the next one is handled. */
  readonly response: string;
}

/** Keys of different messages that one actor keeps; beyond it the one that was quiet longest is forgotten. */
const KEYS_MAX = 10_000;

/** The newest message of each key that reached a plain actor. */
export class IncomingTable {
  readonly #entries = new Map<string, IncomingEntry>();
  readonly #limit: number;

  constructor(limit = KEYS_MAX) {
    this.#limit = limit;
  }

  /** Fails with the words of sonic-dash-ha. */
  get(key: string): Result<Json, string> {
    const entry = this.#entries.get(key);
    return entry === undefined ? err(`Incoming state table has no key '${key}'`) : ok(entry.data);
  }

  entry(key: string): IncomingEntry | undefined {
    return this.#entries.get(key);
  }

  /** All entries whose key begins with `prefix`, by key. */
  withPrefix(prefix: string): ReadonlyMap<string, IncomingEntry> {
    return new Map([...this.#entries].filter(([key]) => key.startsWith(prefix)));
  }

  put(key: string, message: Pick<IncomingEntry, "data" | "source" | "requestId">, now: Millis): void {
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    this.#entries.set(key, {
      ...message,
      version: (known?.version ?? 0) + 1,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
      response: known?.response ?? "",
    });
    const oldest = this.#entries.size > this.#limit ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  handled(key: string, response: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#entries.set(key, { ...entry, response });
  }

  *dump(): Iterable<IncomingDump> {
    for (const [key, entry] of this.#entries) yield { key, ...entry };
  }
}

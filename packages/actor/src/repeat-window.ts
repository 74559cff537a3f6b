/** How many messages back a repeat is recognised. */
export const REPEAT_WINDOW = 1024;

/** The last messages that were taken, by any text that names one. */
export class RepeatWindow {
  readonly #limit: number;
  readonly #seen = new Set<string>();

  constructor(limit = REPEAT_WINDOW) {
    this.#limit = limit;
  }

  /** Whether `name` is among the last `limit`; it is from now on. */
  isRepeat(name: string): boolean {
    if (this.#seen.has(name)) return true;
    this.#seen.add(name);
    if (this.#seen.size > this.#limit)
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    return false;
  }
}

/** Hash of a payload (FNV-1a, 32 bits): beside source and id it tells a repeat from a sender that reuses ids. */
export function payloadHash(payload: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ (payload[i] as number), 0x01000193);
  return hash >>> 0;
}

/** A count that is bumped in place. */
export interface Count {
  value: number;
}

/** Message keys that one direction of one actor type counts apart; further ones are counted together. */
const KEYS_MAX = 4096;

/**
 * What a runtime counts while it works: plain numbers, read when somebody asks. Counting a message that was met before
 * allocates nothing; its key is cut to a prefix only when the counts are read.
 */
export class RuntimeTallies {
  readonly #in = new Map<string, Map<string, Count>>();
  readonly #out = new Map<string, Map<string, Count>>();
  /** Messages sent again, by any actor. */
  resends = 0;
  /** Repeats of a message that was taken already. */
  repeats = 0;
  /** Messages turned away for lack of room; their senders send them again. */
  turnedAway = 0;
  /** Messages that were not understood; acknowledged, and dropped. */
  notUnderstood = 0;
  /** Most messages that were ever unsettled at a time. */
  messagesPeak = 0;
  /** Most changes that ever waited for one actor. */
  mailPeak = 0;

  received(type: string, key: string): void {
    bump(this.#in, type, key);
  }

  sent(type: string, key: string): void {
    bump(this.#out, type, key);
  }

  /** Each count with the type of its actor and the prefix of its key (`DPUStateUpdate` of `DPUStateUpdate|sw0_dpu0`). */
  messages(direction: "in" | "out", take: (type: string, prefix: string, count: number) => void): void {
    for (const [type, keys] of direction === "in" ? this.#in : this.#out) {
      const sums = new Map<string, number>();
      for (const [key, { value }] of keys) {
        const bar = key.indexOf("|");
        const prefix = bar < 0 ? key : key.slice(0, bar);
        sums.set(prefix, (sums.get(prefix) ?? 0) + value);
      }
      for (const [prefix, sum] of sums) take(type, prefix, sum);
    }
  }
}

function bump(counts: Map<string, Map<string, Count>>, type: string, key: string): void {
  let keys = counts.get(type);
  if (keys === undefined) {
    keys = new Map();
    counts.set(type, keys);
  }
  const count = keys.get(key);
  if (count !== undefined) {
    count.value += 1;
    return;
  }
  const name = keys.size < KEYS_MAX ? key : "other";
  const known = keys.get(name);
  if (known !== undefined) known.value += 1;
  else keys.set(name, { value: 1 });
}

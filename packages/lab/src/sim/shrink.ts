/** What a shrink came to. */
export interface Shrunk<T> {
  readonly items: readonly T[];
  /** Runs that it took. */
  readonly runs: number;
}

/**
 * The smallest part of `items` that it finds for which `fails` still holds: halves, quarters and so on are left out as
 * long as that works (delta debugging). `fails(items)` must hold. Stops after `runsMax` runs with the best so far.
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  runsMax: number,
): Promise<Shrunk<T>> {
  let best = items;
  let runs = 0;
  let chunks = 2;
  while (best.length > 0 && runs < runsMax) {
    const size = Math.ceil(best.length / chunks);
    let smaller: readonly T[] | undefined;
    for (let from = 0; from < best.length && runs < runsMax; from += size) {
      const part = best.filter((_, i) => i < from || i >= from + size);
      runs += 1;
      if (await fails(part)) {
        smaller = part;
        break;
      }
    }
    if (smaller !== undefined) {
      best = smaller;
      chunks = Math.max(2, chunks - 1);
    } else if (size === 1) break;
    else chunks = Math.min(best.length, chunks * 2);
  }
  return { items: best, runs };
}

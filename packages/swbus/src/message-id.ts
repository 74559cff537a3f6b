import type { Clock } from "@tandem/base";

/** Draws message ids. They exceed 2^53: never through Number. */
export type MessageIds = () => bigint;

/**
 * Ids that are unique per source, also across restarts: nanoseconds since the epoch now, then one more per message. A
 * process cannot draw a million in a millisecond, so a later start always begins above, unless the wall clock is set back.
 */
export function messageIds(clock: Clock): MessageIds {
  let next = BigInt(Math.floor(clock.now())) * 1_000_000n;
  return () => {
    const id = next;
    next += 1n;
    return id;
  };
}

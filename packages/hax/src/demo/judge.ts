import { stateIn } from "../bridge/core/conf-tree.js";
import type { SentEvent } from "./ledger.js";

/** A value that somebody saw in Consul's store. */
export interface SeenValue {
  readonly text: string;
  readonly at: number;
}

/** The event behind a stored status: `STARTED` for `{"state": "M0_CONF_HA_PROCESS_STARTED", …}`. */
export function eventOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : stateIn(text)?.replace(/^M0_CONF_HA_PROCESS_/, "");
}

/**
 * Whether the store holds the newest acknowledged event of a process, or one that it told after that: nothing that hax
 * promised is lost. Gives what is wrong.
 */
export function lostEvent(sent: readonly SentEvent[], stored: string | undefined): string | undefined {
  const promised = sent.findLastIndex(({ acknowledged }) => acknowledged);
  if (promised < 0) return undefined;
  const fits = sent.slice(promised).some(({ event }) => event === eventOf(stored));
  return fits ? undefined : `${sent[promised]?.event} was acknowledged, ${eventOf(stored) ?? "nothing"} is stored`;
}

/**
 * Whether values were seen in the order in which the process told its events; those in between may be missing, since the
 * newest replaces what waits. STOPPED between two lives is hax's own word for one that ended without any. Gives the first value that is out of order. `slack`: how much later than its sender's clock
 * says something may have been seen.
 */
export function outOfOrder(
  sent: readonly SentEvent[],
  seen: readonly SeenValue[],
  slack: number,
): SeenValue | undefined {
  let next = 0;
  let last: string | undefined;
  for (const value of seen) {
    const event = eventOf(value.text);
    // The same put once more: its first answer was lost.
    if (event === last) continue;
    if (event === "STOPPED") {
      const life = sent[Math.max(0, next - 1)]?.life ?? 0;
      const told = sent.slice(next).some((each) => each.life === life && each.event === "STOPPED");
      const following = sent.findIndex((each) => each.life > life);
      if (!told && following >= next) {
        last = event;
        next = following;
        continue;
      }
    }
    while (next < sent.length && sent[next]?.event !== event) next += 1;
    const match = sent[next];
    if (match === undefined || match.at > value.at + slack) return value;
    last = event;
    next += 1;
  }
  return undefined;
}

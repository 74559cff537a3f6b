import type { HaSetEntry } from "./core-types.js";
import type { Draft } from "./draft.js";
import { drive } from "./scope-reports.js";

/** Name of the timer that stands for the probes of a set's data-plane channel. */
export function probeTimerName(setId: string): string {
  return `probe/${setId}`;
}

/**
 * Probes are not sent one by one: a change of the path starts the time after which probes would show it. Lost:
 * `threshold` intervals without an answer; back: the next probe.
 */
export function pathChanged(draft: Draft, setId: string, reachable: boolean): void {
  const set = draft.sets.get(setId);
  if (set === undefined || set.reachable === reachable) return;
  draft.setSet(setId, { ...set, reachable });
  if (set.channel === (reachable ? "up" : "down")) {
    draft.cancelTimer(probeTimerName(setId));
    if (reachable) forScopes(draft, setId, (scope) => drive(draft, scope, { kind: "pathHealed" }));
  } else expectProbe(draft, setId, { ...set, reachable });
}

/** Starts the probes of a set whose peer is new. */
export function expectProbe(draft: Draft, setId: string, set: HaSetEntry): void {
  const after = set.reachable ? set.probeInterval : set.probeInterval * set.probeThreshold;
  draft.setTimer(probeTimerName(setId), after);
}

/** What the probes show at the end of that time. */
export function probeTimerFired(draft: Draft, setId: string): void {
  const set = draft.sets.get(setId);
  if (set === undefined) return;
  setChannel(draft, setId, set, set.reachable ? "up" : "down");
}

/** DASH HA set event DP_CHANNEL_UP or DP_CHANNEL_DOWN. */
export function setChannel(draft: Draft, setId: string, set: HaSetEntry, channel: "up" | "down"): void {
  if (set.channel === channel) return;
  draft.setSet(setId, { ...set, channel });
  draft.hset("DPU_STATE_DB", setStateKey(setId), {
    last_updated_time: draft.nowSeconds,
    dp_channel_is_alive: channel,
  });
  forScopes(draft, setId, (scope) => drive(draft, scope, { kind: "channel", channel }));
}

/** Redis key of a set's state row. */
export function setStateKey(setId: string): string {
  return `DASH_HA_SET_STATE_TABLE|${setId}`;
}

function forScopes(draft: Draft, setId: string, act: (scopeId: string) => void): void {
  for (const [id, scope] of draft.scopes) if (scope.setId === setId) act(id);
}

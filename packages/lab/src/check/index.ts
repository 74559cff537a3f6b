import type { Invariant } from "./invariant.js";
import { neverTwoActive } from "./never-two-active.js";
import { oneDecider } from "./one-decider.js";
import { oneRoutePerVip } from "./one-route-per-vip.js";
import { pendingListsMatch } from "./pending-lists-match.js";
import { reportedIsReal } from "./reported-is-real.js";
import { respondersFollowState } from "./responders-follow-state.js";
import { scopeHasSet } from "./scope-has-set.js";

/** Every invariant of the lab. */
export const INVARIANTS: readonly Invariant[] = [
  neverTwoActive,
  oneDecider,
  oneRoutePerVip,
  pendingListsMatch,
  reportedIsReal,
  respondersFollowState,
  scopeHasSet,
];

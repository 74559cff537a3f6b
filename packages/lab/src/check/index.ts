import { activationIsAsked } from "./activation-is-asked.js";
import { approvalOfThisStart } from "./approval-of-this-start.js";
import { bfdWithheldWhileDown } from "./bfd-withheld-while-down.js";
import { configReachesDpu } from "./config-reaches-dpu.js";
import { convergenceBeforeDeath } from "./convergence-before-death.js";
import { deadWhenTold } from "./dead-when-told.js";
import { desiredLeads } from "./desired-leads.js";
import { givenUpIsDeleted } from "./given-up-is-deleted.js";
import type { Invariant } from "./invariant.js";
import { ledgerNamesRows } from "./ledger-names-rows.js";
import { leftoversGo } from "./leftovers-go.js";
import { neverTwoActive } from "./never-two-active.js";
import { noLivelock } from "./no-livelock.js";
import { oneDecider } from "./one-decider.js";
import { oneRoutePerVip } from "./one-route-per-vip.js";
import { operationEndsForAReason } from "./operation-ends-for-a-reason.js";
import { operationIsShown } from "./operation-is-shown.js";
import { pairServes } from "./pair-serves.js";
import { pendingListsMatch } from "./pending-lists-match.js";
import { pinsFollowVdpu } from "./pins-follow-vdpu.js";
import { reconcileAfterTakeover } from "./reconcile-after-takeover.js";
import { recreatedIsNew } from "./recreated-is-new.js";
import { reportReachesSwitch } from "./report-reaches-switch.js";
import { reportedIsReal } from "./reported-is-real.js";
import { requestOnce } from "./request-once.js";
import { resetOncePerFall } from "./reset-once-per-fall.js";
import { respondersFollowState } from "./responders-follow-state.js";
import { routeFollowsConfig } from "./route-follows-config.js";
import { routeStays } from "./route-stays.js";
import { sameConfigSameRows } from "./same-config-same-rows.js";
import { scopeAtHome } from "./scope-at-home.js";
import { scopeHasSet } from "./scope-has-set.js";
import { setBeforeScope } from "./set-before-scope.js";
import { shutdownEnds } from "./shutdown-ends.js";
import { splitBrainEndsByRestart } from "./split-brain-ends-by-restart.js";
import { staleReportIsNoAck } from "./stale-report-is-no-ack.js";
import { standbyLeadsByStandalone } from "./standby-leads-by-standalone.js";
import { statePasses } from "./state-passes.js";
import { survivorServes } from "./survivor-serves.js";
import { syncBeforeStandby } from "./sync-before-standby.js";
import { trafficArrives } from "./traffic-arrives.js";
import { unreportedIsUnknown } from "./unreported-is-unknown.js";

/** Every invariant of the lab. */
export const INVARIANTS: readonly Invariant[] = [
  activationIsAsked,
  approvalOfThisStart,
  bfdWithheldWhileDown,
  configReachesDpu,
  convergenceBeforeDeath,
  deadWhenTold,
  desiredLeads,
  givenUpIsDeleted,
  ledgerNamesRows,
  leftoversGo,
  neverTwoActive,
  noLivelock,
  oneDecider,
  oneRoutePerVip,
  operationEndsForAReason,
  operationIsShown,
  pairServes,
  pendingListsMatch,
  pinsFollowVdpu,
  reconcileAfterTakeover,
  recreatedIsNew,
  reportReachesSwitch,
  reportedIsReal,
  requestOnce,
  resetOncePerFall,
  respondersFollowState,
  routeFollowsConfig,
  routeStays,
  sameConfigSameRows,
  scopeAtHome,
  scopeHasSet,
  setBeforeScope,
  shutdownEnds,
  splitBrainEndsByRestart,
  staleReportIsNoAck,
  standbyLeadsByStandalone,
  statePasses,
  survivorServes,
  syncBeforeStandby,
  trafficArrives,
  unreportedIsUnknown,
];

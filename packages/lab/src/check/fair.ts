import { type Millis, millis } from "@tandem/base";
import { type DpuPlace, type HaSetPlace, pairOf, type SwitchPlace } from "../topology.js";
import type { ClusterView } from "./invariant.js";
import { TROUBLES, type Trouble } from "./trouble.js";

/**
 * What excuses an invariant unless it says otherwise. Clocks on the wall decide nothing, so nothing excuses itself by them;
 * what the controller asks for is no excuse where the invariant reads what that is.
 */
export const BREAKS: readonly Trouble[] = TROUBLES.filter((trouble) => trouble !== "clock" && trouble !== "intent");
/** What lies between rows of a switch and its DPUs: links, the peer, approvals and the controller's config do not. */
export const ROWS_WAY: readonly Trouble[] = ["process", "dpu", "pmon", "row"];
/** The same with what the controller asks for. */
export const STIRS: readonly Trouble[] = [...BREAKS, "intent"];

/** Since when nothing of these kinds is broken at the DPU or its peer, and all that serves the DPU runs. */
export function fairAndWell(
  view: ClusterView,
  dpu: DpuPlace,
  troubles: readonly Trouble[] = BREAKS,
): Millis | undefined {
  const since = latest(view.fairSince(dpu, troubles), view.wellSince(dpu));
  const peer = pairOf(view.topology, dpu)?.peer;
  return peer === undefined ? since : latest(since, view.fairSince(peer, troubles));
}

/** Since when both DPUs of a pair are on, all that serves them runs, and nothing of these kinds is broken at either. */
export function fairPair(
  view: ClusterView,
  set: HaSetPlace,
  troubles: readonly Trouble[] = BREAKS,
): Millis | undefined {
  const [a, b] = set.dpus;
  if (view.core(a) === undefined || view.core(b) === undefined) return undefined;
  return latest(fairAndWell(view, a, troubles), view.wellSince(b));
}

/**
 * Since when the DPU is on, nothing is broken at it, no link at its peer, and all that serves the DPU runs. What else may
 * be broken at the peer is the peer's.
 */
export function fairAlone(view: ClusterView, dpu: DpuPlace): Millis | undefined {
  if (view.core(dpu) === undefined) return undefined;
  const since = latest(view.fairSince(dpu, BREAKS), view.wellSince(dpu));
  const peer = pairOf(view.topology, dpu)?.peer;
  return peer === undefined ? since : latest(since, view.fairSince(peer, LINKS));
}

const LINKS: readonly Trouble[] = ["link"];

/** As `fairAndWell`, of every DPU of a switch. */
export function fairSwitch(
  view: ClusterView,
  sw: SwitchPlace,
  troubles: readonly Trouble[] = BREAKS,
): Millis | undefined {
  let since: Millis | undefined = millis(0);
  for (const dpu of sw.dpus) since = latest(since, fairAndWell(view, dpu, troubles));
  return since;
}

/** The later of two times; undefined when one of them is not. */
export function latest(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}

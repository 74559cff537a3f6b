import { type Millis, millis } from "@tandem/base";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import type { ClusterView } from "./invariant.js";
import { TROUBLES, type Trouble } from "./trouble.js";

/** Clocks on the wall decide nothing, so nothing excuses itself by them. */
export const ALL_BUT_CLOCKS: readonly Trouble[] = TROUBLES.filter((trouble) => trouble !== "clock");

/** Since when nothing of these kinds is broken at the DPU's pair, and all that serves the DPU runs. */
export function fairAndWell(
  view: ClusterView,
  dpu: DpuPlace,
  troubles: readonly Trouble[] = ALL_BUT_CLOCKS,
): Millis | undefined {
  return latest(view.fairSince(dpu, troubles), view.wellSince(dpu));
}

/** The same of every DPU of a switch. */
export function fairSwitch(
  view: ClusterView,
  sw: SwitchPlace,
  troubles: readonly Trouble[] = ALL_BUT_CLOCKS,
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

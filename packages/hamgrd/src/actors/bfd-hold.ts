import type { Inputs, Read } from "@tandem/actor";
import { DashHaScopeConfig, type DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { readable } from "./readable.js";

/** Whether the config takes the scope down. */
export function goesDown(config: DashHaScopeConfigRow): boolean {
  return config.disabled || config.desired_ha_state === "dead";
}

/** Whether a DPU in this state may carry traffic, so that probes of it must end before its role does. */
export function carriesTraffic(haState: string | undefined): boolean {
  return haState !== undefined && haState !== "" && haState !== "dead" && haState !== "unknown";
}

/** Rows that decide on the hold. */
export const HOLD_READS: readonly Read[] = [{ table: DashHaScopeConfig }, { table: DpuDashHaScopeState }];

/**
 * Whether BFD rows are held back: from the moment when every scope of these vDPUs is to go down while the DPU still
 * carries traffic, until one of them is wanted up again or the configs are gone. Scopes that were never up hold nothing
 * back. The DPU by itself keeps its responders when a scope is disabled.
 */
export function nextHold(held: boolean, inputs: Inputs<unknown>, isMine: (vdpuId: string) => boolean): boolean {
  if (!readable(inputs, DashHaScopeConfig)) return held;
  let any = false;
  let live = false;
  for (const [key, config] of inputs.all(DashHaScopeConfig)) {
    const id = DashHaScopeConfig.parseKey(key);
    if (!id.ok || !isMine(id.value.vdpu_id)) continue;
    if (!goesDown(config)) return false;
    any = true;
    live ||= carriesTraffic(inputs.read(DpuDashHaScopeState, id.value.ha_scope_id)?.ha_state);
  }
  return any && (held || live);
}

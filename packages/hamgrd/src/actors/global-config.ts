import type { Inputs } from "@tandem/actor";
import { DashHaGlobalConfig, type DashHaGlobalConfigRow } from "../schema/dash-ha-global-config.js";

/** The one row of the table, whatever its key; `global` wins should there be several. */
export function globalConfig(inputs: Inputs<never> | Inputs<unknown>): DashHaGlobalConfigRow | undefined {
  const rows = inputs.all(DashHaGlobalConfig);
  return rows.get("global") ?? rows.get("GLOBAL") ?? rows.values().next().value;
}

/** VNET of the routes, by its present or its older name. */
export function dpuVnet(config: DashHaGlobalConfigRow): string | undefined {
  return [config.dpu_vnet, config.vnet_name].find((name) => name !== undefined && name !== "");
}

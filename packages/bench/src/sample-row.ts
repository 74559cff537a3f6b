import type { FieldValues } from "@tandem/swss";

/** A row of seven fields, of the size and kind of an HA scope's. */
export function sampleRow(version: number): FieldValues {
  return [
    ["disabled", "false"],
    ["ha_role", "active"],
    ["version", String(version)],
    ["ha_set_id", "haset0_0"],
    ["vip_v4", "3.2.1.0"],
    ["activate_role_requested", "false"],
    ["flow_reconcile_requested", "false"],
  ];
}

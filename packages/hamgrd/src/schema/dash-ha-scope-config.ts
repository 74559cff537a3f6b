import { defineTable, type Row, type TableSchema, t } from "@tandem/swss";
import { desiredHaStateCodec, operationIdCodec } from "./codecs.js";
import { haScopeConfigPb } from "./dash-ha-scope-config-pb.js";
import { numericVersion } from "./version.js";

const key = {
  vdpu_id: t.id("VdpuId", { doc: "vDPU that hosts this side of the scope." }),
  ha_scope_id: t.id("HaScopeId", { doc: "HA set id when scope = dpu, ENI id when scope = eni." }),
};

const fields = {
  version: t.text({ doc: "Version of the config; begins with a number." }),
  disabled: t.bool({ doc: "Admin down: the scope goes to dead and stays.", absent: false }),
  owner: t.oneOf(["unspecified", "dpu", "switch"], {
    doc: "Who drives the state machine. `switch` is refused for now; unspecified counts as dpu.",
    absent: "unspecified",
  }),
  ha_set_id: t.id("HaSetId", { doc: "HA set of the scope." }),
  desired_ha_state: t.of(desiredHaStateCodec, { doc: "Preferred state.", absent: "unspecified" }),
  approved_pending_operation_ids: t.list(operationIdCodec, {
    doc: "Operations that may go on: ids out of `DASH_HA_SCOPE_STATE`. Old ones may stay listed.",
    absent: [],
  }),
};

export type DashHaScopeConfigRow = Row<TableSchema<typeof key, typeof fields>>;

/** What the SDN controller wants of one side of an HA scope. Written on the switch that hosts the vDPU. */
export const DashHaScopeConfig = defineTable({
  name: "DASH_HA_SCOPE_CONFIG_TABLE",
  db: "APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.1.2.2; sonic-dash-api ha_scope_config.proto",
  key,
  fields,
  pb: haScopeConfigPb,
  check: (row) => {
    if (numericVersion(row.version) === undefined)
      return { field: "version", expected: "a number (u32), like 7 or 1.0" };
    return row.ha_set_id === "" ? { field: "ha_set_id", expected: "the id of an HA set" } : undefined;
  },
});

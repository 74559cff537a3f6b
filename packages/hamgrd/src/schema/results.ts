import { defineTable, t } from "@tandem/swss";

const fields = {
  result: t.u32({ doc: "0 = programmed." }),
  version_id: t.text({ doc: "Version that was programmed.", optional: true }),
  version: t.text({ doc: "As `version_id`; the DPU's orchagent spells it so.", optional: true }),
};

/** What the DPU has made of an HA set row. */
export const DashHaSetResult = defineTable({
  name: "DASH_HA_SET_TABLE",
  db: "DPU_APPL_STATE_DB",
  spec: "smart-switch-gnmi-feedback-design",
  key: { ha_set_id: t.id("HaSetId", { doc: "HA set." }) },
  fields,
});

/** What the DPU has made of an HA scope row. */
export const DashHaScopeResult = defineTable({
  name: "DASH_HA_SCOPE_TABLE",
  db: "DPU_APPL_STATE_DB",
  spec: "smart-switch-gnmi-feedback-design",
  key: { ha_scope_id: t.id("HaScopeId", { doc: "HA scope." }) },
  fields,
});

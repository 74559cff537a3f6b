import { defineTable, type Row, t } from "@tandem/swss";

export const HA_ROLES = ["dead", "active", "standby", "standalone", "switching_to_active"] as const;
export type HaRole = (typeof HA_ROLES)[number];

/** What the DPU is to do about one HA scope. */
export const DashHaScope = defineTable({
  name: "DASH_HA_SCOPE_TABLE",
  db: "DPU_APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.3.1.2",
  key: { ha_scope_id: t.id("HaScopeId", { doc: "HA scope." }) },
  fields: {
    version: t.u32({ doc: "Version of the scope's config." }),
    disabled: t.bool({ doc: "Admin down.", optional: true }),
    ha_role: t.oneOf(HA_ROLES, { doc: "Role asked for." }),
    ha_term: t.text({ doc: "`0` with owner dpu.", optional: true }),
    ha_set_id: t.id("HaSetId", { doc: "HA set of the scope." }),
    vip_v4: t.ipv4({ doc: "VIP of the pair. The DPU drops a row in which it is empty.", optional: true }),
    vip_v6: t.ipv6({ doc: "VIP of the pair.", optional: true }),
    flow_reconcile_requested: t.bool({ doc: "Approved: executed by each row that carries true.", optional: true }),
    activate_role_requested: t.bool({ doc: "Approved: executed by each row that carries true.", optional: true }),
    brainsplit_recovered: t.bool({ doc: "Approved: clears the DPU's pending flag.", optional: true }),
  },
});
export type DashHaScopeRow = Row<typeof DashHaScope>;

import { defineTable, t } from "@tandem/swss";

/** Asks nbrmgr to resolve an address. */
export const NeighResolve = defineTable({
  name: "NEIGH_RESOLVE_TABLE",
  db: "APPL_DB",
  spec: "sonic-dash-ha crates/hamgrd/src/actors/dpu.rs; eni-based-forwarding",
  key: { interface: t.text({ doc: "`dpu_vlan` of the global config." }), ip: t.text({ doc: "The DPU's address." }) },
  fields: { mac: t.text({ doc: "`00:00:00:00:00:00`." }) },
});

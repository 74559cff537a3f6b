import { defineTable, type Row, t } from "@tandem/swss";
import { aggregationCodec } from "./codecs.js";

/** A virtual DPU: the DPUs that stand behind one side of an HA set. */
export const Vdpu = defineTable({
  name: "VDPU",
  db: "CONFIG_DB",
  spec: "smart-switch-ha-detailed-design §2.1.1.1; the last two fields are Tandem's",
  key: { vdpu_id: t.id("VdpuId", { doc: "Name of the vDPU, unique in the cluster." }) },
  fields: {
    profile: t.text({ doc: "Informative.", optional: true }),
    tier: t.text({ doc: "Informative.", optional: true }),
    main_dpu_ids: t.ids("DpuName", { doc: "Its DPUs, first choice first; keys of DPU and REMOTE_DPU." }),
    aggregation: t.of(aggregationCodec, { doc: "How many members must be up for the vDPU to be up.", absent: "any" }),
    selection: t.oneOf(["first-up", "sticky", "balanced"], {
      doc: "Which member stands for the vDPU; `balanced` also routes to every member that is up.",
      absent: "first-up",
    }),
  },
  check: (row) => (row.main_dpu_ids.length > 0 ? undefined : { field: "main_dpu_ids", expected: "at least one DPU" }),
});
export type VdpuRow = Row<typeof Vdpu>;

import { defineTable, type Row, t } from "@tandem/swss";
import { dpuKeyCodec } from "./codecs.js";

/** Marks that a DPU was seen going down. Written once per fall; whoever handles it clears `reset_status`. */
export const DpuResetInfo = defineTable({
  name: "DPU_RESET_INFO",
  db: "STATE_DB",
  spec: "sonic-dash-ha crates/hamgrd/src/db_structs.rs",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot." }) },
  fields: {
    reset_status: t.bool({ doc: "True until the controller has handled the reset." }),
    timestamp: t.integer({ doc: "When the fall was seen (ms)." }),
    dpu_id: t.id("DpuName", { doc: "Key of the DPU row." }),
    vdpu_id: t.id("VdpuId", { doc: "vDPU of the DPU row.", optional: true }),
  },
});
export type DpuResetInfoRow = Row<typeof DpuResetInfo>;

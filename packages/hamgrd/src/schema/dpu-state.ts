import { defineTable, type Row, t } from "@tandem/swss";
import { dpuKeyCodec, planeStateCodec } from "./codecs.js";
import { timestampCodec } from "./timestamp.js";

const plane = (what: string) => t.of(planeStateCodec, { doc: what, absent: "unknown" });
const time = (what: string) => t.of(timestampCodec, { doc: `When the ${what} last changed.`, optional: true });
const reason = (what: string) => t.text({ doc: `Why the ${what} is as it is.`, optional: true });

/** What pmon (chassisd) says about a DPU of this switch. */
export const DpuState = defineTable({
  name: "DPU_STATE",
  db: "CHASSIS_STATE_DB",
  spec: "smartswitch-pmon; enhance-dpu-robustness",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot; any three letters are taken." }) },
  fields: {
    id: t.text({ doc: "Index.", optional: true }),
    dpu_midplane_link_state: plane("The way from NPU to DPU works."),
    dpu_midplane_link_time: time("midplane"),
    dpu_midplane_link_reason: reason("midplane"),
    dpu_control_plane_state: plane("SONiC and its containers are ready on the DPU."),
    dpu_control_plane_time: time("control plane"),
    dpu_control_plane_reason: reason("control plane"),
    dpu_data_plane_state: plane("Pipeline and ports are ready."),
    dpu_data_plane_time: time("data plane"),
    dpu_data_plane_reason: reason("data plane"),
    ready_status: t.text({ doc: "Written by newer chassisd.", optional: true }),
    recovery_status: t.text({ doc: "`recoverable` or `unrecoverable`.", optional: true }),
    reset_count: t.text({ doc: "Resets so far.", optional: true }),
    last_down_time: t.text({ doc: "Text time.", optional: true }),
    last_ready_time: t.text({ doc: "Text time.", optional: true }),
  },
});
export type DpuStateRow = Row<typeof DpuState>;

/** A placeholder upstream: nobody writes it. */
export const VdpuState = defineTable({
  name: "VDPU_STATE",
  db: "CHASSIS_STATE_DB",
  spec: "smart-switch-ha-detailed-design §2.2",
  key: { vdpu_id: t.id("VdpuId", { doc: "vDPU." }) },
  fields: {},
});

export const SystemHealthInfo = defineTable({
  name: "SYSTEM_HEALTH_INFO",
  db: "CHASSIS_STATE_DB",
  spec: "smartswitch-pmon",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot." }) },
  fields: { summary: t.text({ doc: "Overall health; further fields are one a checked item.", optional: true }) },
});

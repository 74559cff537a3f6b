import { defineTable, type Row, t } from "@tandem/swss";

/** A DPU of this switch. */
export const Dpu = defineTable({
  name: "DPU",
  db: "CONFIG_DB",
  spec: "smart-switch-ha-detailed-design §2.1.1.1",
  key: { dpu: t.id("DpuName", { doc: "Name of the DPU, unique in the cluster." }) },
  fields: {
    state: t.oneOf(["up", "down"], { doc: "Admin state.", optional: true }),
    local_port: t.text({ doc: "Switch port of the DPU.", optional: true }),
    vip_ipv4: t.ipv4({ doc: "VIP of the DPU.", optional: true }),
    vip_ipv6: t.ipv6({ doc: "VIP of the DPU.", optional: true }),
    pa_ipv4: t.ipv4({ doc: "Physical address: where the underlay reaches the DPU, and what probes monitor." }),
    pa_ipv6: t.ipv6({ doc: "Physical address.", optional: true }),
    midplane_ipv4: t.ipv4({ doc: "Address on the midplane bridge; orchagent listens there." }),
    dpu_id: t.u32({ doc: "Slot. The hamgrd of this slot manages the DPU." }),
    vdpu_id: t.id("VdpuId", { doc: "vDPU that owns the DPU; informative, VDPU rows decide.", optional: true }),
    gnmi_port: t.port({ doc: "gNMI server of the DPU.", optional: true }),
    orchagent_zmq_port: t.port({ doc: "ZMQ server of the DPU's orchagent." }),
    swbus_port: t.port({ doc: "Message bus daemon of this slot." }),
  },
});
export type DpuRow = Row<typeof Dpu>;

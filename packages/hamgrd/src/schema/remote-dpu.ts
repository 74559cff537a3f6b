import { defineTable, type Row, t } from "@tandem/swss";

/** A DPU of another switch of the cluster. */
export const RemoteDpu = defineTable({
  name: "REMOTE_DPU",
  db: "CONFIG_DB",
  spec: "smart-switch-ha-detailed-design §2.1.1.1",
  key: { dpu: t.id("DpuName", { doc: "Name of the DPU, unique in the cluster." }) },
  fields: {
    type: t.text({ doc: "`cluster`; the message bus refuses others as peers.", optional: true }),
    pa_ipv4: t.ipv4({ doc: "Physical address of the DPU." }),
    pa_ipv6: t.ipv6({ doc: "Physical address of the DPU.", optional: true }),
    npu_ipv4: t.ipv4({ doc: "Loopback of its switch: tunnel endpoint, BFD peer, bus endpoint." }),
    npu_ipv6: t.ipv6({ doc: "Loopback of its switch.", optional: true }),
    dpu_id: t.u32({ doc: "Slot in its switch." }),
    swbus_port: t.port({ doc: "Message bus daemon of that slot." }),
  },
});
export type RemoteDpuRow = Row<typeof RemoteDpu>;

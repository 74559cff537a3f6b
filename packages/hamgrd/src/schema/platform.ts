import { codecs, defineTable, t } from "@tandem/swss";
import { dpuKeyCodec } from "./codecs.js";

/** Features that are switched on or off as a whole. */
export const Feature = defineTable({
  name: "FEATURE",
  db: "CONFIG_DB",
  spec: "smart-switch-ha-detailed-design §2.1.4; enhance-dpu-robustness",
  key: { feature: t.text({ doc: "`dash_ha`, `dpu-auto-recovery`, `software_bfd`, …" }) },
  fields: {
    state: t.text({ doc: "`enabled`, `disabled`, `always_disabled`, …", optional: true }),
    has_per_dpu_scope: t.bool({ doc: "One container per DPU slot; true for `dash_ha`.", optional: true }),
  },
});

export const ChassisModule = defineTable({
  name: "CHASSIS_MODULE",
  db: "CONFIG_DB",
  spec: "smartswitch-pmon",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot." }) },
  fields: { admin_status: t.oneOf(["up", "down"], { doc: "`down` keeps the DPU powered off.", absent: "down" }) },
});

export const MidPlaneBridge = defineTable({
  name: "MID_PLANE_BRIDGE",
  db: "CONFIG_DB",
  spec: "smart-switch-ip-address-assignment",
  key: { name: t.text({ doc: "`GLOBAL`." }) },
  fields: {
    bridge: t.text({ doc: "`bridge-midplane`.", optional: true }),
    ip_prefix: t.text({ doc: "Address of the bridge.", optional: true }),
  },
});

export const DhcpServerIpv4 = defineTable({
  name: "DHCP_SERVER_IPV4",
  db: "CONFIG_DB",
  spec: "smart-switch-ip-address-assignment",
  key: { interface: t.text({ doc: "`bridge-midplane`." }) },
  fields: {
    gateway: t.text({ doc: "Address of the bridge.", optional: true }),
    lease_time: t.text({ doc: "`infinite`.", optional: true }),
    mode: t.text({ doc: "`PORT`.", optional: true }),
    netmask: t.text({ doc: "Netmask.", optional: true }),
    state: t.text({ doc: "`enabled`.", optional: true }),
  },
});

export const DhcpServerIpv4Port = defineTable({
  name: "DHCP_SERVER_IPV4_PORT",
  db: "CONFIG_DB",
  spec: "smart-switch-ip-address-assignment",
  key: { interface: t.text({ doc: "`bridge-midplane`." }), port: t.text({ doc: "`dpu<slot>`." }) },
  fields: { ips: t.list(codecs.text, { doc: "Address given to the DPU.", absent: [] }) },
});

export const Vip = defineTable({
  name: "VIP_TABLE",
  db: "CONFIG_DB",
  spec: "eni-based-forwarding",
  key: { prefix: t.text({ doc: "VIP of the cluster; the first row counts." }) },
  fields: {},
});

export const VxlanTunnel = defineTable({
  name: "VXLAN_TUNNEL",
  db: "CONFIG_DB",
  spec: "vxlan hld",
  key: { tunnel: t.text({ doc: "Tunnel." }) },
  fields: { src_ip: t.text({ doc: "Source address.", optional: true }) },
});

export const Vnet = defineTable({
  name: "VNET",
  db: "CONFIG_DB",
  spec: "vxlan hld",
  key: { vnet: t.text({ doc: "VNET, as `dpu_vnet` names it." }) },
  fields: { vxlan_tunnel: t.text({ doc: "Tunnel.", optional: true }), vni: t.u32({ doc: "VNI.", optional: true }) },
});

const transition = {
  state_transition_in_progress: t.bool({
    doc: "Somebody is shutting the module down or rebooting it.",
    optional: true,
  }),
  transition_start_time: t.text({ doc: "UTC.", optional: true }),
  transition_type: t.text({ doc: "`shutdown`, `reboot`, `none`.", optional: true }),
  oper_status: t.text({ doc: "`Online`, `Offline`.", optional: true }),
};

export const ChassisModuleInfo = defineTable({
  name: "CHASSIS_MODULE_INFO_TABLE",
  db: "STATE_DB",
  spec: "graceful-shutdown",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot." }) },
  fields: transition,
});

export const ChassisModuleTable = defineTable({
  name: "CHASSIS_MODULE_TABLE",
  db: "STATE_DB",
  spec: "enhance-dpu-robustness",
  key: { slot: t.of(dpuKeyCodec, { doc: "Slot." }) },
  fields: transition,
});

export const PcieDetachInfo = defineTable({
  name: "PCIE_DETACH_INFO",
  db: "STATE_DB",
  spec: "reboot-hld; enhance-dpu-robustness; smartswitch-pmon",
  key: { device: t.text({ doc: "`DPU_<slot>`, `DPU<slot>` or a PCI address: documents differ." }) },
  fields: {
    dpu_id: t.text({ doc: "DPU.", optional: true }),
    dpu_state: t.oneOf(["detaching", "detached", "reattached"], { doc: "Of the PCIe device.", optional: true }),
    bus_info: t.text({ doc: "PCI address.", optional: true }),
  },
});

import { codecs, defineTable, t } from "@tandem/swss";

/** Where an ENI is placed; scope = eni, which is refused for now. */
export const DashEniPlacement = defineTable({
  name: "DASH_ENI_PLACEMENT_TABLE",
  db: "APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.1.2.3",
  key: { eni_id: t.text({ doc: "ENI." }) },
  fields: {
    version: t.text({ doc: "Version of the config.", optional: true }),
    eni_mac: t.text({ doc: "What the NPU matches on." }),
    ha_set_id: t.id("HaSetId", { doc: "HA set that holds the ENI." }),
    pinned_next_hop_index: t.u32({ doc: "Side that takes the traffic whatever is reported.", optional: true }),
  },
});

/** How the NPU forwards an ENI's traffic. */
export const DashEniForward = defineTable({
  name: "DASH_ENI_FORWARD_TABLE",
  db: "APPL_DB",
  spec: "smart-switch-ha-detailed-design §2.3.2.1; eni-based-forwarding",
  key: { vnet: t.text({ doc: "VNET." }), eni_id: t.text({ doc: "MAC of the ENI." }) },
  fields: {
    vdpu_ids: t.ids("VdpuId", { doc: "vDPUs that host the ENI." }),
    primary_vdpu: t.id("VdpuId", { doc: "Next hop; the only field that may change." }),
    outbound_vni: t.u32({ doc: "Not for floating NICs.", optional: true }),
    outbound_eni_mac_lookup: t.text({ doc: "`none`, `dst` or `src`; not for floating NICs.", optional: true }),
  },
});

/** The fields of an ENI that HA touches. The DPU's other policy tables hold none. */
export const DashEni = defineTable({
  name: "DASH_ENI_TABLE",
  db: "DPU_APPL_DB",
  spec: "dash-sonic-hld; smart-switch-ha-detailed-design",
  key: { eni: t.text({ doc: "ENI." }) },
  fields: {
    eni_id: t.text({ doc: "Id.", optional: true }),
    mac_address: t.text({ doc: "MAC.", optional: true }),
    underlay_ip: t.text({ doc: "Physical address of the host.", optional: true }),
    admin_state: t.text({ doc: "Disabled or enabled.", optional: true }),
    vnet: t.text({ doc: "VNET.", optional: true }),
    ha_scope_id: t.id("HaScopeId", { doc: "HA scope that owns the ENI's flows.", optional: true }),
    eni_mode: t.text({ doc: "VM or floating NIC.", optional: true }),
  },
});

export const AclTableType = defineTable({
  name: "ACL_TABLE_TYPE_TABLE",
  db: "APPL_DB",
  spec: "eni-based-forwarding; vnet_local_endpoint_forwarding",
  key: { type: t.text({ doc: "`ENI_REDIRECT`, `VNET_LOCAL_ENDPOINT_REDIRECT`." }) },
  fields: {
    MATCHES: t.list(codecs.text, { doc: "Match fields." }),
    ACTIONS: t.list(codecs.text, { doc: "Actions." }),
    BIND_POINTS: t.list(codecs.text, { doc: "`PORT`, `PORTCHANNEL`." }),
  },
});

export const AclTable = defineTable({
  name: "ACL_TABLE_TABLE",
  db: "APPL_DB",
  spec: "eni-based-forwarding; vnet_local_endpoint_forwarding",
  key: { table: t.text({ doc: "ACL table." }) },
  fields: {
    POLICY_DESC: t.text({ doc: "For people.", optional: true }),
    TYPE: t.text({ doc: "Table type." }),
    STAGE: t.text({ doc: "`INGRESS`." }),
    PORTS: t.list(codecs.text, { doc: "Ports and LAGs at the front." }),
  },
});

export const AclRule = defineTable({
  name: "ACL_RULE_TABLE",
  db: "APPL_DB",
  spec: "eni-based-forwarding; vnet_local_endpoint_forwarding",
  key: { table: t.text({ doc: "ACL table." }), rule: t.text({ doc: "Rule." }) },
  fields: {
    PRIORITY: t.u32({ doc: "The higher one decides." }),
    DST_IP: t.text({ doc: "VIP.", optional: true }),
    INNER_DST_MAC: t.text({ doc: "MAC of the ENI.", optional: true }),
    TUNNEL_TERM: t.bool({ doc: "Only traffic that came through a tunnel.", optional: true }),
    REDIRECT_ACTION: t.text({ doc: "Next hop.", optional: true }),
  },
});

const status = { status: t.text({ doc: "`Active`, `Inactive`.", optional: true }) };

export const AclTableState = defineTable({
  name: "ACL_TABLE_TABLE",
  db: "STATE_DB",
  spec: "sonic-swss orchagent/aclorch.cpp",
  key: { table: t.text({ doc: "ACL table." }) },
  fields: status,
});

export const AclRuleState = defineTable({
  name: "ACL_RULE_TABLE",
  db: "STATE_DB",
  spec: "sonic-swss orchagent/aclorch.cpp",
  key: { table: t.text({ doc: "ACL table." }), rule: t.text({ doc: "Rule." }) },
  fields: status,
});

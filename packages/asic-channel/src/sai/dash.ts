import { BOOL, enumOf, IP, listOf, MAC, OID, U8, U16, U32, U64 } from "../value/kind.js";
import { fixed, fixedIfGiven, free, objectType, read } from "./attribute.js";

export const VNET = objectType("VNET", { VNI: free(U32, "0") });

export const ENI = objectType("ENI", {
  CPS: free(U32, "0"),
  PPS: free(U32, "0"),
  FLOWS: free(U32, "0"),
  ADMIN_STATE: free(BOOL, "false"),
  HA_SCOPE_ID: free(OID, "oid:0x0"),
  VM_UNDERLAY_DIP: free(IP, "0.0.0.0"),
  VM_VNI: free(U32, "0"),
  VNET_ID: free(OID, "oid:0x0"),
  PL_SIP: free(IP, "0.0.0.0"),
  PL_SIP_MASK: free(IP, "0.0.0.0"),
  PL_UNDERLAY_SIP: free(IP, "0.0.0.0"),
  OUTBOUND_ROUTING_GROUP_ID: free(OID, "oid:0x0"),
  V4_METER_POLICY_ID: free(OID, "oid:0x0"),
  V6_METER_POLICY_ID: free(OID, "oid:0x0"),
  DASH_TUNNEL_DSCP_MODE: free(enumOf("SAI_DASH_TUNNEL_DSCP_MODE_"), "SAI_DASH_TUNNEL_DSCP_MODE_PRESERVE_MODEL"),
  DSCP: free(U8, "0"),
  DISABLE_FAST_PATH_ICMP_FLOW_REDIRECTION: free(BOOL, "false"),
  FULL_FLOW_RESIMULATION_REQUESTED: free(BOOL, "false"),
  MAX_RESIMULATED_FLOW_PER_SECOND: free(U64, "0"),
  IS_HA_FLOW_OWNER: free(BOOL, "false"),
  ENI_MODE: fixedIfGiven(enumOf("SAI_DASH_ENI_MODE_"), "SAI_DASH_ENI_MODE_VM"),
  ...Object.fromEntries(
    ["V4", "V6"].flatMap((family) =>
      ["INBOUND", "OUTBOUND"].flatMap((way) =>
        [1, 2, 3, 4, 5].map((stage) => [`${way}_${family}_STAGE${stage}_DASH_ACL_GROUP_ID`, free(OID, "oid:0x0")]),
      ),
    ),
  ),
});

export const HA_SET = objectType(
  "HA_SET",
  {
    LOCAL_IP: free(IP, "0.0.0.0"),
    PEER_IP: free(IP, "0.0.0.0"),
    CP_DATA_CHANNEL_PORT: free(U16, "0"),
    DP_CHANNEL_DST_PORT: free(U16, "0"),
    DP_CHANNEL_MIN_SRC_PORT: free(U16, "0"),
    DP_CHANNEL_MAX_SRC_PORT: free(U16, "0"),
    DP_CHANNEL_PROBE_INTERVAL_MS: free(U32, "0"),
    DP_CHANNEL_PROBE_FAIL_THRESHOLD: free(U32, "0"),
    DP_CHANNEL_IS_ALIVE: read(BOOL, "false"),
    DPU_DRIVEN_HA_SWITCHOVER_WAIT_TIME_MS: free(U32, "0"),
    BULK_SYNC_TIMEOUT_MS: free(U32, "0"),
    LOCAL_VIP: free(IP, "0.0.0.0"),
  },
  ["CP_DATA_CHANNEL_CONNECTED", "DP_PROBE_REQ_RX_PACKETS", "DP_PROBE_REQ_TX_PACKETS", "DP_PROBE_FAILED"],
);

export const HA_SCOPE = objectType("HA_SCOPE", {
  HA_SET_ID: free(OID, "oid:0x0"),
  DASH_HA_ROLE: free(enumOf("SAI_DASH_HA_ROLE_"), "SAI_DASH_HA_ROLE_DEAD"),
  FLOW_VERSION: read(U32, "0"),
  FLOW_RECONCILE_REQUESTED: free(BOOL, "false"),
  FLOW_RECONCILE_NEEDED: read(BOOL, "false"),
  VIP_V4: free(IP, "0.0.0.0"),
  VIP_V6: free(IP, "::"),
  ADMIN_STATE: free(BOOL, "false"),
  ACTIVATE_ROLE: free(BOOL, "false"),
  DASH_HA_STATE: read(enumOf("SAI_DASH_HA_STATE_"), "SAI_DASH_HA_STATE_DEAD"),
});

export const VIP_ENTRY = objectType("VIP_ENTRY", {
  ACTION: free(enumOf("SAI_VIP_ENTRY_ACTION_"), "SAI_VIP_ENTRY_ACTION_ACCEPT"),
});

export const DIRECTION_LOOKUP_ENTRY = objectType("DIRECTION_LOOKUP_ENTRY", {
  ACTION: free(
    enumOf("SAI_DIRECTION_LOOKUP_ENTRY_ACTION_"),
    "SAI_DIRECTION_LOOKUP_ENTRY_ACTION_SET_OUTBOUND_DIRECTION",
  ),
  DASH_ENI_MAC_OVERRIDE_TYPE: free(enumOf("SAI_DASH_ENI_MAC_OVERRIDE_TYPE_"), "SAI_DASH_ENI_MAC_OVERRIDE_TYPE_NONE"),
  DASH_ENI_MAC_TYPE: free(enumOf("SAI_DASH_ENI_MAC_TYPE_"), "SAI_DASH_ENI_MAC_TYPE_SRC_MAC"),
});

export const ENI_ETHER_ADDRESS_MAP_ENTRY = objectType("ENI_ETHER_ADDRESS_MAP_ENTRY", {
  ENI_ID: free(OID, "oid:0x0"),
});

export const INBOUND_ROUTING_ENTRY = objectType("INBOUND_ROUTING_ENTRY", {
  ACTION: free(enumOf("SAI_INBOUND_ROUTING_ENTRY_ACTION_"), "SAI_INBOUND_ROUTING_ENTRY_ACTION_VXLAN_DECAP"),
  SRC_VNET_ID: free(OID, "oid:0x0"),
  METER_CLASS_OR: free(U32, "0"),
  METER_CLASS_AND: free(U32, "4294967295"),
});

export const PA_VALIDATION_ENTRY = objectType("PA_VALIDATION_ENTRY", {
  ACTION: free(enumOf("SAI_PA_VALIDATION_ENTRY_ACTION_"), "SAI_PA_VALIDATION_ENTRY_ACTION_PERMIT"),
});

export const OUTBOUND_ROUTING_GROUP = objectType("OUTBOUND_ROUTING_GROUP", { DISABLED: free(BOOL, "false") });

export const OUTBOUND_ROUTING_ENTRY = objectType("OUTBOUND_ROUTING_ENTRY", {
  ACTION: free(enumOf("SAI_OUTBOUND_ROUTING_ENTRY_ACTION_"), "SAI_OUTBOUND_ROUTING_ENTRY_ACTION_ROUTE_VNET"),
  DST_VNET_ID: free(OID, "oid:0x0"),
  OVERLAY_IP: free(IP, "0.0.0.0"),
  OVERLAY_DIP: free(IP, "0.0.0.0"),
  OVERLAY_SIP: free(IP, "0.0.0.0"),
  UNDERLAY_DIP: free(IP, "0.0.0.0"),
  UNDERLAY_SIP: free(IP, "0.0.0.0"),
  DASH_ENCAPSULATION: free(enumOf("SAI_DASH_ENCAPSULATION_"), "SAI_DASH_ENCAPSULATION_VXLAN"),
  TUNNEL_KEY: free(U32, "0"),
  DASH_TUNNEL_ID: free(OID, "oid:0x0"),
  COUNTER_ID: free(OID, "oid:0x0"),
  METER_CLASS_OR: free(U32, "0"),
  METER_CLASS_AND: free(U32, "4294967295"),
});

export const OUTBOUND_CA_TO_PA_ENTRY = objectType("OUTBOUND_CA_TO_PA_ENTRY", {
  ACTION: free(enumOf("SAI_OUTBOUND_CA_TO_PA_ENTRY_ACTION_"), "SAI_OUTBOUND_CA_TO_PA_ENTRY_ACTION_SET_TUNNEL_MAPPING"),
  UNDERLAY_DIP: free(IP, "0.0.0.0"),
  OVERLAY_DMAC: free(MAC, "00:00:00:00:00:00"),
  USE_DST_VNET_VNI: free(BOOL, "false"),
  OVERLAY_SIP: free(IP, "0.0.0.0"),
  OVERLAY_DIP: free(IP, "0.0.0.0"),
  DASH_ENCAPSULATION: free(enumOf("SAI_DASH_ENCAPSULATION_"), "SAI_DASH_ENCAPSULATION_VXLAN"),
  TUNNEL_KEY: free(U32, "0"),
  DASH_TUNNEL_ID: free(OID, "oid:0x0"),
  METER_CLASS_OR: free(U32, "0"),
});

export const DASH_ACL_GROUP = objectType("DASH_ACL_GROUP", {
  IP_ADDR_FAMILY: fixedIfGiven(enumOf("SAI_IP_ADDR_FAMILY_"), "SAI_IP_ADDR_FAMILY_IPV4"),
});

export const DASH_ACL_RULE = objectType("DASH_ACL_RULE", {
  ACTION: free(enumOf("SAI_DASH_ACL_RULE_ACTION_"), "SAI_DASH_ACL_RULE_ACTION_PERMIT"),
  DASH_ACL_GROUP_ID: fixed(OID),
  PRIORITY: free(U32, "0"),
});

export const DASH_TUNNEL = objectType("DASH_TUNNEL", {
  DIP: free(IP, "0.0.0.0"),
  SIP: free(IP, "0.0.0.0"),
  DASH_ENCAPSULATION: free(enumOf("SAI_DASH_ENCAPSULATION_"), "SAI_DASH_ENCAPSULATION_VXLAN"),
  TUNNEL_KEY: free(U32, "0"),
  MAX_MEMBER_SIZE: fixedIfGiven(U32, "1"),
});

export const METER_POLICY = objectType("METER_POLICY", {
  IP_ADDR_FAMILY: fixedIfGiven(enumOf("SAI_IP_ADDR_FAMILY_"), "SAI_IP_ADDR_FAMILY_IPV4"),
});

export const FLOW_TABLE = objectType("FLOW_TABLE", {
  MAX_FLOW_COUNT: free(U32, "0"),
  DASH_FLOW_ENABLED_KEY: free(enumOf("SAI_DASH_FLOW_ENABLED_KEY_")),
  FLOW_TTL_IN_MILLISECONDS: free(U32, "0"),
});

export const FLOW_ENTRY_BULK_GET_SESSION = objectType("FLOW_ENTRY_BULK_GET_SESSION", {
  DASH_FLOW_ENTRY_BULK_GET_SESSION_MODE: free(enumOf("SAI_DASH_FLOW_ENTRY_BULK_GET_SESSION_MODE_")),
  BULK_GET_ENTRY_LIMITATION: free(U32, "0"),
  BULK_GET_SESSION_SERVER_IP: free(IP, "0.0.0.0"),
  BULK_GET_SESSION_SERVER_PORT: free(U16, "0"),
  FIRST_FLOW_ENTRY_BULK_GET_SESSION_FILTER_ID: free(OID, "oid:0x0"),
  FILTERS: read(listOf(OID), "0:null"),
});

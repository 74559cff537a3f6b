import { BOOL, enumOf, IP, listOf, MAC, OID, PREFIX, U8, U16, U32 } from "../value/kind.js";
import { fixed, fixedIfGiven, free, members, needed, objectType } from "./attribute.js";

const action = enumOf("SAI_PACKET_ACTION_");
const FORWARD = "SAI_PACKET_ACTION_FORWARD";

export const VIRTUAL_ROUTER = objectType("VIRTUAL_ROUTER", {
  ADMIN_V4_STATE: free(BOOL, "true"),
  ADMIN_V6_STATE: free(BOOL, "true"),
  SRC_MAC_ADDRESS: free(MAC),
  VIOLATION_TTL1_PACKET_ACTION: free(action, "SAI_PACKET_ACTION_TRAP"),
  VIOLATION_IP_OPTIONS_PACKET_ACTION: free(action, "SAI_PACKET_ACTION_TRAP"),
  UNKNOWN_L3_MULTICAST_PACKET_ACTION: free(action, "SAI_PACKET_ACTION_DROP"),
  LABEL: free(U32, "0"),
});

export const ROUTER_INTERFACE = objectType(
  "ROUTER_INTERFACE",
  {
    VIRTUAL_ROUTER_ID: fixed(OID),
    TYPE: fixed(enumOf("SAI_ROUTER_INTERFACE_TYPE_")),
    PORT_ID: fixedIfGiven(OID, "oid:0x0"),
    VLAN_ID: fixedIfGiven(OID, "oid:0x0"),
    OUTER_VLAN_ID: fixedIfGiven(U16, "0"),
    BRIDGE_ID: fixedIfGiven(OID, "oid:0x0"),
    SRC_MAC_ADDRESS: free(MAC),
    ADMIN_V4_STATE: free(BOOL, "true"),
    ADMIN_V6_STATE: free(BOOL, "true"),
    MTU: free(U32, "1514"),
    INGRESS_ACL: free(OID, "oid:0x0"),
    EGRESS_ACL: free(OID, "oid:0x0"),
    NEIGHBOR_MISS_PACKET_ACTION: free(action, "SAI_PACKET_ACTION_TRAP"),
    V4_MCAST_ENABLE: free(BOOL, "false"),
    V6_MCAST_ENABLE: free(BOOL, "false"),
    LOOPBACK_PACKET_ACTION: free(action, FORWARD),
    IS_VIRTUAL: fixedIfGiven(BOOL, "false"),
    NAT_ZONE_ID: free(U8, "0"),
    DISABLE_DECREMENT_TTL: free(BOOL, "false"),
    ADMIN_MPLS_STATE: free(BOOL, "false"),
  },
  [
    ...["IN_OCTETS", "IN_PACKETS", "IN_ERROR_OCTETS", "IN_ERROR_PACKETS"],
    ...["OUT_OCTETS", "OUT_PACKETS", "OUT_ERROR_OCTETS", "OUT_ERROR_PACKETS"],
  ],
);

export const NEIGHBOR_ENTRY = objectType("NEIGHBOR_ENTRY", {
  DST_MAC_ADDRESS: free(MAC),
  PACKET_ACTION: free(action, FORWARD),
  USER_TRAP_ID: free(OID, "oid:0x0"),
  NO_HOST_ROUTE: free(BOOL, "false"),
  META_DATA: free(U32, "0"),
  COUNTER_ID: free(OID, "oid:0x0"),
  ENCAP_INDEX: free(U32, "0"),
  ENCAP_IMPOSE_INDEX: free(BOOL, "false"),
  IS_LOCAL: free(BOOL, "true"),
});

export const NEXT_HOP = objectType("NEXT_HOP", {
  TYPE: fixed(enumOf("SAI_NEXT_HOP_TYPE_")),
  IP: fixedIfGiven(IP),
  ROUTER_INTERFACE_ID: fixedIfGiven(OID),
  TUNNEL_ID: fixedIfGiven(OID),
  TUNNEL_VNI: free(U32, "0"),
  TUNNEL_MAC: free(MAC, "00:00:00:00:00:00"),
  SRV6_SIDLIST_ID: free(OID, "oid:0x0"),
  LABELSTACK: fixedIfGiven(listOf(U32), "0:null"),
  COUNTER_ID: free(OID, "oid:0x0"),
  DISABLE_DECREMENT_TTL: free(BOOL, "false"),
  DISABLE_SRC_MAC_REWRITE: free(BOOL, "false"),
  DISABLE_DST_MAC_REWRITE: free(BOOL, "false"),
  DISABLE_VLAN_REWRITE: free(BOOL, "false"),
});

export const NEXT_HOP_GROUP = objectType("NEXT_HOP_GROUP", {
  TYPE: fixed(enumOf("SAI_NEXT_HOP_GROUP_TYPE_")),
  NEXT_HOP_COUNT: members(U32, "NEXT_HOP_GROUP_MEMBER", "NEXT_HOP_GROUP_ID"),
  NEXT_HOP_MEMBER_LIST: members(listOf(OID), "NEXT_HOP_GROUP_MEMBER", "NEXT_HOP_GROUP_ID"),
  SET_SWITCHOVER: free(BOOL, "false"),
  COUNTER_ID: free(OID, "oid:0x0"),
  CONFIGURED_SIZE: fixedIfGiven(U32),
  SELECTION_MAP: free(OID, "oid:0x0"),
  HIERARCHICAL_NEXTHOP: fixedIfGiven(BOOL, "true"),
});

export const NEXT_HOP_GROUP_MEMBER = objectType("NEXT_HOP_GROUP_MEMBER", {
  NEXT_HOP_GROUP_ID: fixed(OID),
  NEXT_HOP_ID: needed(OID),
  WEIGHT: free(U32, "1"),
  CONFIGURED_ROLE: fixedIfGiven(enumOf("SAI_NEXT_HOP_GROUP_MEMBER_CONFIGURED_ROLE_")),
  MONITORED_OBJECT: free(OID, "oid:0x0"),
  INDEX: fixedIfGiven(U32, "0"),
  SEQUENCE_ID: fixedIfGiven(U32, "0"),
  COUNTER_ID: free(OID, "oid:0x0"),
});

export const ROUTE_ENTRY = objectType("ROUTE_ENTRY", {
  PACKET_ACTION: free(action, FORWARD),
  NEXT_HOP_ID: free(OID, "oid:0x0"),
  USER_TRAP_ID: free(OID, "oid:0x0"),
  META_DATA: free(U32, "0"),
  COUNTER_ID: free(OID, "oid:0x0"),
  PREFIX_AGG_ID: free(U32, "0"),
});

export const MY_SID_ENTRY = objectType("MY_SID_ENTRY", {
  ENDPOINT_BEHAVIOR: needed(enumOf("SAI_MY_SID_ENTRY_ENDPOINT_BEHAVIOR_")),
  ENDPOINT_BEHAVIOR_FLAVOR: free(enumOf("SAI_MY_SID_ENTRY_ENDPOINT_BEHAVIOR_FLAVOR_")),
  PACKET_ACTION: free(action, FORWARD),
  NEXT_HOP_ID: free(OID, "oid:0x0"),
  TUNNEL_ID: free(OID, "oid:0x0"),
  VRF: free(OID, "oid:0x0"),
  COUNTER_ID: free(OID, "oid:0x0"),
});

export const INSEG_ENTRY = objectType("INSEG_ENTRY", {
  NUM_OF_POP: free(U8, "1"),
  PACKET_ACTION: free(action, FORWARD),
  NEXT_HOP_ID: free(OID, "oid:0x0"),
  TRAP_PRIORITY: free(U8),
});

export const TUNNEL_MAP = objectType("TUNNEL_MAP", {
  TYPE: fixed(enumOf("SAI_TUNNEL_MAP_TYPE_")),
  ENTRY_LIST: members(listOf(OID), "TUNNEL_MAP_ENTRY", "TUNNEL_MAP"),
});

export const TUNNEL_MAP_ENTRY = objectType("TUNNEL_MAP_ENTRY", {
  TUNNEL_MAP_TYPE: fixed(enumOf("SAI_TUNNEL_MAP_TYPE_")),
  TUNNEL_MAP: fixed(OID),
  VLAN_ID_KEY: fixedIfGiven(U16),
  VLAN_ID_VALUE: fixedIfGiven(U16),
  VNI_ID_KEY: fixedIfGiven(U32),
  VNI_ID_VALUE: fixedIfGiven(U32),
  BRIDGE_ID_KEY: fixedIfGiven(OID),
  BRIDGE_ID_VALUE: fixedIfGiven(OID),
  VIRTUAL_ROUTER_ID_KEY: fixedIfGiven(OID),
  VIRTUAL_ROUTER_ID_VALUE: fixedIfGiven(OID),
});

export const TUNNEL = objectType("TUNNEL", {
  TYPE: fixed(enumOf("SAI_TUNNEL_TYPE_")),
  UNDERLAY_INTERFACE: fixedIfGiven(OID),
  OVERLAY_INTERFACE: fixedIfGiven(OID),
  PEER_MODE: fixedIfGiven(enumOf("SAI_TUNNEL_PEER_MODE_"), "SAI_TUNNEL_PEER_MODE_P2MP"),
  ENCAP_SRC_IP: fixedIfGiven(IP),
  ENCAP_DST_IP: fixedIfGiven(IP),
  ENCAP_TTL_MODE: free(enumOf("SAI_TUNNEL_TTL_MODE_"), "SAI_TUNNEL_TTL_MODE_UNIFORM_MODEL"),
  ENCAP_TTL_VAL: free(U8, "0"),
  ENCAP_DSCP_MODE: free(enumOf("SAI_TUNNEL_DSCP_MODE_"), "SAI_TUNNEL_DSCP_MODE_UNIFORM_MODEL"),
  ENCAP_DSCP_VAL: free(U8, "0"),
  ENCAP_ECN_MODE: fixedIfGiven(enumOf("SAI_TUNNEL_ENCAP_ECN_MODE_"), "SAI_TUNNEL_ENCAP_ECN_MODE_STANDARD"),
  ENCAP_MAPPERS: fixedIfGiven(listOf(OID), "0:null"),
  ENCAP_QOS_TC_TO_QUEUE_MAP: free(OID, "oid:0x0"),
  ENCAP_QOS_TC_AND_COLOR_TO_DSCP_MAP: free(OID, "oid:0x0"),
  DECAP_ECN_MODE: fixedIfGiven(enumOf("SAI_TUNNEL_DECAP_ECN_MODE_"), "SAI_TUNNEL_DECAP_ECN_MODE_STANDARD"),
  DECAP_MAPPERS: fixedIfGiven(listOf(OID), "0:null"),
  DECAP_TTL_MODE: free(enumOf("SAI_TUNNEL_TTL_MODE_"), "SAI_TUNNEL_TTL_MODE_UNIFORM_MODEL"),
  DECAP_DSCP_MODE: free(enumOf("SAI_TUNNEL_DSCP_MODE_"), "SAI_TUNNEL_DSCP_MODE_UNIFORM_MODEL"),
  DECAP_QOS_DSCP_TO_TC_MAP: free(OID, "oid:0x0"),
  DECAP_QOS_TC_TO_PRIORITY_GROUP_MAP: free(OID, "oid:0x0"),
  TERM_TABLE_ENTRY_LIST: members(listOf(OID), "TUNNEL_TERM_TABLE_ENTRY", "ACTION_TUNNEL_ID"),
});

export const TUNNEL_TERM_TABLE_ENTRY = objectType("TUNNEL_TERM_TABLE_ENTRY", {
  VR_ID: fixed(OID),
  TYPE: fixed(enumOf("SAI_TUNNEL_TERM_TABLE_ENTRY_TYPE_")),
  DST_IP: fixedIfGiven(IP),
  DST_IP_MASK: fixedIfGiven(IP),
  SRC_IP: fixedIfGiven(IP),
  SRC_IP_MASK: fixedIfGiven(IP),
  TUNNEL_TYPE: fixed(enumOf("SAI_TUNNEL_TYPE_")),
  ACTION_TUNNEL_ID: fixed(OID),
});

export const SRV6_SIDLIST = objectType("SRV6_SIDLIST", {
  TYPE: fixed(enumOf("SAI_SRV6_SIDLIST_TYPE_")),
  SEGMENT_LIST: free(listOf(IP), "0:null"),
});

export const COUNTER = objectType("COUNTER", {
  TYPE: fixedIfGiven(enumOf("SAI_COUNTER_TYPE_"), "SAI_COUNTER_TYPE_REGULAR"),
  LABEL: free(U32),
  PREFIX: fixedIfGiven(PREFIX),
});

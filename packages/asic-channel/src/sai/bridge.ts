import { BOOL, enumOf, IP, listOf, MAC, OID, U16, U32 } from "../value/kind.js";
import { fixed, fixedIfGiven, free, members, needed, objectType, read } from "./attribute.js";

export const VLAN = objectType("VLAN", {
  VLAN_ID: fixed(U16),
  MEMBER_LIST: members(listOf(OID), "VLAN_MEMBER", "VLAN_ID"),
  MAX_LEARNED_ADDRESSES: free(U32, "0"),
  STP_INSTANCE: free(OID),
  LEARN_DISABLE: free(BOOL, "false"),
  UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE: free(enumOf("SAI_VLAN_FLOOD_CONTROL_TYPE_"), "SAI_VLAN_FLOOD_CONTROL_TYPE_ALL"),
  UNKNOWN_UNICAST_FLOOD_GROUP: free(OID, "oid:0x0"),
  UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE: free(enumOf("SAI_VLAN_FLOOD_CONTROL_TYPE_"), "SAI_VLAN_FLOOD_CONTROL_TYPE_ALL"),
  BROADCAST_FLOOD_CONTROL_TYPE: free(enumOf("SAI_VLAN_FLOOD_CONTROL_TYPE_"), "SAI_VLAN_FLOOD_CONTROL_TYPE_ALL"),
  BROADCAST_FLOOD_GROUP: free(OID, "oid:0x0"),
  INGRESS_ACL: free(OID, "oid:0x0"),
  EGRESS_ACL: free(OID, "oid:0x0"),
});

export const VLAN_MEMBER = objectType("VLAN_MEMBER", {
  VLAN_ID: fixed(OID),
  BRIDGE_PORT_ID: fixed(OID),
  VLAN_TAGGING_MODE: free(enumOf("SAI_VLAN_TAGGING_MODE_"), "SAI_VLAN_TAGGING_MODE_UNTAGGED"),
});

export const BRIDGE = objectType("BRIDGE", {
  TYPE: fixed(enumOf("SAI_BRIDGE_TYPE_")),
  PORT_LIST: members(listOf(OID), "BRIDGE_PORT", "BRIDGE_ID"),
  MAX_LEARNED_ADDRESSES: free(U32, "0"),
  LEARN_DISABLE: free(BOOL, "false"),
});

export const BRIDGE_PORT = objectType("BRIDGE_PORT", {
  TYPE: fixed(enumOf("SAI_BRIDGE_PORT_TYPE_")),
  PORT_ID: fixedIfGiven(OID, "oid:0x0"),
  VLAN_ID: fixedIfGiven(U16, "0"),
  RIF_ID: fixedIfGiven(OID, "oid:0x0"),
  TUNNEL_ID: fixedIfGiven(OID, "oid:0x0"),
  BRIDGE_ID: free(OID),
  TAGGING_MODE: free(enumOf("SAI_BRIDGE_PORT_TAGGING_MODE_"), "SAI_BRIDGE_PORT_TAGGING_MODE_TAGGED"),
  FDB_LEARNING_MODE: free(enumOf("SAI_BRIDGE_PORT_FDB_LEARNING_MODE_"), "SAI_BRIDGE_PORT_FDB_LEARNING_MODE_HW"),
  MAX_LEARNED_ADDRESSES: free(U32, "0"),
  INGRESS_FILTERING: free(BOOL, "false"),
  EGRESS_FILTERING: free(BOOL, "false"),
  ISOLATION_GROUP: free(OID, "oid:0x0"),
  ADMIN_STATE: free(BOOL, "false"),
});

export const FDB_ENTRY = objectType("FDB_ENTRY", {
  TYPE: needed(enumOf("SAI_FDB_ENTRY_TYPE_")),
  BRIDGE_PORT_ID: free(OID, "oid:0x0"),
  PACKET_ACTION: free(enumOf("SAI_PACKET_ACTION_"), "SAI_PACKET_ACTION_FORWARD"),
  USER_TRAP_ID: free(OID, "oid:0x0"),
  META_DATA: free(U32, "0"),
  ENDPOINT_IP: free(IP, "0.0.0.0"),
  COUNTER_ID: free(OID, "oid:0x0"),
  ALLOW_MAC_MOVE: free(BOOL, "false"),
});

export const LAG = objectType("LAG", {
  PORT_LIST: members(listOf(OID), "LAG_MEMBER", "LAG_ID"),
  INGRESS_ACL: free(OID, "oid:0x0"),
  EGRESS_ACL: free(OID, "oid:0x0"),
  PORT_VLAN_ID: free(U16, "1"),
  DROP_UNTAGGED: free(BOOL, "false"),
  DROP_TAGGED: free(BOOL, "false"),
  SYSTEM_PORT_AGGREGATE_ID: fixedIfGiven(U32, "0"),
});

export const LAG_MEMBER = objectType("LAG_MEMBER", {
  LAG_ID: fixed(OID),
  PORT_ID: fixed(OID),
  EGRESS_DISABLE: free(BOOL, "false"),
  INGRESS_DISABLE: free(BOOL, "false"),
});

export const STP = objectType("STP", {
  PORT_LIST: members(listOf(OID), "STP_PORT", "STP"),
  VLAN_LIST: read(listOf(U16), "0:null"),
  BRIDGE_ID: read(OID, "oid:0x0"),
});

export const STP_PORT = objectType("STP_PORT", {
  STP: fixed(OID),
  BRIDGE_PORT: fixed(OID),
  STATE: needed(enumOf("SAI_STP_PORT_STATE_")),
});

export const L2MC_GROUP = objectType("L2MC_GROUP", {
  L2MC_MEMBER_LIST: members(listOf(OID), "L2MC_GROUP_MEMBER", "L2MC_GROUP_ID"),
});

export const L2MC_GROUP_MEMBER = objectType("L2MC_GROUP_MEMBER", {
  L2MC_GROUP_ID: fixed(OID),
  L2MC_OUTPUT_ID: fixed(OID),
  L2MC_ENDPOINT_IP: fixedIfGiven(IP, "0.0.0.0"),
});

export const ISOLATION_GROUP = objectType("ISOLATION_GROUP", {
  TYPE: fixed(enumOf("SAI_ISOLATION_GROUP_TYPE_")),
  ISOLATION_MEMBER_LIST: members(listOf(OID), "ISOLATION_GROUP_MEMBER", "ISOLATION_GROUP_ID"),
});

export const ISOLATION_GROUP_MEMBER = objectType("ISOLATION_GROUP_MEMBER", {
  ISOLATION_GROUP_ID: fixed(OID),
  ISOLATION_OBJECT: fixed(OID),
});

export const FDB_FLUSH = objectType("FDB_FLUSH", {
  BRIDGE_PORT_ID: free(OID, "oid:0x0"),
  BV_ID: free(OID, "oid:0x0"),
  ENTRY_TYPE: free(enumOf("SAI_FDB_FLUSH_ENTRY_TYPE_"), "SAI_FDB_FLUSH_ENTRY_TYPE_DYNAMIC"),
});

export const BFD_SESSION = objectType("BFD_SESSION", {
  TYPE: fixed(enumOf("SAI_BFD_SESSION_TYPE_")),
  HW_LOOKUP_VALID: fixedIfGiven(BOOL, "true"),
  VIRTUAL_ROUTER: fixedIfGiven(OID, "oid:0x0"),
  PORT: free(OID, "oid:0x0"),
  LOCAL_DISCRIMINATOR: fixed(U32),
  REMOTE_DISCRIMINATOR: free(U32, "0"),
  UDP_SRC_PORT: fixed(U32),
  TOS: free(U32, "0"),
  TTL: free(U32, "255"),
  BFD_ENCAPSULATION_TYPE: fixedIfGiven(enumOf("SAI_BFD_ENCAPSULATION_TYPE_"), "SAI_BFD_ENCAPSULATION_TYPE_NONE"),
  IPHDR_VERSION: fixed(U32),
  SRC_IP_ADDRESS: fixed(IP),
  DST_IP_ADDRESS: fixed(IP),
  SRC_MAC_ADDRESS: free(MAC),
  DST_MAC_ADDRESS: free(MAC),
  MULTIHOP: fixedIfGiven(BOOL, "false"),
  MIN_TX: needed(U32),
  MIN_RX: needed(U32),
  MULTIPLIER: needed(U32),
  OFFLOAD_TYPE: fixedIfGiven(enumOf("SAI_BFD_SESSION_OFFLOAD_TYPE_"), "SAI_BFD_SESSION_OFFLOAD_TYPE_NONE"),
  STATE: read(enumOf("SAI_BFD_SESSION_STATE_"), "SAI_BFD_SESSION_STATE_DOWN"),
});

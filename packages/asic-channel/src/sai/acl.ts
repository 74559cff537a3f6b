import {
  aclAction,
  aclField,
  BOOL,
  enumOf,
  IPV4,
  IPV6,
  type Kind,
  listOf,
  MAC,
  OID,
  U8,
  U16,
  U32,
  U64,
} from "../value/kind.js";
import { type Declared, fixed, fixedIfGiven, free, members, objectType } from "./attribute.js";

/** What an ACL entry may match, and what its value is. */
const FIELDS: Readonly<Record<string, Kind>> = {
  SRC_IPV6: IPV6,
  DST_IPV6: IPV6,
  INNER_SRC_IPV6: IPV6,
  INNER_DST_IPV6: IPV6,
  SRC_MAC: MAC,
  DST_MAC: MAC,
  SRC_IP: IPV4,
  DST_IP: IPV4,
  INNER_SRC_IP: IPV4,
  INNER_DST_IP: IPV4,
  IN_PORTS: listOf(OID),
  OUT_PORTS: listOf(OID),
  IN_PORT: OID,
  OUT_PORT: OID,
  OUTER_VLAN_ID: U16,
  OUTER_VLAN_PRI: U8,
  INNER_VLAN_ID: U16,
  L4_SRC_PORT: U16,
  L4_DST_PORT: U16,
  INNER_L4_SRC_PORT: U16,
  INNER_L4_DST_PORT: U16,
  ETHER_TYPE: U16,
  INNER_ETHER_TYPE: U16,
  IP_PROTOCOL: U8,
  INNER_IP_PROTOCOL: U8,
  IPV6_NEXT_HEADER: U8,
  DSCP: U8,
  ECN: U8,
  TTL: U8,
  TOS: U8,
  TCP_FLAGS: U8,
  ACL_IP_TYPE: enumOf("SAI_ACL_IP_TYPE_"),
  ACL_IP_FRAG: enumOf("SAI_ACL_IP_FRAG_"),
  ICMP_TYPE: U8,
  ICMP_CODE: U8,
  ICMPV6_TYPE: U8,
  ICMPV6_CODE: U8,
  TC: U8,
  TUNNEL_VNI: U32,
  TUNNEL_TERMINATED: BOOL,
  BTH_OPCODE: U8,
  AETH_SYNDROME: U8,
  ACL_USER_META: U32,
  ROUTE_DST_USER_META: U32,
  VRF_ID: OID,
  HAS_VLAN_TAG: BOOL,
};

const ACTIONS: Readonly<Record<string, Kind>> = {
  REDIRECT: OID,
  PACKET_ACTION: enumOf("SAI_PACKET_ACTION_"),
  COUNTER: OID,
  MIRROR_INGRESS: listOf(OID),
  MIRROR_EGRESS: listOf(OID),
  SET_POLICER: OID,
  SET_TC: U8,
  SET_PACKET_COLOR: enumOf("SAI_PACKET_COLOR_"),
  SET_DSCP: U8,
  SET_ECN: U8,
  SET_SRC_MAC: MAC,
  SET_DST_MAC: MAC,
  SET_VRF: OID,
  SET_ACL_META_DATA: U32,
  SET_OUTER_VLAN_ID: U16,
  SET_DO_NOT_LEARN: BOOL,
  NO_NAT: BOOL,
  EGRESS_BLOCK_PORT_LIST: listOf(OID),
  INGRESS_SAMPLEPACKET_ENABLE: OID,
  TAM_INT_OBJECT: OID,
  DISABLE_ARS_FORWARDING: BOOL,
};

const prefixed = (
  prefix: string,
  of: (kind: Kind) => Declared[string],
  kinds: Readonly<Record<string, Kind>>,
): Declared => Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [`${prefix}${name}`, of(kind)]));

export const ACL_TABLE = objectType("ACL_TABLE", {
  ACL_STAGE: fixed(enumOf("SAI_ACL_STAGE_")),
  ACL_BIND_POINT_TYPE_LIST: fixedIfGiven(listOf(enumOf("SAI_ACL_BIND_POINT_TYPE_")), "0:null"),
  SIZE: fixedIfGiven(U32, "0"),
  ACL_ACTION_TYPE_LIST: fixedIfGiven(listOf(enumOf("SAI_ACL_ACTION_TYPE_")), "0:null"),
  ...prefixed("FIELD_", () => fixedIfGiven(BOOL, "false"), FIELDS),
  FIELD_ACL_RANGE_TYPE: fixedIfGiven(listOf(enumOf("SAI_ACL_RANGE_TYPE_")), "0:null"),
  USER_DEFINED_FIELD_GROUP_MIN: fixedIfGiven(OID, "oid:0x0"),
  ENTRY_LIST: members(listOf(OID), "ACL_ENTRY", "TABLE_ID"),
  AVAILABLE_ACL_ENTRY: members(U32, "ACL_ENTRY", "TABLE_ID"),
  AVAILABLE_ACL_COUNTER: members(U32, "ACL_COUNTER", "TABLE_ID"),
});

export const ACL_ENTRY = objectType("ACL_ENTRY", {
  TABLE_ID: fixed(OID),
  PRIORITY: free(U32, "0"),
  ADMIN_STATE: free(BOOL, "true"),
  ...prefixed("FIELD_", (kind) => free(aclField(kind), "disabled"), FIELDS),
  FIELD_ACL_RANGE_TYPE: free(aclField(listOf(OID)), "disabled"),
  ...prefixed("ACTION_", (kind) => free(aclAction(kind), "disabled"), ACTIONS),
});

export const ACL_COUNTER = objectType("ACL_COUNTER", {
  TABLE_ID: fixed(OID),
  ENABLE_PACKET_COUNT: fixedIfGiven(BOOL, "false"),
  ENABLE_BYTE_COUNT: fixedIfGiven(BOOL, "false"),
  PACKETS: free(U64, "0"),
  BYTES: free(U64, "0"),
});

export const ACL_TABLE_GROUP = objectType("ACL_TABLE_GROUP", {
  ACL_STAGE: fixed(enumOf("SAI_ACL_STAGE_")),
  ACL_BIND_POINT_TYPE_LIST: fixedIfGiven(listOf(enumOf("SAI_ACL_BIND_POINT_TYPE_")), "0:null"),
  TYPE: fixedIfGiven(enumOf("SAI_ACL_TABLE_GROUP_TYPE_"), "SAI_ACL_TABLE_GROUP_TYPE_SEQUENTIAL"),
  MEMBER_LIST: members(listOf(OID), "ACL_TABLE_GROUP_MEMBER", "ACL_TABLE_GROUP_ID"),
});

export const ACL_TABLE_GROUP_MEMBER = objectType("ACL_TABLE_GROUP_MEMBER", {
  ACL_TABLE_GROUP_ID: fixed(OID),
  ACL_TABLE_ID: fixed(OID),
  PRIORITY: fixed(U32),
});

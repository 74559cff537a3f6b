import { BOOL, enumOf, IP, JSON_LIST, listOf, MAC, OID, rangeOf, S8, U8, U16, U32, U64 } from "../value/kind.js";
import { fixed, fixedIfGiven, free, needed, objectType, read } from "./attribute.js";

export const SCHEDULER = objectType("SCHEDULER", {
  SCHEDULING_TYPE: free(enumOf("SAI_SCHEDULING_TYPE_"), "SAI_SCHEDULING_TYPE_WRR"),
  SCHEDULING_WEIGHT: free(U8, "1"),
  METER_TYPE: free(enumOf("SAI_METER_TYPE_"), "SAI_METER_TYPE_BYTES"),
  MIN_BANDWIDTH_RATE: free(U64, "0"),
  MIN_BANDWIDTH_BURST_RATE: free(U64, "0"),
  MAX_BANDWIDTH_RATE: free(U64, "0"),
  MAX_BANDWIDTH_BURST_RATE: free(U64, "0"),
});

export const QOS_MAP = objectType("QOS_MAP", {
  TYPE: fixed(enumOf("SAI_QOS_MAP_TYPE_")),
  MAP_TO_VALUE_LIST: needed(JSON_LIST),
});

const colours = ["GREEN", "YELLOW", "RED"];

export const WRED = objectType("WRED", {
  ...Object.fromEntries(
    colours.flatMap((colour) => [
      [`${colour}_ENABLE`, free(BOOL, "false")],
      [`${colour}_MIN_THRESHOLD`, free(U32, "0")],
      [`${colour}_MAX_THRESHOLD`, free(U32, "0")],
      [`${colour}_DROP_PROBABILITY`, free(U32, "100")],
      [`ECN_${colour}_MIN_THRESHOLD`, free(U32, "0")],
      [`ECN_${colour}_MAX_THRESHOLD`, free(U32, "0")],
      [`ECN_${colour}_MARK_PROBABILITY`, free(U32, "100")],
    ]),
  ),
  WEIGHT: free(U8, "0"),
  ECN_MARK_MODE: free(enumOf("SAI_ECN_MARK_MODE_"), "SAI_ECN_MARK_MODE_NONE"),
});

export const BUFFER_POOL = objectType(
  "BUFFER_POOL",
  {
    TYPE: fixed(enumOf("SAI_BUFFER_POOL_TYPE_")),
    SIZE: needed(U64),
    SHARED_SIZE: read(U64, "0"),
    THRESHOLD_MODE: fixedIfGiven(enumOf("SAI_BUFFER_POOL_THRESHOLD_MODE_"), "SAI_BUFFER_POOL_THRESHOLD_MODE_DYNAMIC"),
    XOFF_SIZE: free(U64, "0"),
    WRED_PROFILE_ID: free(OID, "oid:0x0"),
  },
  ["CURR_OCCUPANCY_BYTES", "WATERMARK_BYTES", "DROPPED_PACKETS"],
);

export const BUFFER_PROFILE = objectType("BUFFER_PROFILE", {
  POOL_ID: needed(OID),
  RESERVED_BUFFER_SIZE: free(U64),
  BUFFER_SIZE: free(U64),
  THRESHOLD_MODE: fixed(enumOf("SAI_BUFFER_PROFILE_THRESHOLD_MODE_")),
  SHARED_DYNAMIC_TH: free(S8),
  SHARED_STATIC_TH: free(U64),
  XOFF_TH: free(U64, "0"),
  XON_TH: free(U64, "0"),
  XON_OFFSET_TH: free(U64, "0"),
});

export const POLICER = objectType(
  "POLICER",
  {
    METER_TYPE: fixed(enumOf("SAI_METER_TYPE_")),
    MODE: fixed(enumOf("SAI_POLICER_MODE_")),
    COLOR_SOURCE: fixedIfGiven(enumOf("SAI_POLICER_COLOR_SOURCE_"), "SAI_POLICER_COLOR_SOURCE_AWARE"),
    CBS: free(U64, "0"),
    CIR: free(U64, "0"),
    PBS: free(U64, "0"),
    PIR: free(U64, "0"),
    GREEN_PACKET_ACTION: free(enumOf("SAI_PACKET_ACTION_"), "SAI_PACKET_ACTION_FORWARD"),
    YELLOW_PACKET_ACTION: free(enumOf("SAI_PACKET_ACTION_"), "SAI_PACKET_ACTION_FORWARD"),
    RED_PACKET_ACTION: free(enumOf("SAI_PACKET_ACTION_"), "SAI_PACKET_ACTION_FORWARD"),
  },
  ["PACKETS", "ATTR_BYTES", "GREEN_PACKETS", "YELLOW_PACKETS", "RED_PACKETS"],
);

export const MIRROR_SESSION = objectType("MIRROR_SESSION", {
  TYPE: fixed(enumOf("SAI_MIRROR_SESSION_TYPE_")),
  MONITOR_PORT: free(OID, "oid:0x0"),
  TRUNCATE_SIZE: free(U16, "0"),
  SAMPLE_RATE: free(U32, "1"),
  TC: free(U8, "0"),
  VLAN_HEADER_VALID: free(BOOL, "false"),
  VLAN_TPID: free(U16, "33024"),
  VLAN_ID: free(U16),
  VLAN_PRI: free(U8, "0"),
  VLAN_CFI: free(U8, "0"),
  ERSPAN_ENCAPSULATION_TYPE: fixedIfGiven(enumOf("SAI_ERSPAN_ENCAPSULATION_TYPE_")),
  IPHDR_VERSION: free(U8),
  TOS: free(U8),
  TTL: free(U8, "255"),
  SRC_IP_ADDRESS: free(IP),
  DST_IP_ADDRESS: free(IP),
  SRC_MAC_ADDRESS: free(MAC),
  DST_MAC_ADDRESS: free(MAC),
  GRE_PROTOCOL_TYPE: free(U16),
  POLICER: free(OID, "oid:0x0"),
});

export const SAMPLEPACKET = objectType("SAMPLEPACKET", {
  SAMPLE_RATE: needed(U32),
  TYPE: fixedIfGiven(enumOf("SAI_SAMPLEPACKET_TYPE_"), "SAI_SAMPLEPACKET_TYPE_SLOW_PATH"),
  MODE: fixedIfGiven(enumOf("SAI_SAMPLEPACKET_MODE_"), "SAI_SAMPLEPACKET_MODE_EXCLUSIVE"),
});

export const HASH = objectType("HASH", {
  NATIVE_HASH_FIELD_LIST: free(listOf(enumOf("SAI_NATIVE_HASH_FIELD_")), "0:null"),
  UDF_GROUP_LIST: free(listOf(OID), "0:null"),
  FINE_GRAINED_HASH_FIELD_LIST: free(listOf(OID), "0:null"),
});

export const ACL_RANGE = objectType("ACL_RANGE", {
  TYPE: fixed(enumOf("SAI_ACL_RANGE_TYPE_")),
  LIMIT: fixed(rangeOf(U32)),
});

import { BOOL, CHARDATA, enumOf, listOf, MAC, OID, S32, U8, U16, U32, U64 } from "../value/kind.js";
import { fixed, fixedIfGiven, free, members, needed, objectType, read } from "./attribute.js";

const maps = [
  ...["DOT1P_TO_TC", "DOT1P_TO_COLOR", "DSCP_TO_TC", "DSCP_TO_COLOR", "TC_TO_QUEUE", "TC_AND_COLOR_TO_DOT1P"],
  ...["TC_AND_COLOR_TO_DSCP", "TC_TO_PRIORITY_GROUP", "PFC_PRIORITY_TO_PRIORITY_GROUP", "PFC_PRIORITY_TO_QUEUE"],
  ...["MPLS_EXP_TO_TC", "MPLS_EXP_TO_FORWARDING_CLASS", "DSCP_TO_FORWARDING_CLASS"],
];

export const PORT = objectType(
  "PORT",
  {
    HW_LANE_LIST: fixed(listOf(U32)),
    SPEED: needed(U32),
    TYPE: read(enumOf("SAI_PORT_TYPE_"), "SAI_PORT_TYPE_LOGICAL"),
    OPER_STATUS: read(enumOf("SAI_PORT_OPER_STATUS_"), "SAI_PORT_OPER_STATUS_DOWN"),
    OPER_SPEED: read(U32),
    ADMIN_STATE: free(BOOL, "false"),
    MEDIA_TYPE: free(enumOf("SAI_PORT_MEDIA_TYPE_"), "SAI_PORT_MEDIA_TYPE_NOT_PRESENT"),
    AUTO_NEG_MODE: free(BOOL, "false"),
    ADVERTISED_SPEED: free(listOf(U32), "0:null"),
    ADVERTISED_INTERFACE_TYPE: free(listOf(enumOf("SAI_PORT_INTERFACE_TYPE_")), "0:null"),
    INTERFACE_TYPE: free(enumOf("SAI_PORT_INTERFACE_TYPE_"), "SAI_PORT_INTERFACE_TYPE_NONE"),
    FEC_MODE: free(enumOf("SAI_PORT_FEC_MODE_"), "SAI_PORT_FEC_MODE_NONE"),
    AUTO_NEG_FEC_MODE_OVERRIDE: free(BOOL, "false"),
    LINK_TRAINING_ENABLE: free(BOOL, "false"),
    MTU: free(U32, "1514"),
    PORT_VLAN_ID: free(U16, "1"),
    DEFAULT_VLAN_PRIORITY: free(U8, "0"),
    DROP_UNTAGGED: free(BOOL, "false"),
    DROP_TAGGED: free(BOOL, "false"),
    INTERNAL_LOOPBACK_MODE: free(enumOf("SAI_PORT_INTERNAL_LOOPBACK_MODE_"), "SAI_PORT_INTERNAL_LOOPBACK_MODE_NONE"),
    LOOPBACK_MODE: free(enumOf("SAI_PORT_LOOPBACK_MODE_"), "SAI_PORT_LOOPBACK_MODE_NONE"),
    GLOBAL_FLOW_CONTROL_MODE: free(enumOf("SAI_PORT_FLOW_CONTROL_MODE_"), "SAI_PORT_FLOW_CONTROL_MODE_DISABLE"),
    PRIORITY_FLOW_CONTROL_MODE: free(
      enumOf("SAI_PORT_PRIORITY_FLOW_CONTROL_MODE_"),
      "SAI_PORT_PRIORITY_FLOW_CONTROL_MODE_COMBINED",
    ),
    PRIORITY_FLOW_CONTROL: free(U8, "0"),
    PRIORITY_FLOW_CONTROL_RX: free(U8, "0"),
    PRIORITY_FLOW_CONTROL_TX: free(U8, "0"),
    INGRESS_ACL: free(OID, "oid:0x0"),
    EGRESS_ACL: free(OID, "oid:0x0"),
    INGRESS_MIRROR_SESSION: free(listOf(OID), "0:null"),
    EGRESS_MIRROR_SESSION: free(listOf(OID), "0:null"),
    INGRESS_SAMPLEPACKET_ENABLE: free(OID, "oid:0x0"),
    EGRESS_SAMPLEPACKET_ENABLE: free(OID, "oid:0x0"),
    POLICER_ID: free(OID, "oid:0x0"),
    FLOOD_STORM_CONTROL_POLICER_ID: free(OID, "oid:0x0"),
    BROADCAST_STORM_CONTROL_POLICER_ID: free(OID, "oid:0x0"),
    MULTICAST_STORM_CONTROL_POLICER_ID: free(OID, "oid:0x0"),
    QOS_DEFAULT_TC: free(U8, "0"),
    ...Object.fromEntries(maps.map((map) => [`QOS_${map}_MAP`, free(OID, "oid:0x0")])),
    QOS_SCHEDULER_PROFILE_ID: free(OID, "oid:0x0"),
    QOS_INGRESS_BUFFER_PROFILE_LIST: free(listOf(OID), "0:null"),
    QOS_EGRESS_BUFFER_PROFILE_LIST: free(listOf(OID), "0:null"),
    EGRESS_BLOCK_PORT_LIST: free(listOf(OID), "0:null"),
    ISOLATION_GROUP: free(OID, "oid:0x0"),
    HW_PROFILE_ID: free(U64, "0"),
    SERDES_PREEMPHASIS: free(listOf(U32), "0:null"),
    PORT_SERDES_ID: read(OID, "oid:0x0"),
    PKT_TX_ENABLE: free(BOOL, "true"),
    HOST_TX_SIGNAL_ENABLE: free(BOOL, "false"),
    HOST_TX_READY_STATUS: read(enumOf("SAI_PORT_HOST_TX_READY_STATUS_"), "SAI_PORT_HOST_TX_READY_STATUS_READY"),
    SUPPORTED_SPEED: read(listOf(U32), "4:10000,25000,50000,100000"),
    SUPPORTED_FEC_MODE: read(listOf(enumOf("SAI_PORT_FEC_MODE_")), "2:SAI_PORT_FEC_MODE_NONE,SAI_PORT_FEC_MODE_RS"),
    SUPPORTED_AUTO_NEG_MODE: read(BOOL, "true"),
    SUPPORTED_LINK_TRAINING_MODE: read(BOOL, "true"),
    SUPPORTED_INTERFACE_TYPE: read(listOf(enumOf("SAI_PORT_INTERFACE_TYPE_")), "0:null"),
    QOS_NUMBER_OF_QUEUES: members(U32, "QUEUE", "PORT"),
    QOS_QUEUE_LIST: members(listOf(OID), "QUEUE", "PORT"),
    NUMBER_OF_INGRESS_PRIORITY_GROUPS: members(U32, "INGRESS_PRIORITY_GROUP", "PORT"),
    INGRESS_PRIORITY_GROUP_LIST: members(listOf(OID), "INGRESS_PRIORITY_GROUP", "PORT"),
    QOS_NUMBER_OF_SCHEDULER_GROUPS: members(U32, "SCHEDULER_GROUP", "PORT_ID"),
    QOS_SCHEDULER_GROUP_LIST: members(listOf(OID), "SCHEDULER_GROUP", "PORT_ID"),
  },
  [
    ...["IF_IN_OCTETS", "IF_IN_UCAST_PKTS", "IF_IN_NON_UCAST_PKTS", "IF_IN_DISCARDS", "IF_IN_ERRORS"],
    ...["IF_OUT_OCTETS", "IF_OUT_UCAST_PKTS", "IF_OUT_NON_UCAST_PKTS", "IF_OUT_DISCARDS", "IF_OUT_ERRORS"],
    ...["IF_OUT_QLEN", "ETHER_STATS_OVERSIZE_PKTS", "IN_DROPPED_PKTS", "OUT_DROPPED_PKTS"],
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((pg) => [`PFC_${pg}_RX_PKTS`, `PFC_${pg}_TX_PKTS`]),
  ],
);

export const QUEUE = objectType(
  "QUEUE",
  {
    TYPE: fixed(enumOf("SAI_QUEUE_TYPE_")),
    PORT: fixed(OID),
    INDEX: fixed(U8),
    PARENT_SCHEDULER_NODE: free(OID, "oid:0x0"),
    WRED_PROFILE_ID: free(OID, "oid:0x0"),
    BUFFER_PROFILE_ID: free(OID, "oid:0x0"),
    SCHEDULER_PROFILE_ID: free(OID, "oid:0x0"),
    ENABLE_PFC_DLDR: free(BOOL, "false"),
    PFC_DLR_INIT: free(BOOL, "false"),
    PFC_DLR_PACKET_ACTION: free(enumOf("SAI_PACKET_ACTION_"), "SAI_PACKET_ACTION_DROP"),
    PAUSE_STATUS: read(BOOL, "false"),
  },
  [
    ...["PACKETS", "BYTES", "DROPPED_PACKETS", "DROPPED_BYTES", "CURR_OCCUPANCY_BYTES", "WATERMARK_BYTES"],
    ...["SHARED_CURR_OCCUPANCY_BYTES", "SHARED_WATERMARK_BYTES"],
  ],
);

export const INGRESS_PRIORITY_GROUP = objectType(
  "INGRESS_PRIORITY_GROUP",
  {
    PORT: fixed(OID),
    INDEX: fixed(U8),
    BUFFER_PROFILE: free(OID, "oid:0x0"),
  },
  [
    "PACKETS",
    "BYTES",
    "CURR_OCCUPANCY_BYTES",
    "WATERMARK_BYTES",
    "SHARED_WATERMARK_BYTES",
    "XOFF_ROOM_WATERMARK_BYTES",
  ],
);

export const SCHEDULER_GROUP = objectType("SCHEDULER_GROUP", {
  PORT_ID: fixed(OID),
  LEVEL: fixed(U8),
  MAX_CHILDS: fixed(U8),
  PARENT_NODE: free(OID, "oid:0x0"),
  SCHEDULER_PROFILE_ID: free(OID, "oid:0x0"),
  CHILD_COUNT: read(U32, "0"),
  CHILD_LIST: read(listOf(OID), "0:null"),
});

export const HOSTIF = objectType("HOSTIF", {
  TYPE: fixed(enumOf("SAI_HOSTIF_TYPE_")),
  OBJ_ID: fixedIfGiven(OID, "oid:0x0"),
  NAME: fixedIfGiven(CHARDATA),
  OPER_STATUS: free(BOOL, "false"),
  QUEUE: free(U32, "0"),
  VLAN_TAG: free(enumOf("SAI_HOSTIF_VLAN_TAG_"), "SAI_HOSTIF_VLAN_TAG_STRIP"),
  GENETLINK_MCGRP_NAME: fixedIfGiven(CHARDATA),
});

export const HOSTIF_TRAP_GROUP = objectType("HOSTIF_TRAP_GROUP", {
  ADMIN_STATE: free(BOOL, "true"),
  QUEUE: free(U32, "0"),
  POLICER: free(OID, "oid:0x0"),
});

export const HOSTIF_TRAP = objectType("HOSTIF_TRAP", {
  TRAP_TYPE: fixed(enumOf("SAI_HOSTIF_TRAP_TYPE_")),
  PACKET_ACTION: needed(enumOf("SAI_PACKET_ACTION_")),
  TRAP_PRIORITY: free(U32),
  TRAP_GROUP: free(OID),
  EXCLUDE_PORT_LIST: free(listOf(OID), "0:null"),
  MIRROR_SESSION: free(listOf(OID), "0:null"),
  COUNTER_ID: free(OID, "oid:0x0"),
});

export const HOSTIF_USER_DEFINED_TRAP = objectType("HOSTIF_USER_DEFINED_TRAP", {
  TYPE: fixed(enumOf("SAI_HOSTIF_USER_DEFINED_TRAP_TYPE_")),
  TRAP_PRIORITY: free(U32),
  TRAP_GROUP: free(OID),
});

export const HOSTIF_TABLE_ENTRY = objectType("HOSTIF_TABLE_ENTRY", {
  TYPE: fixed(enumOf("SAI_HOSTIF_TABLE_ENTRY_TYPE_")),
  OBJ_ID: fixedIfGiven(OID, "oid:0x0"),
  TRAP_ID: fixedIfGiven(OID, "oid:0x0"),
  CHANNEL_TYPE: fixed(enumOf("SAI_HOSTIF_TABLE_ENTRY_CHANNEL_TYPE_")),
  HOST_IF: fixedIfGiven(OID, "oid:0x0"),
});

export const PORT_SERDES = objectType("PORT_SERDES", {
  PORT_ID: fixed(OID),
  PREEMPHASIS: fixedIfGiven(listOf(S32), "0:null"),
  IDRIVER: fixedIfGiven(listOf(S32), "0:null"),
  TX_FIR_PRE1: fixedIfGiven(listOf(S32), "0:null"),
  TX_FIR_PRE2: fixedIfGiven(listOf(S32), "0:null"),
  TX_FIR_MAIN: fixedIfGiven(listOf(S32), "0:null"),
  TX_FIR_POST1: fixedIfGiven(listOf(S32), "0:null"),
  TX_FIR_POST2: fixedIfGiven(listOf(S32), "0:null"),
});

export const MY_MAC = objectType("MY_MAC", {
  PRIORITY: needed(U32),
  PORT_ID: fixedIfGiven(OID, "oid:0x0"),
  VLAN_ID: fixedIfGiven(U16, "0"),
  MAC_ADDRESS: free(MAC, "00:00:00:00:00:00"),
  MAC_ADDRESS_MASK: free(MAC, "00:00:00:00:00:00"),
});

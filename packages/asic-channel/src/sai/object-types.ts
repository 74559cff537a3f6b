/** Object types and the numbers that their ids carry. SAI, inc/saitypes.h; numbers of extension types differ between releases. */
const NAMES = [
  ...["NULL", "PORT", "LAG", "VIRTUAL_ROUTER", "NEXT_HOP", "NEXT_HOP_GROUP", "ROUTER_INTERFACE", "ACL_TABLE"],
  ...["ACL_ENTRY", "ACL_COUNTER", "ACL_RANGE", "ACL_TABLE_GROUP", "ACL_TABLE_GROUP_MEMBER", "HOSTIF"],
  ...["MIRROR_SESSION", "SAMPLEPACKET", "STP", "HOSTIF_TRAP_GROUP", "POLICER", "WRED", "QOS_MAP", "QUEUE"],
  ...["SCHEDULER", "SCHEDULER_GROUP", "BUFFER_POOL", "BUFFER_PROFILE", "INGRESS_PRIORITY_GROUP", "LAG_MEMBER"],
  ...["HASH", "UDF", "UDF_MATCH", "UDF_GROUP", "FDB_ENTRY", "SWITCH", "HOSTIF_TRAP", "HOSTIF_TABLE_ENTRY"],
  ...["NEIGHBOR_ENTRY", "ROUTE_ENTRY", "VLAN", "VLAN_MEMBER", "HOSTIF_PACKET", "TUNNEL_MAP", "TUNNEL"],
  ...["TUNNEL_TERM_TABLE_ENTRY", "FDB_FLUSH", "NEXT_HOP_GROUP_MEMBER", "STP_PORT", "RPF_GROUP"],
  ...["RPF_GROUP_MEMBER", "L2MC_GROUP", "L2MC_GROUP_MEMBER", "IPMC_GROUP", "IPMC_GROUP_MEMBER", "L2MC_ENTRY"],
  ...["IPMC_ENTRY", "MCAST_FDB_ENTRY", "HOSTIF_USER_DEFINED_TRAP", "BRIDGE", "BRIDGE_PORT", "TUNNEL_MAP_ENTRY"],
] as const;

const NUMBERS: ReadonlyMap<string, number> = new Map(NAMES.map((name, number) => [`SAI_OBJECT_TYPE_${name}`, number]));

/** The number that ids of this type carry, where it is the same in every release. */
export function objectTypeNumber(type: string): number | undefined {
  return NUMBERS.get(type);
}

/** The type behind the number in an id. */
export function objectTypeName(number: number): string | undefined {
  const name = NAMES[number];
  return name === undefined ? undefined : `SAI_OBJECT_TYPE_${name}`;
}

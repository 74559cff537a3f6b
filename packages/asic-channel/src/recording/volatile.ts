import type { AsicRequest } from "../request.js";
import { splitKey } from "../request.js";

/**
 * Attributes that are read again and again and say nothing about what was asked of the switch: resources that are left,
 * temperatures, neighbours in a fabric. sonic-sairedis, lib/SkipRecordAttrContainer.cpp.
 */
const VOLATILE: Readonly<Record<string, ReadonlySet<string>>> = {
  SAI_OBJECT_TYPE_SWITCH: new Set([
    ...[
      "IPV4_ROUTE_ENTRY",
      "IPV6_ROUTE_ENTRY",
      "IPV4_NEXTHOP_ENTRY",
      "IPV6_NEXTHOP_ENTRY",
      "IPV4_NEIGHBOR_ENTRY",
      "IPV6_NEIGHBOR_ENTRY",
      "NEXT_HOP_GROUP_ENTRY",
      "NEXT_HOP_GROUP_MEMBER_ENTRY",
      "FDB_ENTRY",
      "L2MC_ENTRY",
      "IPMC_ENTRY",
      "SNAT_ENTRY",
      "DNAT_ENTRY",
      "DOUBLE_NAT_ENTRY",
      "ACL_TABLE",
      "ACL_TABLE_GROUP",
    ].map((what) => `SAI_SWITCH_ATTR_AVAILABLE_${what}`),
    "SAI_SWITCH_ATTR_TEMP_LIST",
    "SAI_SWITCH_ATTR_MAX_TEMP",
    "SAI_SWITCH_ATTR_AVERAGE_TEMP",
  ]),
  SAI_OBJECT_TYPE_ACL_TABLE: new Set([
    "SAI_ACL_TABLE_ATTR_AVAILABLE_ACL_ENTRY",
    "SAI_ACL_TABLE_ATTR_AVAILABLE_ACL_COUNTER",
  ]),
  SAI_OBJECT_TYPE_PORT: new Set([
    "SAI_PORT_ATTR_FABRIC_ATTACHED",
    "SAI_PORT_ATTR_FABRIC_ATTACHED_SWITCH_ID",
    "SAI_PORT_ATTR_FABRIC_ATTACHED_PORT_INDEX",
  ]),
};

/** Whether a get reads such attributes only: neither it nor its reply is recorded. */
export function readsVolatileOnly({ key, fields }: AsicRequest): boolean {
  const [type] = splitKey(key);
  const names = VOLATILE[type];
  return names !== undefined && fields.length > 0 && fields.every(([name]) => names.has(name));
}

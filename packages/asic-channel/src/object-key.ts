import { err, ok, type Result } from "@tandem/base";
import { isObjectId, NULL_OBJECT_ID, type ObjectId, parseObjectId } from "./object-id.js";

/** What a member of an entry id holds. */
type Member = "oid" | "text";

/** Entry objects and the members of their ids, sorted as they stand there. sonic-sairedis, meta/SaiSerialize.cpp. */
export const ENTRY_MEMBERS = {
  SAI_OBJECT_TYPE_ROUTE_ENTRY: { dest: "text", switch_id: "oid", vr: "oid" },
  SAI_OBJECT_TYPE_NEIGHBOR_ENTRY: { ip: "text", rif: "oid", switch_id: "oid" },
  SAI_OBJECT_TYPE_FDB_ENTRY: { bvid: "oid", mac: "text", switch_id: "oid" },
  SAI_OBJECT_TYPE_INSEG_ENTRY: { label: "text", switch_id: "oid" },
  SAI_OBJECT_TYPE_NAT_ENTRY: { nat_data: "text", nat_type: "text", switch_id: "oid", vr: "oid" },
  SAI_OBJECT_TYPE_MY_SID_ENTRY: {
    ...{ args_len: "text", function_len: "text", locator_block_len: "text", locator_node_len: "text", sid: "text" },
    ...{ switch_id: "oid", vr_id: "oid" },
  },
  SAI_OBJECT_TYPE_IPMC_ENTRY: { destination: "text", source: "text", switch_id: "oid", type: "text", vr_id: "oid" },
  SAI_OBJECT_TYPE_L2MC_ENTRY: { bv_id: "oid", destination: "text", source: "text", switch_id: "oid", type: "text" },
  SAI_OBJECT_TYPE_MCAST_FDB_ENTRY: { bv_id: "oid", mac_address: "text", switch_id: "oid" },
  SAI_OBJECT_TYPE_PREFIX_COMPRESSION_ENTRY: { prefix: "text", prefix_table_id: "oid", switch_id: "oid" },
  SAI_OBJECT_TYPE_METER_BUCKET_ENTRY: { eni_id: "oid", meter_class: "text", switch_id: "oid" },
  SAI_OBJECT_TYPE_FLOW_ENTRY: {
    ...{ dst_ip: "text", dst_port: "text", eni_mac: "text", ip_proto: "text", src_ip: "text", src_port: "text" },
    ...{ switch_id: "oid", vnet_id: "text" },
  },
  SAI_OBJECT_TYPE_DIRECTION_LOOKUP_ENTRY: { switch_id: "oid", vni: "text" },
  SAI_OBJECT_TYPE_VIP_ENTRY: { switch_id: "oid", vip: "text" },
  SAI_OBJECT_TYPE_ENI_ETHER_ADDRESS_MAP_ENTRY: { address: "text", switch_id: "oid" },
  SAI_OBJECT_TYPE_INBOUND_ROUTING_ENTRY: {
    ...{ eni_id: "oid", priority: "text", sip: "text", sip_mask: "text", switch_id: "oid", vni: "text" },
  },
  SAI_OBJECT_TYPE_PA_VALIDATION_ENTRY: { sip: "text", switch_id: "oid", vnet_id: "oid" },
  SAI_OBJECT_TYPE_OUTBOUND_ROUTING_ENTRY: { destination: "text", outbound_routing_group_id: "oid", switch_id: "oid" },
  SAI_OBJECT_TYPE_OUTBOUND_CA_TO_PA_ENTRY: { dip: "text", dst_vnet_id: "oid", switch_id: "oid" },
  SAI_OBJECT_TYPE_OUTBOUND_PORT_MAP_PORT_RANGE_ENTRY: {
    ...{ dst_port_range: "text", outbound_port_map_id: "oid", switch_id: "oid" },
  },
  SAI_OBJECT_TYPE_GLOBAL_TRUSTED_VNI_ENTRY: { switch_id: "oid", vni_range: "text" },
  SAI_OBJECT_TYPE_ENI_TRUSTED_VNI_ENTRY: { eni_id: "oid", switch_id: "oid", vni_range: "text" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Member>>>>;

/** One object of an ASIC: its type, and its id as it stands behind the type in a key. */
export interface ObjectKey {
  readonly type: string;
  /** An object id, or an entry's members as JSON. */
  readonly id: string;
}

export function formatKey({ type, id }: ObjectKey): string {
  return `${type}:${id}`;
}

/** Whether objects of this type are named by their members instead of an object id. */
export function isEntryType(type: string): boolean {
  return Object.hasOwn(ENTRY_MEMBERS, type);
}

/**
 * The id in the one spelling that rows have: object ids in lower case, members of an entry sorted and without blanks.
 * The error says what was expected.
 */
export function parseKeyId(type: string, id: string): Result<string, string> {
  if (!isEntryType(type)) return parseObjectId(id);
  return mapEntryIds(type, id, (oid) => oid);
}

/** Object ids that the id of an object names besides itself: of an entry, its members. Null ids are left out. */
export function idsInKey({ type, id }: ObjectKey): readonly ObjectId[] {
  return isEntryType(type) ? idsInValue(id) : [];
}

/** An entry's id with every object id replaced by what `map` gives for it; `undefined` fails. */
export function mapEntryIds(
  type: string,
  id: string,
  map: (oid: ObjectId) => ObjectId | undefined,
): Result<string, string> {
  const members = membersOf(id);
  if (members === undefined)
    return err(`expected the members of the entry as JSON, found ${JSON.stringify(id.slice(0, 60))}`);
  const form: Readonly<Record<string, Member>> = ENTRY_MEMBERS[type as keyof typeof ENTRY_MEMBERS];
  const wanted = Object.keys(form);
  if (Object.keys(members).length !== wanted.length || !wanted.every((name) => Object.hasOwn(members, name)))
    return err(`expected the members ${wanted.join(", ")}, found ${Object.keys(members).slice(0, 20).join(", ")}`);
  const mapped: Record<string, unknown> = {};
  for (const name of wanted) {
    const value = members[name];
    if (form[name] === "text") {
      if (typeof value !== "string" && name !== "nat_data") return err(`member ${name}: expected a string`);
      mapped[name] = value;
      continue;
    }
    const oid = typeof value === "string" ? parseObjectId(value) : err("expected an object id");
    if (!oid.ok) return err(`member ${name}: ${oid.error}`);
    const target = map(oid.value);
    if (target === undefined) return err(`member ${name}: no object ${oid.value}`);
    mapped[name] = target;
  }
  return ok(JSON.stringify(mapped));
}

/** Object ids anywhere in a value, in order, null ids left out. */
export function idsInValue(value: string): readonly ObjectId[] {
  if (!value.includes("oid:0x")) return [];
  return [...value.matchAll(ID_IN_VALUE)].map(([id]) => id as ObjectId).filter((id) => id !== NULL_OBJECT_ID);
}

/** A value with every object id in it replaced; `undefined` when `map` has none for one of them. Null ids stay. */
export function mapValueIds(value: string, map: (oid: ObjectId) => ObjectId | undefined): string | undefined {
  if (!value.includes("oid:0x")) return value;
  let missing = false;
  const mapped = value.replace(ID_IN_VALUE, (id) => {
    if (id === NULL_OBJECT_ID || !isObjectId(id)) return id;
    const target = map(id);
    missing ||= target === undefined;
    return target ?? id;
  });
  return missing ? undefined : mapped;
}

const ID_IN_VALUE = /oid:0x[0-9a-f]+/g;

function membersOf(id: string): Readonly<Record<string, unknown>> | undefined {
  if (!id.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(id);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

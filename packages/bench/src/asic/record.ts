import type { AsicRequest } from "@tandem/asic-channel";

const SWITCH = "oid:0x21000000000000";

/** The record that every transport carries: a route, by number. */
export function route(n: number): AsicRequest {
  const dest = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/32`;
  return {
    op: "create",
    key: `SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"${dest}","switch_id":"${SWITCH}","vr":"oid:0x3000000000022"}`,
    fields: [
      ["SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "SAI_PACKET_ACTION_FORWARD"],
      ["SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", "oid:0x4000000000012"],
    ],
  };
}

/** As upstream writes it on ZMQ: what floors carry. */
export function routeFrame(n: number): Buffer {
  const { op, key, fields } = route(n);
  return Buffer.from(JSON.stringify([key, op, ...fields.flat()]));
}

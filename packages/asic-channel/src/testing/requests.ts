import type { FieldValues } from "@tandem/swss";
import type { AsicRequest } from "../request.js";

/** Keys of objects for tests: virtual routers, by number. */
export function routerKey(n: number): string {
  return `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid:0x3${n.toString(16).padStart(12, "0")}`;
}

const MAC = "SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS";

/** `size` characters in its attribute. */
export function create(n: number, size?: number): AsicRequest {
  const fields: FieldValues = size === undefined ? [["NULL", "NULL"]] : [[MAC, "x".repeat(size)]];
  return { op: "create", key: routerKey(n), fields };
}

export function set(n: number, value: string): AsicRequest {
  return { op: "set", key: routerKey(n), fields: [[MAC, value]] };
}

export function remove(n: number): AsicRequest {
  return { op: "remove", key: routerKey(n), fields: [] };
}

export function get(n: number): AsicRequest {
  return { op: "get", key: routerKey(n), fields: [[MAC, ""]] };
}

export function view(key: "INIT_VIEW" | "APPLY_VIEW"): AsicRequest {
  return { op: "notify", key, fields: [] };
}

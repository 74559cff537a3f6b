import { formatObjectId, type ObjectId, objectIdParts } from "../object-id.js";

export const ROUTER = "SAI_OBJECT_TYPE_VIRTUAL_ROUTER";
const ROUTER_TYPE = 3;

/** Key of an object that conformance cases create: a virtual router of a context, by number. */
export function routerOf(guid: number, n: number): string {
  const parts = { switchIndex: 0, type: ROUTER_TYPE, extension: false, context: guid, index: BigInt(FIRST + n) };
  return `${ROUTER}:${formatObjectId(parts)}`;
}

/** The number of such an object; absent for any other VID. */
export function routerNumber(vid: string): number | undefined {
  const { type, index } = objectIdParts(vid as ObjectId);
  const n = Number(index) - FIRST;
  return type === ROUTER_TYPE && n >= 0 ? n : undefined;
}

/** Objects of the switch itself are counted up from 1. */
const FIRST = 0x10_0000;

import { type Brand, err, ok, type Result } from "@tandem/base";

/** `oid:0x…` as it stands in rows and requests: lower-case hex without leading zeros. VIDs and RIDs alike. */
export type ObjectId = Brand<string, "ObjectId">;

export const NULL_OBJECT_ID = "oid:0x0" as ObjectId;

/** What the bits of a VID say. sonic-sairedis, lib/VirtualObjectIdManager.cpp. */
export interface ObjectIdParts {
  /** 0 to 255. */
  readonly switchIndex: number;
  /** Number of the object type; of an extension type, less 0x20000000. */
  readonly type: number;
  readonly extension: boolean;
  /** Context (guid), 0 to 255. */
  readonly context: number;
  /** Up to 39 bits. */
  readonly index: bigint;
}

const ID = /^oid:0x[0-9a-f]{1,16}$/;
const INDEX_BITS = 39n;
const BYTE = 0xffn;

/** Largest index that an id holds. */
export const OBJECT_INDEX_MAX = (1n << INDEX_BITS) - 1n;

/** Number of SAI_OBJECT_TYPE_SWITCH, the one type whose ids are not counted. */
const SWITCH = 33;

/** The id in its one spelling; upper-case digits and leading zeros are taken, anything else is not. */
export function parseObjectId(text: string): Result<ObjectId, string> {
  const match = /^oid:0x0*([0-9a-fA-F]{1,16})$/.exec(text);
  if (match === null) return err(`expected oid:0x and up to 16 hex digits, found ${JSON.stringify(text.slice(0, 60))}`);
  return ok(`oid:0x${(match[1] as string).toLowerCase()}` as ObjectId);
}

export function isObjectId(text: string): text is ObjectId {
  return ID.test(text);
}

export function objectIdValue(id: ObjectId): bigint {
  return BigInt(id.slice(4));
}

export function formatObjectId(parts: ObjectIdParts): ObjectId {
  const { switchIndex, type, extension, context, index } = parts;
  const bits =
    (BigInt(switchIndex) << 56n) |
    (BigInt(type) << 48n) |
    (BigInt(context) << 40n) |
    (extension ? 1n << INDEX_BITS : 0n) |
    (index & OBJECT_INDEX_MAX);
  return `oid:0x${bits.toString(16)}` as ObjectId;
}

export function objectIdParts(id: ObjectId): ObjectIdParts {
  const bits = objectIdValue(id);
  return {
    switchIndex: Number((bits >> 56n) & BYTE),
    type: Number((bits >> 48n) & BYTE),
    context: Number((bits >> 40n) & BYTE),
    extension: ((bits >> INDEX_BITS) & 1n) === 1n,
    index: bits & OBJECT_INDEX_MAX,
  };
}

/** The VID of a switch: it is not counted, its index field repeats the switch index. */
export function switchVid(switchIndex: number, context = 0): ObjectId {
  return formatObjectId({ switchIndex, type: SWITCH, extension: false, context, index: BigInt(switchIndex) });
}

/** The switch that an object belongs to, as its VID says. */
export function switchOf(id: ObjectId): ObjectId {
  const { switchIndex, context } = objectIdParts(id);
  return switchVid(switchIndex, context);
}

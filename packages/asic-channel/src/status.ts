/** SAI statuses that this package answers with, beside success and failure. SAI, inc/saistatus.h. */
export const STATUS = {
  success: "SAI_STATUS_SUCCESS",
  failure: "SAI_STATUS_FAILURE",
  notSupported: "SAI_STATUS_NOT_SUPPORTED",
  noMemory: "SAI_STATUS_NO_MEMORY",
  insufficientResources: "SAI_STATUS_INSUFFICIENT_RESOURCES",
  invalidParameter: "SAI_STATUS_INVALID_PARAMETER",
  alreadyExists: "SAI_STATUS_ITEM_ALREADY_EXISTS",
  notFound: "SAI_STATUS_ITEM_NOT_FOUND",
  bufferOverflow: "SAI_STATUS_BUFFER_OVERFLOW",
  mandatoryMissing: "SAI_STATUS_MANDATORY_ATTRIBUTE_MISSING",
  invalidObjectType: "SAI_STATUS_INVALID_OBJECT_TYPE",
  invalidObjectId: "SAI_STATUS_INVALID_OBJECT_ID",
  inUse: "SAI_STATUS_OBJECT_IN_USE",
  notExecuted: "SAI_STATUS_NOT_EXECUTED",
} as const;

/** What is wrong with the attribute at one place of a request. */
export type AttributeFault = "invalid" | "value" | "unknown" | "notSupported";

/** Of each range the name of its first status, and its number. */
const RANGES: Readonly<Record<AttributeFault, readonly [name: string, first: number]>> = {
  invalid: ["SAI_STATUS_INVALID_ATTRIBUTE_0", 0x10000],
  value: ["SAI_STATUS_INVALID_ATTR_VALUE_0", 0x20000],
  unknown: ["SAI_STATUS_UNKNOWN_ATTRIBUTE_0", 0x40000],
  notSupported: ["SAI_STATUS_ATTR_NOT_SUPPORTED_0", 0x50000],
};

/** Positions that a range has. */
const POSITION_MAX = 0xffff;

/**
 * The status that blames attribute `position` of a request. Only the first of a range has a name; peers read the others
 * as the decimal number that SAI gives them.
 */
export function attributeStatus(fault: AttributeFault, position: number): string {
  const [name, first] = RANGES[fault];
  return position === 0 ? name : String(-(first + Math.min(position, POSITION_MAX)));
}

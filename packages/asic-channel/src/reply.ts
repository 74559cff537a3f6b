import type { FieldValues } from "@tandem/swss";
import { ASIC_OPS, type AsicOp } from "./op.js";

/** The op of a reply. */
export type ReplyOp = (typeof ASIC_OPS)[AsicOp]["reply"];

/** What syncd answers. `status` is a SAI status by name; statuses without a name are decimal. */
export interface AsicReply {
  readonly op: ReplyOp;
  readonly status: string;
  readonly fields: FieldValues;
}

export const SUCCESS = "SAI_STATUS_SUCCESS";
export const FAILURE = "SAI_STATUS_FAILURE";

export function replyTo(op: AsicOp, status: string, fields: FieldValues = []): AsicReply {
  return { op: ASIC_OPS[op].reply, status, fields };
}

const REPLY_OPS: ReadonlySet<string> = new Set(Object.values(ASIC_OPS).map(({ reply }) => reply));

export function isReplyOp(word: string): word is ReplyOp {
  return REPLY_OPS.has(word);
}

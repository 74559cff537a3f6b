import type { FieldValues } from "@tandem/swss";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";

/**
 * Between two ends of ours a frame may carry one pair more, the last one: the id of its request. No upstream peer ever sees
 * it, since the client asks first who is there.
 */
const ID = "TANDEM_ID";

/** The question: a query that any syncd answers with INVALID_PARAMETER, since it has too few fields. */
const HELLO = ["TANDEM", "1"] as const;

/** How a frame names its request. */
export interface FrameId {
  readonly id: string;
  /** It was sent before, and may have been executed. */
  readonly repeated: boolean;
}

export const HELLO_REQUEST: AsicRequest = { op: "attribute_capability_query", key: "oid:0x0", fields: [HELLO] };

export function isHello({ op, key, fields }: AsicRequest): boolean {
  return op === HELLO_REQUEST.op && key === HELLO_REQUEST.key && fields.length === 1 && fields[0]?.[0] === HELLO[0];
}

/** What one of ours answers: the field that upstream leaves out. */
export function helloReply(): AsicReply {
  return { op: "attribute_capability_response", status: "SAI_STATUS_INVALID_PARAMETER", fields: [HELLO] };
}

/** Whether it is one of ours that answered. */
export function isHelloReply({ fields }: AsicReply): boolean {
  return fields[0]?.[0] === HELLO[0];
}

export function withId(fields: FieldValues, { id, repeated }: FrameId): FieldValues {
  return [...fields, [ID, `${repeated ? "1" : "0"}:${id}`]];
}

/** The fields without the id, and the id where there is one. */
export function splitId(fields: FieldValues): readonly [fields: FieldValues, id: FrameId | undefined] {
  const [name, value = ""] = fields.at(-1) ?? [];
  if (name !== ID) return [fields, undefined];
  return [fields.slice(0, -1), { id: value.slice(2), repeated: value.startsWith("1") }];
}

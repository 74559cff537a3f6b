import type { FieldValues } from "@tandem/swss";
import type { AsicReply } from "../reply.js";
import { type AsicRequest, askedText, parseAsked } from "../request.js";

/** The last field of a refusal that nobody waits for: what was asked. */
const ASKED = "TANDEM_ASKED";

export function withAsked(reply: AsicReply, request: AsicRequest): AsicReply {
  return { ...reply, fields: [...reply.fields, [ASKED, askedText(request)]] };
}

/** What was refused, and how; `undefined` where the reply is none of those. */
export function splitAsked({
  status,
  fields,
}: AsicReply):
  | (Pick<AsicRequest, "op" | "key"> & { readonly status: string; readonly fields: FieldValues })
  | undefined {
  const [name, text = ""] = fields.at(-1) ?? [];
  const asked = name === ASKED ? parseAsked(text) : undefined;
  return asked === undefined ? undefined : { ...asked, status, fields: fields.slice(0, -1) };
}

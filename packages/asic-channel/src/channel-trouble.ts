import type { FieldValues } from "@tandem/swss";
import type { Owner } from "./asic-error.js";
import type { AsicOp } from "./op.js";

/** What an end of a channel reports while it goes on. */
export type ChannelTrouble =
  /** Something on the wire that is no request, reply or notification; what stood around it was kept. */
  | { readonly kind: "malformed"; readonly where: string; readonly detail: string; readonly found: string }
  /** What carries the channel refused a command; it is tried again. */
  | { readonly kind: "refused"; readonly where: string; readonly detail: string }
  /** Accepted, then forgotten by what carried them: it came back without its newest data. */
  | { readonly kind: "lost"; readonly where: string; readonly count: number }
  /** Cut away before it was read, up to that place. */
  | { readonly kind: "missed"; readonly where: string; readonly until: string }
  /** More than this many waited for a reader; the oldest is dropped. */
  | { readonly kind: "overflow"; readonly where: string; readonly limit: number }
  /** The server went before it replied to something that nobody waits for any more. */
  | { readonly kind: "unfinished"; readonly where: string; readonly detail: string }
  /** A reply could not be handed over; its client hears nothing until its deadline. */
  | { readonly kind: "replyLost"; readonly detail: string }
  /** It was accepted, and then not done as it was asked: `fields` are those of the reply, of a bulk a status each. */
  | {
      readonly kind: "refusedLater";
      readonly op: AsicOp;
      readonly key: string;
      readonly status: string;
      readonly fields: FieldValues;
    }
  /** They were accepted, wait here, and go with this end. */
  | { readonly kind: "undelivered"; readonly count: number }
  | { readonly kind: "displaced"; readonly owner: Owner | undefined };

/** Longest text of something malformed that a report repeats. */
export const TROUBLE_FOUND_MAX = 200;

/** One line for an operator. */
export function describeChannelTrouble(trouble: ChannelTrouble): string {
  switch (trouble.kind) {
    case "malformed":
      return `${trouble.where}: ${trouble.detail}, found ${JSON.stringify(trouble.found)}; it is dropped, the rest goes on`;
    case "refused":
      return `${trouble.where}: ${trouble.detail}; it is tried again`;
    case "lost":
      return `${trouble.where}: Redis came back without its newest data; of ${trouble.count} accepted requests nobody knows whether they were executed`;
    case "missed":
      return `${trouble.where}: something up to ${trouble.until} was cut away before it was read`;
    case "overflow":
      return `${trouble.where}: ${trouble.limit} wait already; the oldest is dropped`;
    case "unfinished":
      return `${trouble.where} went before it answered ${trouble.detail}: nobody knows whether it was executed`;
    case "replyLost":
      return `a reply was not delivered: ${trouble.detail}; the client waits until its deadline`;
    case "refusedLater":
      return `${trouble.op} ${trouble.key} was accepted, and is refused: ${describeRefusal(trouble)}`;
    case "undelivered":
      return `${trouble.count} requests were accepted and wait here: they go with this end`;
    case "displaced":
      return `another process took this end of the channel${trouble.owner === undefined ? "" : `: ${trouble.owner.name} on ${trouble.owner.host}, process ${trouble.owner.pid}`}`;
  }
}

/** The status, and of a bulk how many objects have which. */
function describeRefusal({ status, fields }: { readonly status: string; readonly fields: FieldValues }): string {
  const counts = new Map<string, number>();
  for (const [each] of fields) counts.set(each, (counts.get(each) ?? 0) + 1);
  if (counts.size === 0) return status;
  return `${status} (${[...counts].map(([each, count]) => `${count} × ${each}`).join(", ")})`;
}

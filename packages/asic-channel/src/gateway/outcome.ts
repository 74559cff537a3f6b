import { unreachable } from "@tandem/base";
import type { AsicError } from "../asic-error.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import { type AsicRequest, splitKey } from "../request.js";
import { STATUS } from "../status.js";

/** The status that tells a client in front what became of its request behind, where no reply came from there. */
export function statusOf(error: AsicError): string {
  switch (error.kind) {
    case "invalidRequest":
      return STATUS.invalidParameter;
    case "queueFull":
      return STATUS.insufficientResources;
    case "refused":
    case "closed":
      return STATUS.notExecuted;
    // As libsairedis has it of a reply that does not come.
    case "unknown":
      return FAILURE;
    default:
      return unreachable(error);
  }
}

/** Whether it was not executed, and may be later: nothing is lost or doubled when it is sent again. */
export function mayGoAgain(error: AsicError): boolean {
  return error.kind === "queueFull" || error.kind === "refused";
}

/**
 * The reply to a request that a gateway before this one may have sent on already. Object ids are given once, so a
 * created object that is there, or a removed one that is not, is the work of the first sending. Entries and bulks have no
 * such ids: their reply stays as it came.
 */
export function settleRepeated({ op, key }: AsicRequest, reply: AsicReply): AsicReply {
  const done =
    (op === "create" && reply.status === STATUS.alreadyExists) || (op === "remove" && reply.status === STATUS.notFound);
  return done && splitKey(key)[1].startsWith("oid:") ? replyTo(op, SUCCESS) : reply;
}

import { err, ok, type Result } from "@tandem/base";
import type { QueueChange, QueuedChange } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import { type ChannelMode, isAnswered, isAsicOp } from "../op.js";
import { type AsicReply, isReplyOp } from "../reply.js";
import { type AsicRequest, checkRequest, type RequestFault } from "../request.js";

/** Tables of the channel in ASIC_DB. sonic-sairedis, lib/sairediscommon.h. */
export const REQUEST_TABLE = "ASIC_STATE";
export const REPLY_TABLE = "GETRESPONSE";

/** Ops that the consumer of an asynchronous channel does not know: with one of them upstream loses a whole batch. */
export const SYNC_ONLY_OPS = ["start_poll", "stop_poll", "set_counter_group", "del_counter_group"] as const;

/** Channels whose names carry the database only where it is not the usual one. */
export function channelName(db: string, name: "NOTIFICATIONS" | "RESTARTQUERY"): string {
  return db === "ASIC_DB" ? name : `${db}_${name}`;
}

/** Where the owners of the two ends are written down: beside upstream's keys, which stay as upstream has them. */
export function ownerKey(end: "client" | "server"): string {
  return `TANDEM_ASIC_OWNER:list-pubsub:${end}`;
}

/** A request as its queue entry. Only `remove` carries the letter that deletes. */
export function entryOf({ op, key, fields }: AsicRequest): QueueChange {
  return op === "remove" ? { class: "D", key, op } : { class: "S", key, op, fields };
}

export function decodeRequest({ key, op, fieldValues }: QueuedChange): Result<AsicRequest, RequestFault> {
  return checkRequest(op, key, fieldValues);
}

/** Why a request must not enter the queue, though it is one. */
export function refusalOf({ op }: AsicRequest, mode: ChannelMode): RequestFault | undefined {
  if (mode === "sync" || !(SYNC_ONLY_OPS as readonly string[]).includes(op)) return undefined;
  return { kind: "invalidRequest", where: "op", expected: `a synchronous channel for ${op}`, found: op };
}

/** A reply's status stands in the place of its key. */
export function decodeReply({ key, op, fieldValues }: QueuedChange): Result<AsicReply, string> {
  if (!isReplyOp(op)) return err(`the op of a reply was expected, found ${JSON.stringify(op)}`);
  return ok({ op, status: key, fields: fieldValues });
}

/** Whether upstream's pop script writes the rows of a request as it is taken. */
export function writesRows(op: string): boolean {
  return /^(bulk)?(create|remove|set)$/.test(op);
}

/** The op inside the text `Sop [...]` of an entry that no consumer could read. */
export function opOfEntry(entry: string, mode: ChannelMode): { readonly op: string; readonly answered: boolean } {
  const op = entry.slice(1, Math.max(1, entry.indexOf(" ")));
  return { op, answered: isAsicOp(op) ? isAnswered(op, mode) : mode === "sync" };
}

/**
 * A query that does nothing and is answered by everybody: without its fields it is invalid. Its reply has an op of its
 * own, so it tells where the replies before it end. Not of the same op as a reply that may still come.
 */
export function fenceBehind(owed: ReadonlySet<string>): AsicRequest {
  const op = owed.has("attribute_capability_response")
    ? "attr_enum_values_capability_query"
    : "attribute_capability_query";
  return { op, key: "oid:0x0", fields: [] };
}

/** `PUBLISH RESTARTQUERY ["COLD","COLD"]`: how syncd is asked to stop. */
export const RESTART_KINDS = ["COLD", "WARM", "FAST", "EXPRESS", "PRE-SHUTDOWN", "PRE-EXPRESS-SHUTDOWN"] as const;
export type RestartKind = (typeof RESTART_KINDS)[number];

/** Unknown words mean COLD, as upstream takes them. */
export function restartKindOf(word: string): RestartKind {
  return RESTART_KINDS.find((kind) => kind === word) ?? "COLD";
}

export function notificationOf(op: string, data: string, fields: AsicNotification["fields"]): AsicNotification {
  return { name: op, data, fields };
}

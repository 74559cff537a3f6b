import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import type { EndError, Owner } from "../asic-error.js";
import { describeEndError } from "../asic-error.js";
import {
  type Attribute,
  type AttributeSchema,
  type Notification,
  NotificationSchema,
  NotificationType,
  type Reply,
  ReplySchema,
  type SaiRequest,
  SaiRequestSchema,
  SaiResponseSchema,
} from "../gen/sai_pb.js";
import type { AsicNotification } from "../notification.js";
import { type AsicReply, isReplyOp } from "../reply.js";
import { type AsicRequest, checkRequest, describeRequestFault, splitKey } from "../request.js";
import { encodeSaiReply, encodeSaiRequest, readSaiReply, readSaiRequest } from "./fast-wire.js";
import { textOfAttribute, typedValue } from "./typed-value.js";

/** The channel: requests there, replies and notifications back. */
export const CHANNEL_METHOD = "/sai.SaiService/BulkOperations";

/** Who opens a channel: JSON in a form that headers bear. */
export const OWNER_HEADER = "tandem-owner";

/** gRPC's FAILED_PRECONDITION: the channel is somebody else's. */
export const CODE_TAKEN = 9;

/** One request on its way. */
export interface SentRequest {
  readonly id: string;
  readonly request: AsicRequest;
  readonly repeated: boolean;
  readonly unanswered: boolean;
}

export function requestMessage({ id, request, repeated, unanswered }: SentRequest): SaiRequest {
  const { op, key, fields } = request;
  const [type] = splitKey(key);
  return create(SaiRequestSchema, { id, op, key, attributes: attributesOf(type, fields), repeated, unanswered });
}

export const encodeRequest: (sent: SentRequest) => Uint8Array = encodeSaiRequest;

/** The request of a message, or why it is none, and whose. */
export function requestOf(message: SaiRequest): Result<SentRequest, { readonly id: string; readonly detail: string }> {
  const { id, op, key, repeated, unanswered } = message;
  const request = checkRequest(op, key, fieldsOf(message.attributes));
  if (!request.ok) return err({ id, detail: describeRequestFault(request.error) });
  return ok({ id, request: request.value, repeated, unanswered });
}

export function decodeRequest(
  bytes: Uint8Array,
): Result<SentRequest, { readonly id: string; readonly detail: string }> {
  const read = readSaiRequest(bytes);
  if (read !== undefined) {
    const { id, op, text, fields, repeated, unanswered } = read;
    const request = checkRequest(op, text, fields);
    if (!request.ok) return err({ id, detail: describeRequestFault(request.error) });
    return ok({ id, request: request.value, repeated, unanswered });
  }
  try {
    return requestOf(fromBinary(SaiRequestSchema, bytes));
  } catch {
    return err({ id: "", detail: "a message sai.SaiRequest was expected" });
  }
}

/** `type` is that of the object that was asked about. */
export function replyMessage(id: string, type: string, { op, status, fields }: AsicReply): Reply {
  return create(ReplySchema, { id, op, status, attributes: attributesOf(type, fields) });
}

export const encodeReply: (id: string, type: string, reply: AsicReply) => Uint8Array = encodeSaiReply;

export function replyOf({ op, status, attributes }: Reply): Result<AsicReply, string> {
  if (!isReplyOp(op)) return err(`the op of a reply was expected, found ${JSON.stringify(op)}`);
  return ok({ op, status, fields: fieldsOf(attributes) });
}

export function encodeNotification(notification: AsicNotification): Uint8Array {
  const body = { case: "notification", value: notificationMessage(notification) } as const;
  return toBinary(SaiResponseSchema, create(SaiResponseSchema, { body }));
}

export function encodeReceived(id: string): Uint8Array {
  return toBinary(SaiResponseSchema, create(SaiResponseSchema, { body: { case: "received", value: id } }));
}

/** What a server sends on the channel. */
export type Response =
  | { readonly kind: "reply"; readonly id: string; readonly reply: AsicReply }
  | { readonly kind: "notification"; readonly notification: AsicNotification }
  | { readonly kind: "received"; readonly id: string };

export function decodeResponse(bytes: Uint8Array): Result<Response, string> {
  const read = readSaiReply(bytes);
  if (read !== undefined && isReplyOp(read.op)) {
    const { id, op, text: status, fields } = read;
    return ok({ kind: "reply", id, reply: { op, status, fields } });
  }
  try {
    const { body } = fromBinary(SaiResponseSchema, bytes);
    switch (body.case) {
      case "reply": {
        const reply = replyOf(body.value);
        return reply.ok ? ok({ kind: "reply", id: body.value.id, reply: reply.value }) : reply;
      }
      case "notification":
        return ok({ kind: "notification", notification: notificationOf(body.value) });
      case "received":
        return ok({ kind: "received", id: body.value });
      default:
        return err("a reply or a notification was expected, found neither");
    }
  } catch {
    return err("a message sai.SaiResponse was expected");
  }
}

export function notificationOf({ name, data, attributes }: Notification): AsicNotification {
  return { name, data, fields: fieldsOf(attributes) };
}

export function notificationMessage({ name, data, fields }: AsicNotification): Notification {
  const event = typedEvent(name, data);
  const type =
    event?.case === "portState"
      ? NotificationType.PORT_STATE_CHANGE
      : event?.case === "fdbEvent"
        ? NotificationType.FDB_EVENT
        : NotificationType.OTHER;
  return create(NotificationSchema, {
    ...{ type, name, data, attributes: attributesOf("", fields) },
    ...(event !== undefined && { event }),
  });
}

type Event = MessageInitShape<typeof NotificationSchema>["event"];
type Members = Readonly<Record<string, unknown>>;

/** The data of an event with types; `undefined` where it has none here, or its data is of another form. */
function typedEvent(name: string, data: string): Event {
  if (name !== "port_state_change" && name !== "fdb_event") return undefined;
  let list: unknown;
  try {
    list = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list) || !list.every((item) => typeof item === "object" && item !== null)) return undefined;
  const items = list as readonly Members[];
  if (name === "fdb_event") {
    const changes = items.map((item) => ({ entry: textIn(item, "fdb_entry"), event: textIn(item, "fdb_event") }));
    return { case: "fdbEvent", value: { changes } };
  }
  const ports = items.map((item) => {
    const id = textIn(item, "port_id");
    const portId = /^oid:0x[0-9a-f]{1,16}$/.test(id) ? BigInt(id.slice("oid:".length)) : 0n;
    return { portId, state: textIn(item, "port_state"), errorStatus: textIn(item, "port_error_status") };
  });
  return { case: "portState", value: { ports } };
}

function textIn(item: Members, name: string): string {
  const value = item[name];
  return typeof value === "string" ? value : "";
}

export function attributesOf(type: string, fields: FieldValues): MessageInitShape<typeof AttributeSchema>[] {
  return fields.map(([name, text]) => {
    const value = typedValue(type, name, text);
    return value === undefined ? { name, text } : { name, text, value };
  });
}

export function fieldsOf(attributes: readonly Attribute[]): FieldValues {
  return attributes.map((attribute) => [attribute.name, textOfAttribute(attribute)]);
}

export function encodeOwner(owner: Owner): string {
  return encodeURIComponent(JSON.stringify(owner));
}

/** `undefined` where a peer does not say who it is. */
export function decodeOwner(text: string | undefined): Owner | undefined {
  try {
    const { name, host, pid, since } = JSON.parse(decodeURIComponent(text ?? "")) as Partial<Owner>;
    const fits = typeof name === "string" && typeof host === "string" && typeof pid === "number";
    return fits && typeof since === "number" ? { name, host, pid, since } : undefined;
  } catch {
    return undefined;
  }
}

const TAKEN_END = " tandem-owner=";

/** What a second client is told, for people and for our own client. */
export function formatTaken(owner: Owner | undefined): string {
  const said = describeEndError({ kind: "taken", owner });
  return owner === undefined ? said : `${said}${TAKEN_END}${encodeOwner(owner)}`;
}

export function parseTaken(detail: string): EndError {
  const at = detail.lastIndexOf(TAKEN_END);
  return { kind: "taken", owner: at < 0 ? undefined : decodeOwner(detail.slice(at + TAKEN_END.length)) };
}

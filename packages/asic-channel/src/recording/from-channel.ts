import type { FieldValues } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import type { AsicOp } from "../op.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { type AsicRequest, NO_ATTRIBUTES, splitKey } from "../request.js";
import { queryBody, queryReplyBody } from "./query-lines.js";
import type { BulkOp, BulkPart, RecordBody } from "./record.js";
import type { RecordingStyle } from "./style.js";
import { readsVolatileOnly } from "./volatile.js";

const OVERFLOW = "SAI_STATUS_BUFFER_OVERFLOW";
const HARDWARE_INFO = "SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO";

/** Whether a request leaves lines. Statistics and the settings of damping do not, nor gets of what changes by itself. */
export function isRecorded(request: AsicRequest): boolean {
  const { op } = request;
  if (op === "get") return !readsVolatileOnly(request);
  return op !== "get_stats" && op !== "link_event_damping_config_set";
}

/** The lines of a recorded request, in order. */
export function requestBodies(request: AsicRequest): readonly RecordBody[] {
  const { op, key, fields } = request;
  switch (op) {
    case "create": {
      const body: RecordBody = { op: "c", key, fields: fields.length === 0 ? NO_ATTRIBUTES : fields };
      const hardware = key.startsWith("SAI_OBJECT_TYPE_SWITCH:") ? hardwareInfo(fields) : undefined;
      return hardware === undefined ? [body] : [{ op: "#", text: `${HARDWARE_INFO}=${hardware}` }, body];
    }
    case "remove":
      return [{ op: "r", key }];
    case "set":
      return [{ op: "s", key, fields }];
    case "get":
      return [{ op: "g", key, fields }];
    case "bulkcreate":
      return [bulkBody("C", key, fields)];
    case "bulkremove":
      return [{ op: "R", type: splitKey(key)[0], parts: fields.map(([head]) => ({ head })) }];
    case "bulkset":
      return [bulkBody("S", key, fields)];
    case "bulkget":
      return [bulkBody("B", key, fields)];
    case "notify":
      return [{ op: "a", view: key }];
    case "flush":
      return [{ op: "f", key, fields }];
    case "start_poll":
    case "stop_poll":
    case "set_counter_group":
    case "del_counter_group":
      return [{ op: "p", key, fields }];
    case "get_stats":
    case "link_event_damping_config_set":
      return [];
    default:
      return [queryBody(op, key, fields)];
  }
}

/** The line of the reply to a recorded request, where it leaves one. */
export function replyBody(request: AsicRequest, reply: AsicReply, style: RecordingStyle): RecordBody | undefined {
  const { op } = request;
  const { status, fields } = reply;
  const known = status === SUCCESS || status === OVERFLOW;
  switch (op) {
    case "get":
      return { op: "G", kind: "single", status, fields: known ? fields : [] };
    case "bulkget":
      return { op: "G", kind: "bulk", status, bars: style.bulkReplyBars, parts: fields.map(partOf) };
    case "notify":
      return { op: "A", status };
    case "flush":
      return { op: "F", status };
    case "get_stats":
    case "link_event_damping_config_set":
      return undefined;
    case "clear_stats":
    case "attribute_capability_query":
    case "attr_enum_values_capability_query":
    case "object_type_get_availability_query":
    case "stats_capability_query":
    case "stats_st_capability_query":
      return queryReplyBody(op, request.fields, reply);
    default:
      return status === SUCCESS || !style.failures ? undefined : failureBody(op, status, fields);
  }
}

export function notificationBody({ name, data, fields }: AsicNotification): RecordBody {
  return { op: "n", name, data, fields };
}

const BULK: ReadonlySet<AsicOp> = new Set(["bulkcreate", "bulkremove", "bulkset"]);

function failureBody(op: AsicOp, status: string, fields: FieldValues): RecordBody {
  return BULK.has(op) && fields.length > 0
    ? { op: "E", status, statuses: fields.map(([each]) => each) }
    : { op: "E", status };
}

function bulkBody(op: BulkOp, key: string, fields: FieldValues): RecordBody {
  return { op, type: splitKey(key)[0], parts: fields.map(partOf) };
}

/** A field of a bulk request or reply. */
function partOf([head, attributes]: readonly [string, string]): BulkPart {
  return { head, attributes };
}

/** The text of `4:102,111,111,0`, as its comment shows it. */
function hardwareInfo(fields: FieldValues): string | undefined {
  const value = fields.find(([name]) => name === HARDWARE_INFO)?.[1];
  const codes = value === undefined ? undefined : /^\d+:((?:-?\d+,)*-?\d+)$/.exec(value)?.[1];
  if (codes === undefined) return undefined;
  return codes
    .split(",")
    .map(Number)
    .filter((code) => code > 0)
    .map((code) => String.fromCharCode(code))
    .join("");
}

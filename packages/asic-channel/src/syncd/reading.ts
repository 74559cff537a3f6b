import type { FieldValues } from "@tandem/swss";
import { isEntryType, type ObjectKey } from "../object-key.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import { type AsicRequest, splitKey } from "../request.js";
import { attributeOf, objectTypeOf } from "../sai/catalogue.js";
import { attributesOf } from "../sai/check.js";
import { enumNumbers, statisticNumber } from "../sai/enums.js";
import { STATUS } from "../status.js";
import { joinAttributes, parseObject, splitJoined } from "./operation.js";
import { snoopedRows } from "./rows.js";
import type { Session } from "./session.js";

interface Got {
  readonly status: string;
  readonly fields: FieldValues;
}

/** `get`: values in the channel's ids. A successful one leaves rows too. */
export async function get(session: Session, { op, key, fields }: AsicRequest): Promise<AsicReply> {
  const [type, id] = splitKey(key);
  const { status, fields: values } = await getOne(session, type, id, attributesOf(fields));
  return replyTo(op, status, values);
}

/** `bulkget`: of each object its status and values. Entries cannot be read in bulk. */
export async function bulkGet(session: Session, { op, key, fields }: AsicRequest): Promise<AsicReply> {
  const [type] = splitKey(key);
  if (isEntryType(type))
    return replyTo(
      op,
      STATUS.notSupported,
      fields.map(() => [STATUS.notExecuted, ""]),
    );
  const replies: [string, string][] = [];
  for (const [id, joined] of fields) {
    const wanted = splitJoined(joined);
    const got: Got =
      wanted === undefined
        ? { status: STATUS.invalidParameter, fields: [] }
        : await getOne(session, type, id, attributesOf(wanted));
    replies.push([got.status, joinAttributes(got.fields)]);
  }
  return replyTo(op, replies.every(([status]) => status === SUCCESS) ? SUCCESS : FAILURE, replies);
}

async function getOne(session: Session, type: string, id: string, wanted: FieldValues): Promise<Got> {
  const key = parseObject(type, id, session.switches);
  if (key === undefined) return { status: STATUS.invalidObjectId, fields: [] };
  if (session.view === "init" && isEntryType(type)) return { status: STATUS.notSupported, fields: [] };
  const rid = session.map.toAsic(key);
  if (rid === undefined)
    return { status: session.view === "init" ? STATUS.invalidObjectId : STATUS.notFound, fields: [] };
  const got = await session.ask({ call: "get", type, id: rid, fields: wanted });
  if (got === undefined) return { status: STATUS.failure, fields: [] };
  if (got.status !== SUCCESS) return { status: got.status, fields: got.fields ?? [] };
  const values = (got.fields ?? []).map(([name, value]) => [name, session.map.valueToChannel(value)] as const);
  const untold = values.find(([, value]) => value === undefined);
  if (untold !== undefined) {
    session.emit({
      kind: "warning",
      text: `${untold[0]} of ${type}:${id} names an object that the channel has no id for`,
    });
    return { status: STATUS.failure, fields: [] };
  }
  const fields = values.map(([name, value]) => [name, value as string] as const);
  await snoop(session, key, fields);
  return { status: SUCCESS, fields };
}

/** The reply does not wait for the memory of others: where Redis takes no rows, the values are right all the same. */
async function snoop(session: Session, key: ObjectKey, values: FieldValues): Promise<void> {
  const isHidden = (vid: string): boolean => session.view === "apply" && session.cold.has(vid);
  const rows = snoopedRows(
    session.prefix,
    key,
    values,
    (vid) => session.cold.get(vid) ?? session.typeOf(vid),
    isHidden,
  );
  if (rows.length > 0) await session.begin(rows);
}

/** `get_stats` and `clear_stats`. */
export async function stats(session: Session, { op, key, fields }: AsicRequest): Promise<AsicReply> {
  const [type, id] = splitKey(key);
  const object = parseObject(type, id, session.switches);
  const rid = object === undefined ? undefined : session.map.toAsic(object);
  if (rid === undefined) return replyTo(op, STATUS.invalidObjectId);
  const names = fields.map(([name]) => name);
  const got = await session.ask({ call: "stats", type, id: rid, names, clear: op === "clear_stats" });
  return replyTo(op, got?.status ?? FAILURE, got?.fields ?? []);
}

/** The queries about what the ASIC can do. */
export async function query(session: Session, { op, key, fields }: AsicRequest): Promise<AsicReply> {
  if (session.map.rid(key) === undefined || !session.switches.has(key)) return replyTo(op, STATUS.invalidObjectId);
  if (op === "attribute_capability_query") {
    const [type, name] = [fields[0]?.[1], fields[1]?.[1]];
    if (fields.length !== 2 || type === undefined || name === undefined) return replyTo(op, STATUS.invalidParameter);
    const attribute = attributeOf(type, name);
    if (attribute === undefined) return replyTo(op, STATUS.notSupported);
    const isWritten = attribute.access !== "readOnly";
    return replyTo(op, SUCCESS, [
      ["CREATE_IMPLEMENTED", String(isWritten)],
      ["SET_IMPLEMENTED", String(attribute.access === "createSet")],
      ["GET_IMPLEMENTED", "true"],
    ]);
  }
  if (op === "object_type_get_availability_query") {
    const last = fields.at(-1);
    if (last?.[0] !== "OBJECT_TYPE") return replyTo(op, STATUS.invalidParameter);
    if (objectTypeOf(last[1]) === undefined) return replyTo(op, STATUS.notSupported);
    const got = await session.ask({ call: "availability", type: last[1] });
    return replyTo(op, got?.status ?? FAILURE, got?.fields ?? []);
  }
  return op === "attr_enum_values_capability_query" ? enumValues(op, fields) : statistics(op, fields);
}

/** Which values an attribute takes, as SAI's numbers; of an enum whose numbers differ between releases nothing is said. */
function enumValues(op: AsicRequest["op"], fields: FieldValues): AsicReply {
  const [type, name, size] = fields.map(([, value]) => value);
  const room = roomOf(size);
  if (fields.length !== 3 || type === undefined || name === undefined || room === undefined)
    return replyTo(op, STATUS.invalidParameter);
  const kind = attributeOf(type, name)?.kind;
  if (kind === undefined) return replyTo(op, STATUS.notSupported);
  const of = kind.kind === "list" ? kind.of : kind;
  if (of.kind !== "enum") return replyTo(op, STATUS.invalidParameter);
  const numbers = enumNumbers(of.prefix);
  if (numbers === undefined) return replyTo(op, STATUS.notSupported);
  const count = ["ENUM_COUNT", String(numbers.length)] as const;
  if (room < numbers.length) return replyTo(op, STATUS.bufferOverflow, [count]);
  return replyTo(op, SUCCESS, [["ENUM_CAPABILITIES", listed(numbers)], count]);
}

/** A statistic can be read, and read and cleared. */
const STATISTIC_MODES = 0b11;

/** Which statistics a type counts, as SAI's numbers; those whose numbers differ between releases are left out. */
function statistics(op: AsicRequest["op"], fields: FieldValues): AsicReply {
  const [type, size] = fields.map(([, value]) => value);
  const room = roomOf(size);
  if (fields.length !== 2 || type === undefined || room === undefined) return replyTo(op, STATUS.invalidParameter);
  const numbers = (objectTypeOf(type)?.stats ?? []).flatMap((name) => statisticNumber(name) ?? []);
  if (numbers.length === 0) return replyTo(op, STATUS.notSupported);
  const count = ["STAT_COUNT", String(numbers.length)] as const;
  if (room < numbers.length) return replyTo(op, STATUS.bufferOverflow, [count]);
  const each = (value: number): string => listed(numbers.map(() => value));
  return replyTo(op, SUCCESS, [
    ["STAT_ENUM", listed(numbers)],
    ["STAT_MODES", each(STATISTIC_MODES)],
    // Its counters are in memory: they can be read as often as one likes.
    ...(op === "stats_st_capability_query" ? [["MINIMAL_POLLING_INTERVALS", each(0)] as const] : []),
    count,
  ]);
}

/** Items that the asker has room for; `undefined` when that is no number. */
function roomOf(size: string | undefined): number | undefined {
  return size !== undefined && /^\d{1,10}$/.test(size) ? Number(size) : undefined;
}

/** As queries have lists: each number with a comma behind it. */
function listed(numbers: readonly number[]): string {
  return numbers.map((number) => `${number},`).join("");
}

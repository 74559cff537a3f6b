import type { FieldValues } from "@tandem/swss";
import type { AsicOp } from "../op.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { formatFields } from "./bars.js";
import type { RecordBody } from "./record.js";

/** The names that queries have in recordings. */
const NAMES = {
  attribute_capability_query: "attribute_capability",
  attr_enum_values_capability_query: "attribute_enum_values_capability",
  object_type_get_availability_query: "object_type_get_availability",
  stats_capability_query: "stats_capability",
  stats_st_capability_query: "stats_st_capability",
  clear_stats: "clear_stats",
} as const satisfies Partial<Record<AsicOp, string>>;

export type RecordedQuery = keyof typeof NAMES;

const SWITCH_TYPE = "SAI_OBJECT_TYPE_SWITCH";

/** The line of a query. A switch is named with its type there, unlike on the channel. */
export function queryBody(op: RecordedQuery, key: string, fields: FieldValues): RecordBody {
  const name = NAMES[op];
  if (op === "clear_stats") return { op: "q", name, key, fields };
  return { op: "q", name, key: key.startsWith(SWITCH_TYPE) ? key : `${SWITCH_TYPE}:${key}`, fields: asked(op, fields) };
}

function asked(op: RecordedQuery, fields: FieldValues): FieldValues {
  const textOf = (name: string): string | undefined => fields.find(([field]) => field === name)?.[1];
  switch (op) {
    case "attr_enum_values_capability_query": {
      const attribute = textOf("ATTR_ID");
      return attribute === undefined ? fields : [[attribute, textOf("LIST_SIZE") ?? "0"]];
    }
    case "object_type_get_availability_query":
      return fields.filter(([field]) => field !== "OBJECT_TYPE");
    default:
      return fields;
  }
}

/** The line of a query's reply. Values of enums stay the numbers that the channel carries. */
export function queryReplyBody(op: RecordedQuery, asked: FieldValues, reply: AsicReply): RecordBody {
  const { status } = reply;
  const value = (name: string): string | undefined => reply.fields.find(([field]) => field === name)?.[1];
  const line = (...values: readonly string[]): RecordBody => ({ op: "Q", name: NAMES[op], status, values });
  switch (op) {
    case "clear_stats":
      return { op: "Q", name: NAMES[op], status };
    case "attribute_capability_query": {
      const can = (name: string): string => (status === SUCCESS ? (value(`${name}_IMPLEMENTED`) ?? "false") : "false");
      const implemented = ["CREATE", "SET", "GET"].map((name) => [`${name}_IMP`, can(name)] as const);
      return line(...formatFields([...asked, ...implemented]).split("|"));
    }
    case "attr_enum_values_capability_query": {
      const count = value("ENUM_COUNT");
      const attribute = asked.find(([field]) => field === "ATTR_ID")?.[1];
      if (count === undefined || attribute === undefined) return line("");
      const values = value("ENUM_CAPABILITIES")?.replace(/,$/, "");
      return line(`${attribute}=${count}${values === undefined ? "" : `:${values === "" ? "null" : values}`}`);
    }
    case "object_type_get_availability_query":
      return line(`COUNT=${value("OBJECT_COUNT") ?? "0"}`);
    default:
      return line(statisticsJson(value));
  }
}

/** `{"count":N,"list":[{"stat_enum":"..","stat_modes":[".."]}]}`; without a list where only the count was told. */
function statisticsJson(value: (name: string) => string | undefined): string {
  const listed = (name: string): readonly string[] => (value(name) ?? "").split(",").filter((item) => item !== "");
  const modes = listed("STAT_MODES");
  const intervals = listed("MINIMAL_POLLING_INTERVALS");
  const list = listed("STAT_ENUM").map((statistic, i) => ({
    ...(intervals[i] !== undefined && { minimal_polling_interval: intervals[i] }),
    stat_enum: statistic,
    stat_modes: [modes[i] ?? ""],
  }));
  return JSON.stringify({ count: Number(value("STAT_COUNT") ?? 0), list: list.length === 0 ? null : list });
}

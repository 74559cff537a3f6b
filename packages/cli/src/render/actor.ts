import { err, type Json, ok, type Result } from "@tandem/base";
import { parseBigJson, plainText, prettyJson } from "./big-json.js";
import { BORDERS, renderBox } from "./box.js";

export type Members = { readonly [member: string]: Json | undefined };

/** How times of a dump are shown; it holds whole seconds since the epoch. */
export interface DumpTimes {
  /** `YYYY:MM:DD HH:MM:SS`, in the zone of the reader. */
  readonly format: (seconds: number) => string;
  readonly nowSeconds: number;
}

/** The state of one actor as its hamgrd dumps it (GET_ACTOR_STATE). */
export interface ActorDump {
  readonly incoming: Members;
  readonly internal: Members;
  readonly sent: Members;
  readonly queued: readonly Json[];
  /** The whole dump. */
  readonly raw: Json;
}

/** Reads a dump's outer shape; what a member inside lacks is shown as empty. */
export function parseActorDump(text: string): Result<ActorDump, string> {
  const parsed = parseBigJson(text);
  if (!parsed.ok) return parsed;
  const dump = members(parsed.value);
  const outgoing = members(dump["outgoing"]);
  for (const [name, value] of [
    ["incoming", dump["incoming"]],
    ["internal", dump["internal"]],
    ["outgoing.outgoing_sent", outgoing["outgoing_sent"]],
    ["outgoing.outgoing_queued", outgoing["outgoing_queued"]],
  ] as const) {
    if (typeof value !== "object" || value === null) return err(`the actor's state has no ${name}`);
  }
  const queued = outgoing["outgoing_queued"];
  return ok({
    incoming: members(dump["incoming"]),
    internal: members(dump["internal"]),
    sent: members(outgoing["outgoing_sent"]),
    queued: Array.isArray(queued) ? (queued as readonly Json[]) : [],
    raw: parsed.value,
  });
}

/** What an actor has committed to its row of a table, by the dump's internal state; empty when it has none. */
export function committedFields(dump: ActorDump, table: string): Readonly<Record<string, string>> {
  const row = Object.values(dump.internal)
    .map(members)
    .find((candidate) => candidate["swss_table_name"] === table);
  return Object.fromEntries(
    Object.entries(members(row?.["backup_fvs"])).map(([field, value]) => [field, plainText(value)]),
  );
}

/** The newest row of a table that an actor has taken in, as its dump hands it on; empty when there is none. */
export function incomingFields(dump: ActorDump, table: string): Readonly<Record<string, string>> {
  const data = members(members(members(dump.incoming[table])["msg"])["data"]);
  return Object.fromEntries(
    Object.entries(members(data["field_values"])).map(([field, value]) => [field, plainText(value)]),
  );
}

/** The tables of `show hamgrd actor`, in the layout of swbus-cli; the last one only when something is queued. */
export function renderActor(dump: ActorDump, times: DumpTimes): string {
  const tables = [
    panel(
      "Incoming State",
      ["key", "details"],
      rowsOf(dump.incoming, (entry) => [incoming(entry, times)]),
    ),
    panel(
      "Internal State",
      ["key", "table_meta", "fields"],
      rowsOf(dump.internal, (row) => internal(row, times)),
    ),
    panel(
      "Outgoing Sent Message State",
      ["key", "details"],
      rowsOf(dump.sent, (entry) => [sent(entry, times)]),
    ),
  ];
  if (dump.queued.length > 0) {
    const rows = dump.queued.map((entry) => [queued(members(entry), times)]);
    tables.push(panel("Outgoing Queued Message State", ["message"], rows));
  }
  return tables.map((table) => `${table}\n`).join("");
}

function panel(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return renderBox(BORDERS.drawn, { columns, rows }, title);
}

function rowsOf(map: Members, cells: (entry: Members) => readonly string[]): readonly (readonly string[])[] {
  return Object.keys(map)
    .sort()
    .map((key) => [key, ...cells(members(map[key]))]);
}

function details(lines: readonly (readonly [attribute: string, value: string])[]): string {
  return renderBox(BORDERS.frameless, { columns: ["attribute", "value"], rows: lines });
}

function incoming(entry: Members, times: DumpTimes): string {
  const message = members(entry["msg"]);
  return details([
    ["source", path(entry["source"])],
    ["request-id", plainText(entry["request_id"])],
    ["version", plainText(entry["version"])],
    ["message/key", plainText(message["key"])],
    ["message/value", prettyJson(expanded(message["data"]))],
    ["created-time", time(entry["created_time"], times)],
    ["last-updated-time", time(entry["last_updated_time"], times)],
    ["response", plainText(entry["response"])],
    ["acked", plainText(entry["acked"])],
  ]);
}

function internal(row: Members, times: DumpTimes): readonly string[] {
  const fields = members(row["backup_fvs"]);
  const meta = details([
    ["table", plainText(row["swss_table_name"])],
    ["key", plainText(row["swss_key"])],
    ["mutated", plainText(row["mutated"])],
    ["last-updated-time", time(row["last_updated_time"], times)],
  ]);
  const names = Object.keys(fields).sort();
  return [meta, details(names.map((name) => [name, plainText(fields[name])] as const))];
}

function sent(entry: Members, times: DumpTimes): string {
  const message = members(entry["msg"]);
  return details([
    ["response_source", path(entry["response_source"])],
    ["id", plainText(entry["id"])],
    ["version", plainText(entry["version"])],
    ["message/key", plainText(message["key"])],
    ["message/value", prettyJson(message["data"])],
    ["created-time", time(entry["created_time"], times)],
    ["last-updated-time", time(entry["last_updated_time"], times)],
    ["last-sent-time", time(entry["last_sent_time"], times)],
    ["response", plainText(entry["response"])],
    ["acked", plainText(entry["acked"])],
  ]);
}

function queued(entry: Members, times: DumpTimes): string {
  const message = members(entry["actor_message"]);
  const sentAt = Number(members(entry["time_sent"])["secs_since_epoch"]);
  return details([
    ["actor-message/key", plainText(message["key"])],
    ["actor-message/value", prettyJson(message["data"])],
    ["swbus-message/header", prettyJson(members(entry["swbus_message"])["header"])],
    ["time-elapsed", Number.isFinite(sentAt) ? String(Math.max(0, Math.floor(times.nowSeconds - sentAt))) : ""],
  ]);
}

/** A row of a protobuf table travels as JSON text in the field `json`: shown as the object it is. */
function expanded(data: Json | undefined): Json | undefined {
  const text = members(members(data)["field_values"])["json"];
  if (typeof text !== "string") return data;
  const value = parseBigJson(text);
  if (!value.ok) return data;
  return { ...members(data), field_values: { ...members(members(data)["field_values"]), json: value.value } };
}

const LOCATION = ["region_id", "cluster_id", "node_id"] as const;
const SERVICE = ["service_type", "service_id", "resource_type", "resource_id"] as const;

/** A service path from its seven fields, each half up to its first gap. */
function path(value: Json | undefined): string {
  const parts = members(value);
  const upToGap = (names: readonly string[]): readonly string[] => {
    const texts = names.map((name) => plainText(parts[name]));
    const gap = texts.indexOf("");
    return gap < 0 ? texts : texts.slice(0, gap);
  };
  return [upToGap(LOCATION).join("."), ...upToGap(SERVICE)].join("/");
}

function time(value: Json | undefined, times: DumpTimes): string {
  return typeof value === "number" ? times.format(value) : "";
}

/** The members of an object; none of anything else. */
export function members(value: Json | undefined): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

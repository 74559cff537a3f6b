import { invariant, type Json } from "@tandem/base";

/** A dump as sonic-dash-ha's swbus-cli holds it after reading; ids and times keep every digit. */
export interface UpstreamDump {
  readonly incoming: Readonly<Record<string, UpstreamIncoming>>;
  readonly internal: Readonly<Record<string, UpstreamInternal>>;
  readonly queued: readonly { readonly key: string; readonly data: Json; readonly destination: string }[];
  readonly sent: Readonly<Record<string, UpstreamSent>>;
}

export interface UpstreamIncoming {
  readonly key: string;
  readonly data: Json;
  /** Parts of the path, joined by `/`. */
  readonly source: string;
  readonly requestId: bigint;
  readonly version: bigint;
  readonly response: string;
  readonly acked: boolean;
}

export interface UpstreamInternal {
  readonly table: string;
  readonly key: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly backup: Readonly<Record<string, string>>;
  readonly mutated: boolean;
}

export interface UpstreamSent {
  readonly key: string;
  readonly data: Json;
  readonly id: bigint;
  readonly version: bigint;
  readonly acked: boolean;
  readonly response: string | undefined;
}

type Members = { readonly [name: string]: Json | undefined };

/** Marks a number that was written as a plain integer; everything else stays as it was parsed. */
const INTEGER = "\u0000";
const U64_MAX = 2n ** 64n - 1n;
const U32_MAX = 2n ** 32n - 1n;
const PATH_PARTS = [
  "region_id",
  "cluster_id",
  "node_id",
  "service_type",
  "service_id",
  "resource_type",
  "resource_id",
] as const;

/**
 * Reads the answer to GET_ACTOR_STATE as strictly as the Rust types of swbus-cli do: every member that is not nullable
 * must be there, with exactly its type, and integers must have no sign, point or exponent. Throws where it does not.
 */
export function readUpstreamDump(text: string): UpstreamDump {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^\d+$/.test(token) ? JSON.stringify(`${INTEGER}${token}`) : token,
  );
  const dump = members(JSON.parse(marked) as Json, "dump");
  const outgoing = members(dump["outgoing"], "outgoing");
  const queued = outgoing["outgoing_queued"];
  invariant(Array.isArray(queued), "outgoing_queued: a list");
  return {
    incoming: eachOf(dump["incoming"], "incoming", readIncoming),
    internal: eachOf(dump["internal"], "internal", readInternal),
    queued: queued.map((entry, i) => readQueued(members(entry, `outgoing_queued[${i}]`))),
    sent: eachOf(outgoing["outgoing_sent"], "outgoing_sent", readSent),
  };
}

function eachOf<T>(
  value: Json | undefined,
  what: string,
  read: (entry: Members, what: string) => T,
): Record<string, T> {
  const entries = Object.entries(members(value, what));
  return Object.fromEntries(entries.map(([name, entry]) => [name, read(members(entry, `${what}.${name}`), name)]));
}

function readIncoming(entry: Members, what: string): UpstreamIncoming {
  for (const time of ["created_time", "last_updated_time"]) integer(entry[time], `${what}.${time}`);
  return {
    ...message(entry["msg"], what),
    source: path(entry["source"], `${what}.source`),
    requestId: integer(entry["request_id"], `${what}.request_id`),
    version: integer(entry["version"], `${what}.version`),
    response: word(entry["response"], `${what}.response`),
    acked: truth(entry["acked"], `${what}.acked`),
  };
}

function readInternal(entry: Members, what: string): UpstreamInternal {
  truth(entry["to_delete"], `${what}.to_delete`);
  if (entry["last_updated_time"] !== null) integer(entry["last_updated_time"], `${what}.last_updated_time`);
  return {
    table: word(entry["swss_table_name"], `${what}.swss_table_name`),
    key: word(entry["swss_key"], `${what}.swss_key`),
    fields: eachWord(entry["fvs"], `${what}.fvs`),
    backup: eachWord(entry["backup_fvs"], `${what}.backup_fvs`),
    mutated: truth(entry["mutated"], `${what}.mutated`),
  };
}

function readSent(entry: Members, what: string): UpstreamSent {
  for (const time of ["created_time", "last_updated_time", "last_sent_time"]) integer(entry[time], `${what}.${time}`);
  const { response, response_source: source } = entry;
  if (source !== null && source !== undefined) path(source, `${what}.response_source`);
  return {
    ...message(entry["msg"], what),
    id: integer(entry["id"], `${what}.id`),
    version: integer(entry["version"], `${what}.version`),
    acked: truth(entry["acked"], `${what}.acked`),
    response: response === null || response === undefined ? undefined : word(response, `${what}.response`),
  };
}

function readQueued(entry: Members): UpstreamDump["queued"][number] {
  const bus = members(entry["swbus_message"], "swbus_message");
  const header = members(bus["header"], "header");
  for (const name of ["version", "flag", "ttl"]) integer(header[name], `header.${name}`, U32_MAX);
  word(header["source"], "header.source");
  const data = members(members(bus["body"], "body")["DataRequest"], "DataRequest");
  const payload = data["payload"];
  invariant(Array.isArray(payload), "payload: a list");
  for (const byte of payload) integer(byte, "payload", 255n);
  const sent = members(entry["time_sent"], "time_sent");
  integer(sent["secs_since_epoch"], "secs_since_epoch");
  integer(sent["nanos_since_epoch"], "nanos_since_epoch", 999_999_999n);
  return {
    ...message(entry["actor_message"], "actor_message"),
    destination: word(header["destination"], "destination"),
  };
}

function message(value: Json | undefined, what: string): { readonly key: string; readonly data: Json } {
  const { key, data } = members(value, `${what}.msg`);
  invariant(data !== undefined, `${what}.msg.data: missing`);
  return { key: word(key, `${what}.msg.key`), data: plain(data) };
}

function path(value: Json | undefined, what: string): string {
  const parts = members(value, what);
  return PATH_PARTS.map((part) => word(parts[part], `${what}.${part}`)).join("/");
}

function members(value: Json | undefined, what: string): Members {
  invariant(typeof value === "object" && value !== null && !Array.isArray(value), `${what}: an object`);
  return value as Members;
}

function word(value: Json | undefined, what: string): string {
  invariant(typeof value === "string" && !value.startsWith(INTEGER), `${what}: a text`);
  return value;
}

function truth(value: Json | undefined, what: string): boolean {
  invariant(typeof value === "boolean", `${what}: true or false`);
  return value;
}

function integer(value: Json | undefined, what: string, max = U64_MAX): bigint {
  invariant(typeof value === "string" && value.startsWith(INTEGER), `${what}: an integer`);
  const number = BigInt(value.slice(INTEGER.length));
  invariant(number <= max, `${what}: at most ${max}`);
  return number;
}

function eachWord(value: Json | undefined, what: string): Record<string, string> {
  return Object.fromEntries(Object.entries(members(value, what)).map(([name, text]) => [name, word(text, what)]));
}

/** The data of a message again as numbers: what bridges and actors put there is far below 2^53. */
function plain(value: Json): Json {
  if (typeof value === "string") return value.startsWith(INTEGER) ? Number(value.slice(INTEGER.length)) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member as Json)]));
}

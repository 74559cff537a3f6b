import type { Command, Reply } from "../store.js";

/** A command as a script calls it. Throws `ScriptRefusal` where Redis would refuse it. */
export type ScriptCall = (...command: Command) => Reply;

/** What `redis.call` raises: ends the script, as in Lua; what it wrote stays. */
export class ScriptRefusal extends Error {
  override readonly name = "ScriptRefusal";
}

/** A script's twin: the same commands in the same order as its `.lua` file, for stores without Lua. */
export type ScriptTwin = (call: ScriptCall, keys: readonly string[], args: readonly string[]) => Reply;

const strings = (reply: Reply): readonly string[] => reply as readonly string[];

const producerStateTableWrite: ScriptTwin = (call, keys, args) => {
  const [channel, keySet, delSet, tempPrefix] = keys as [string, string, string, string];
  const members: string[] = [];
  const deleted: string[] = [];
  let i = 1;
  while (i < args.length) {
    const key = args[i] as string;
    const fields = Number(args[i + 1]);
    members.push(key);
    i += 2;
    if (fields < 0) {
      deleted.push(key);
      call("DEL", tempPrefix + key);
    } else if (fields > 0) {
      call("HSET", tempPrefix + key, ...args.slice(i, i + 2 * fields));
      i += 2 * fields;
    }
  }
  if (deleted.length > 0) call("SADD", delSet, ...deleted);
  const fresh = members.length > 0 ? Number(call("SADD", keySet, ...members)) : 0;
  if (fresh > 0) call("PUBLISH", channel, args[0] as string);
  return fresh;
};

const producerStateTableClear: ScriptTwin = (call, keys, args) => {
  let removed = 0;
  for (const temp of strings(call("KEYS", args[0] as string))) removed += Number(call("DEL", temp));
  call("DEL", ...keys);
  return removed;
};

const producerStateTableApplyView: ScriptTwin = (call, keys, args) => {
  const [channel, keySet, delSet, tempPrefix, prefix] = keys as [string, string, string, string, string];
  for (const temp of strings(call("KEYS", args[1] as string))) call("DEL", temp);
  call("DEL", keySet, delSet);
  const old = new Map<string, string>();
  for (const row of strings(call("KEYS", args[2] as string))) {
    if (call("TYPE", row) === "hash") old.set(row.slice(prefix.length), row);
  }
  let queued = 0;
  let replaced = 0;
  const queue = (key: string, replace: boolean): void => {
    call("SADD", keySet, key);
    queued += 1;
    if (replace) {
      call("SADD", delSet, key);
      replaced += 1;
    }
  };
  let i = 3;
  while (i < args.length) {
    const key = args[i] as string;
    const stop = i + 2 + 2 * Number(args[i + 1]);
    const wanted = new Map<string, string>();
    for (let f = i + 2; f < stop; f += 2) wanted.set(args[f] as string, args[f + 1] as string);
    const row = old.get(key);
    let changed = row === undefined;
    let replace = false;
    if (row !== undefined) {
      let extra = wanted.size;
      const have = strings(call("HGETALL", row));
      for (let f = 0; f < have.length; f += 2) {
        if (have[f] === "NULL") continue;
        const value = wanted.get(have[f] as string);
        if (value === undefined) replace = true;
        else extra -= 1;
        if (value !== have[f + 1]) changed = true;
      }
      if (extra > 0) changed = true;
      old.delete(key);
    }
    if (changed) {
      queue(key, replace);
      if (stop > i + 2) call("HSET", tempPrefix + key, ...args.slice(i + 2, stop));
    }
    i = stop;
  }
  for (const key of old.keys()) queue(key, true);
  call("PUBLISH", channel, args[0] as string);
  return [queued, replaced];
};

const consumerStateTablePops: ScriptTwin = (call, keys, args) => {
  const [keySet, delSet, tempPrefix, prefix] = keys as [string, string, string, string];
  const result: Reply[] = [];
  for (const key of strings(call("SPOP", keySet, args[0] as string))) {
    if (call("SREM", delSet, key) === 1) call("DEL", prefix + key);
    const fields = strings(call("HGETALL", tempPrefix + key));
    if (fields.length > 0) {
      call("HSET", prefix + key, ...fields);
      call("DEL", tempPrefix + key);
    }
    result.push(key, fields);
  }
  return result;
};

const producerTableEnqueue: ScriptTwin = (call, keys, args) => {
  const [queue, channel] = keys as [string, string];
  const [payload, ...elements] = args as [string, ...string[]];
  const length = call("LPUSH", queue, ...elements);
  for (let i = 0; i < elements.length; i += 3) call("PUBLISH", channel, payload);
  return length;
};

const WRITES = new Set(["set", "SET", "create", "remove", "DEL"]);
const BULK = new Set(["bulkset", "bulkcreate", "bulkremove"]);
const QUIET = new Set([
  "flush",
  "flushresponse",
  "get",
  "bulkget",
  "getresponse",
  "notify",
  "get_stats",
  "clear_stats",
  "attribute_capability_query",
  "attribute_capability_response",
  "attr_enum_values_capability_query",
  "attr_enum_values_capability_response",
  "object_type_get_availability_query",
  "object_type_get_availability_response",
  "stats_capability_query",
  "stats_capability_response",
  "stats_st_capability_query",
  "stats_st_capability_response",
  "link_event_damping_config_set",
]);

/** The array of a queue entry, or what is wrong with it. */
function decodeList(value: string): readonly string[] | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return "the value is not JSON";
  }
  if (typeof parsed !== "object" || parsed === null) return "the value is not a JSON array";
  const members: unknown[] = Object.values(parsed);
  if (members.some((member) => typeof member !== "string")) return "an element is not a string";
  if (!Array.isArray(parsed) && members.length > 0) return "the value is a JSON object with members";
  return members.length % 2 === 1 ? "the last field has no value" : (members as string[]);
}

function writeRow(call: ScriptCall, row: string, list: readonly string[], remove: boolean): string | undefined {
  try {
    if (remove) call("DEL", row);
    else if (list.length > 0) call("HSET", row, ...list);
    return undefined;
  } catch (error) {
    if (error instanceof ScriptRefusal) return error.message;
    throw error;
  }
}

function writeBulk(call: ScriptCall, key: string, op: string, list: readonly string[], rows: string) {
  const colon = key.indexOf(":");
  if (colon < 0) return "a bulk key has no colon";
  const writes: (readonly [string, readonly string[]])[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const attributes: string[] = [];
    for (const piece of op === "bulkremove" ? [] : (list[i + 1] as string).split("|")) {
      if (piece === "") continue;
      const equals = piece.indexOf("=");
      if (equals < 0) return "a bulk attribute has no `=`";
      attributes.push(piece.slice(0, equals), piece.slice(equals + 1));
    }
    writes.push([`${rows}:${key.slice(0, colon)}:${list[i]}`, attributes]);
  }
  for (const [row, attributes] of writes) {
    const wrong = writeRow(call, row, attributes, op === "bulkremove");
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const consumerTablePops: ScriptTwin = (call, keys, args) => {
  const [queue, rows] = keys as [string, string];
  const elements = strings(call("LRANGE", queue, String(-3 * Number(args[0])), "-1"));
  const result: Reply[] = [];
  let i = elements.length;
  while (i >= 3) {
    const [opstring, value, key] = elements.slice(i - 3, i) as [string, string, string];
    if (!/^[SD]/.test(opstring) || !/^[[{]/.test(value)) {
      result.push(["a stray element", key, "", ""]);
      i -= 1;
      continue;
    }
    const op = opstring.slice(1);
    const list = decodeList(value);
    let wrong = typeof list === "string" ? list : undefined;
    if (typeof list !== "string" && args[1] !== "0") {
      if (BULK.has(op)) wrong = writeBulk(call, key, op, list, rows);
      else if (WRITES.has(op)) wrong = writeRow(call, key === "" ? rows : `${rows}:${key}`, list, opstring[0] === "D");
      else if (!QUIET.has(op)) wrong = "the op is unknown";
    }
    result.push(wrong === undefined ? ["", key, op, ...list] : [wrong, key, opstring, value]);
    i -= 3;
  }
  if (elements.length > i) call("LTRIM", queue, "0", String(i - elements.length - 1));
  return result;
};

const tableDump: ScriptTwin = (call, _keys, args) => {
  const result: Reply[] = [];
  for (const row of strings(call("KEYS", args[0] as string))) {
    if (call("TYPE", row) === "hash") result.push(row, call("HGETALL", row));
  }
  return result;
};

const tableWrite: ScriptTwin = (call, keys, args) => {
  let i = 0;
  for (const row of keys) {
    const mode = args[i];
    const stop = i + 2 + 2 * Number(args[i + 1]);
    const fields = args.slice(i + 2, stop);
    if (mode === "replace" || (mode === "exact" && fields.length === 0)) call("DEL", row);
    let stale: readonly string[] = [];
    if (mode === "exact" && fields.length > 0) {
      const wanted = new Set(fields.filter((_, f) => f % 2 === 0));
      stale = strings(call("HKEYS", row)).filter((field) => !wanted.has(field));
    }
    if (fields.length > 0) call("HSET", row, ...fields);
    if (stale.length > 0) call("HDEL", row, ...stale);
    i = stop;
  }
  return null;
};

const rowCompareAndSet: ScriptTwin = (call, keys, args) => {
  const [row, answer, list] = keys as [string, string, string];
  const [asked, text, max] = args as [string, string, string];
  if (call("EXISTS", answer) === 1) {
    return ["answered", call("HGET", answer, "asked") ?? "", call("HGET", answer, "answer") ?? ""];
  }
  const seen = Number(args[3]);
  if (seen >= 0 && call("HLEN", row) !== seen) return ["changed"];
  for (let f = 4; f < 4 + 2 * seen; f += 2) {
    if (call("HGET", row, args[f] as string) !== args[f + 1]) return ["changed"];
  }
  const at = 4 + 2 * Math.max(seen, 0);
  const fields = Number(args[at]);
  const written = args.slice(at + 1, at + 1 + 2 * Math.max(fields, 0));
  if (fields === 0) call("DEL", row);
  else if (fields > 0) {
    for (let f = 0; f < written.length; f += 2) call("HSET", row, written[f] as string, written[f + 1] as string);
    const wanted = new Set(written.filter((_, f) => f % 2 === 0));
    for (const field of strings(call("HKEYS", row))) if (!wanted.has(field)) call("HDEL", row, field);
  }
  call("HSET", answer, "asked", asked, "answer", text);
  call("LPUSH", list, answer);
  for (const old of strings(call("LRANGE", list, max, "-1"))) call("DEL", old);
  call("LTRIM", list, "0", String(Number(max) - 1));
  return ["written"];
};

/** Twins by script name. Commands they use: DEL EXISTS HDEL HGET HGETALL HKEYS HLEN HSET KEYS LPUSH LRANGE LTRIM PUBLISH SADD SPOP SREM TYPE. */
export const SCRIPT_TWINS: ReadonlyMap<string, ScriptTwin> = new Map([
  ["producer_state_table_write", producerStateTableWrite],
  ["producer_state_table_clear", producerStateTableClear],
  ["producer_state_table_apply_view", producerStateTableApplyView],
  ["consumer_state_table_pops", consumerStateTablePops],
  ["producer_table_enqueue", producerTableEnqueue],
  ["consumer_table_pops", consumerTablePops],
  ["row_compare_and_set", rowCompareAndSet],
  ["table_dump", tableDump],
  ["table_write", tableWrite],
]);

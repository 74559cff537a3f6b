import { millis } from "@tandem/base";
import type { Reply } from "../store.js";
import { type CommandContext, type CommandTable, integer, refuse } from "./command.js";
import { globMatcher } from "./glob.js";

/** Commands on keys of any type, and on strings. */
export const keyCommands: CommandTable = {
  DEL: { arity: -2, run: remove },
  UNLINK: { arity: -2, run: remove },
  EXISTS: { arity: -2, run: ({ keyspace }, keys) => keys.filter((key) => keyspace.has(key)).length },
  TYPE: { arity: 2, run: ({ keyspace }, [key = ""]) => keyspace.typeOf(key) },
  DBSIZE: { arity: 1, run: ({ keyspace }) => keyspace.size },
  KEYS: { arity: 2, run: ({ keyspace }, [pattern = ""]) => keyspace.keysLike(pattern, globMatcher(pattern)) },
  SCAN: { arity: -2, run: scan },
  EXPIRE: { arity: -3, run: (context, [key, delay]) => expire(context, key, integer(delay) * 1000) },
  PEXPIRE: { arity: -3, run: (context, [key, delay]) => expire(context, key, integer(delay)) },
  TTL: { arity: 2, run: (context, [key = ""]) => timeLeft(context, key, 1000) },
  PTTL: { arity: 2, run: (context, [key = ""]) => timeLeft(context, key, 1) },
  PERSIST: {
    arity: 2,
    run: ({ keyspace }, [key = ""]) => {
      if (!keyspace.persist(key)) return 0;
      keyspace.notify("g", "persist", key);
      return 1;
    },
  },
  RENAME: {
    arity: 3,
    run: ({ keyspace }, [from = "", to = ""]) => {
      if (!keyspace.has(from)) refuse("ERR no such key");
      if (from === to) return "OK";
      keyspace.rename(from, to);
      keyspace.notify("g", "rename_from", from);
      keyspace.notify("g", "rename_to", to);
      return "OK";
    },
  },
  GET: { arity: 2, run: ({ keyspace }, [key = ""]) => keyspace.find(key, "string")?.text ?? null },
  MGET: {
    arity: -2,
    run: ({ keyspace }, keys) =>
      keys.map((key) => (keyspace.typeOf(key) === "string" ? (keyspace.find(key, "string")?.text ?? null) : null)),
  },
  SET: { arity: -3, run: set },
  INCR: { arity: 2, run: (context, [key]) => increment(context, key, 1) },
  INCRBY: { arity: 3, run: (context, [key, by]) => increment(context, key, integer(by)) },
};

function remove({ keyspace }: CommandContext, keys: readonly string[]): Reply {
  let removed = 0;
  for (const key of keys) {
    if (!keyspace.remove(key)) continue;
    keyspace.notify("g", "del", key);
    removed += 1;
  }
  return removed;
}

/** All that matches in one page, which Redis may do too. */
function scan({ keyspace }: CommandContext, [cursor, ...options]: readonly string[]): Reply {
  if (integer(cursor) !== 0) return ["0", []];
  let keys = keyspace.keys();
  for (let i = 0; i < options.length; i += 2) {
    const value = options[i + 1];
    const option = options[i]?.toUpperCase();
    if (value === undefined) refuse("ERR syntax error");
    if (option === "MATCH") keys = keys.filter(globMatcher(value));
    else if (option === "TYPE") keys = keys.filter((key) => keyspace.typeOf(key) === value);
    else if (option !== "COUNT" || integer(value) < 1) refuse("ERR syntax error");
  }
  return ["0", keys];
}

function expire({ keyspace }: CommandContext, key = "", delay: number): Reply {
  if (!keyspace.has(key)) return 0;
  if (delay <= 0) {
    keyspace.remove(key);
    keyspace.notify("g", "del", key);
    return 1;
  }
  keyspace.expireIn(key, millis(delay));
  keyspace.notify("g", "expire", key);
  return 1;
}

function timeLeft({ keyspace }: CommandContext, key: string, unit: number): Reply {
  const left = keyspace.timeLeft(key);
  return left < 0 ? left : Math.round(left / unit);
}

function set({ keyspace }: CommandContext, [key = "", text = "", ...options]: readonly string[]): Reply {
  let delay: number | undefined;
  let when: string | undefined;
  for (let i = 0; i < options.length; i++) {
    const option = options[i]?.toUpperCase();
    if (option === "NX" || option === "XX") when = option;
    else if (option === "EX" || option === "PX") {
      i += 1;
      delay = integer(options[i]) * (option === "EX" ? 1000 : 1);
      if (delay <= 0) refuse("ERR invalid expire time in 'set' command");
    } else refuse("ERR syntax error");
  }
  if ((when === "NX" && keyspace.has(key)) || (when === "XX" && !keyspace.has(key))) return null;
  keyspace.put(key, { type: "string", text });
  if (delay !== undefined) keyspace.expireIn(key, millis(delay));
  keyspace.notify("$", "set", key);
  if (delay !== undefined) keyspace.notify("g", "expire", key);
  return "OK";
}

function increment({ keyspace }: CommandContext, key = "", by: number): Reply {
  const old = keyspace.find(key, "string");
  const sum = integer(old?.text ?? "0") + by;
  keyspace.make(key, "string").text = String(sum);
  keyspace.notify("$", "incrby", key);
  return sum;
}

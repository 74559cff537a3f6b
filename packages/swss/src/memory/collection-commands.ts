import type { Reply } from "../store.js";
import { type CommandContext, type CommandTable, integer, refuse, sliceBounds } from "./command.js";

const hashCommands: CommandTable = {
  HSET: { arity: -4, run: (context, [key, ...pairs]) => hset(context, "hset", key, pairs) },
  HMSET: {
    arity: -4,
    run: (context, [key, ...pairs]) => {
      hset(context, "hmset", key, pairs);
      return "OK";
    },
  },
  HGET: {
    arity: 3,
    run: ({ keyspace }, [key = "", field = ""]) => keyspace.find(key, "hash")?.fields.get(field) ?? null,
  },
  HMGET: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...fields]) => {
      const hash = keyspace.find(key, "hash");
      return fields.map((field) => hash?.fields.get(field) ?? null);
    },
  },
  HGETALL: {
    arity: 2,
    run: ({ keyspace }, [key = ""]) => {
      const hash = keyspace.find(key, "hash");
      if (hash === undefined) return [];
      hash.flat ??= flatten(hash.fields);
      return hash.flat;
    },
  },
  HKEYS: { arity: 2, run: ({ keyspace }, [key = ""]) => [...(keyspace.find(key, "hash")?.fields.keys() ?? [])] },
  HVALS: { arity: 2, run: ({ keyspace }, [key = ""]) => [...(keyspace.find(key, "hash")?.fields.values() ?? [])] },
  HLEN: { arity: 2, run: ({ keyspace }, [key = ""]) => keyspace.find(key, "hash")?.fields.size ?? 0 },
  HEXISTS: {
    arity: 3,
    run: ({ keyspace }, [key = "", field = ""]) => Number(keyspace.find(key, "hash")?.fields.has(field) ?? false),
  },
  HDEL: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...fields]) => {
      const hash = keyspace.find(key, "hash");
      const removed = fields.filter((field) => hash?.fields.delete(field)).length;
      if (removed === 0 || hash === undefined) return 0;
      hash.flat = undefined;
      keyspace.notify("h", "hdel", key);
      keyspace.removeIfEmpty(key);
      return removed;
    },
  },
};

function hset({ keyspace }: CommandContext, name: string, key = "", pairs: readonly string[]): Reply {
  if (pairs.length % 2 === 1) refuse(`ERR wrong number of arguments for '${name}' command`);
  const hash = keyspace.make(key, "hash");
  const { fields } = hash;
  hash.flat = undefined;
  const before = fields.size;
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i] as string, pairs[i + 1] as string);
  keyspace.notify("h", "hset", key);
  return fields.size - before;
}

function flatten(fields: ReadonlyMap<string, string>): readonly string[] {
  const flat: string[] = [];
  for (const [name, value] of fields) flat.push(name, value);
  return flat;
}

const setCommands: CommandTable = {
  SADD: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...added]) => {
      const { members } = keyspace.make(key, "set");
      const before = members.size;
      for (const member of added) members.add(member);
      if (members.size > before) keyspace.notify("s", "sadd", key);
      return members.size - before;
    },
  },
  SREM: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...gone]) => {
      const set = keyspace.find(key, "set");
      const removed = gone.filter((member) => set?.members.delete(member)).length;
      if (removed === 0) return 0;
      keyspace.notify("s", "srem", key);
      keyspace.removeIfEmpty(key);
      return removed;
    },
  },
  SMEMBERS: { arity: 2, run: ({ keyspace }, [key = ""]) => [...(keyspace.find(key, "set")?.members ?? [])] },
  SCARD: { arity: 2, run: ({ keyspace }, [key = ""]) => keyspace.find(key, "set")?.members.size ?? 0 },
  SISMEMBER: {
    arity: 3,
    run: ({ keyspace }, [key = "", member = ""]) => Number(keyspace.find(key, "set")?.members.has(member) ?? false),
  },
  SPOP: {
    arity: -2,
    run: ({ keyspace }, [key = "", count, ...rest]) => {
      if (rest.length > 0) refuse("ERR syntax error");
      const wanted = count === undefined ? 1 : integer(count);
      if (wanted < 0) refuse("ERR value is out of range, must be positive");
      const set = keyspace.find(key, "set");
      if (set === undefined || wanted === 0) return count === undefined ? null : [];
      const taken: string[] = [];
      while (taken.length < wanted && set.members.size > 0) taken.push(keyspace.pop(set.members));
      keyspace.notify("s", "spop", key);
      keyspace.removeIfEmpty(key);
      return count === undefined ? (taken[0] as string) : taken;
    },
  },
};

const listCommands: CommandTable = {
  LPUSH: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...items]) => {
      const list = keyspace.make(key, "list");
      list.items = items.reverse().concat(list.items);
      keyspace.notify("l", "lpush", key);
      return list.items.length;
    },
  },
  RPUSH: {
    arity: -3,
    run: ({ keyspace }, [key = "", ...items]) => {
      const list = keyspace.make(key, "list");
      for (const item of items) list.items.push(item);
      keyspace.notify("l", "rpush", key);
      return list.items.length;
    },
  },
  LPOP: { arity: 2, run: (context, [key]) => popItem(context, key, "lpop", (items) => items.shift()) },
  RPOP: { arity: 2, run: (context, [key]) => popItem(context, key, "rpop", (items) => items.pop()) },
  LLEN: { arity: 2, run: ({ keyspace }, [key = ""]) => keyspace.find(key, "list")?.items.length ?? 0 },
  LRANGE: {
    arity: 4,
    run: ({ keyspace }, [key = "", start, stop]) => {
      const items = keyspace.find(key, "list")?.items ?? [];
      return items.slice(...sliceBounds(start, stop, items.length));
    },
  },
  LTRIM: {
    arity: 4,
    run: ({ keyspace }, [key = "", start, stop]) => {
      const list = keyspace.find(key, "list");
      const bounds = sliceBounds(start, stop, list?.items.length ?? 0);
      if (list === undefined) return "OK";
      list.items = list.items.slice(...bounds);
      keyspace.notify("l", "ltrim", key);
      keyspace.removeIfEmpty(key);
      return "OK";
    },
  },
};

function popItem(
  { keyspace }: CommandContext,
  key = "",
  event: string,
  take: (items: string[]) => string | undefined,
): Reply {
  const list = keyspace.find(key, "list");
  if (list === undefined) return null;
  const item = take(list.items) as string;
  keyspace.notify("l", event, key);
  keyspace.removeIfEmpty(key);
  return item;
}

/** Commands on hashes, sets and lists. */
export const collectionCommands: CommandTable = { ...hashCommands, ...setCommands, ...listCommands };

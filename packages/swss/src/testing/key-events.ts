import type { Command } from "../store.js";

/** What some commands tell of the keys that they touch, as `key event`. */
export interface KeyEventCase {
  readonly does: string;
  /** Before anybody listens. */
  readonly given?: readonly Command[];
  readonly commands: readonly Command[];
  readonly tells: readonly string[];
}

/** Keyspace events with `AKE`, recorded from Redis 7.0. */
export const KEY_EVENTS: readonly KeyEventCase[] = [
  {
    does: "a row is written, and written again unchanged",
    commands: [
      ["HSET", "h", "f", "1"],
      ["HSET", "h", "f", "1"],
    ],
    tells: ["h hset", "h hset"],
  },
  {
    does: "a field is removed",
    given: [["HSET", "h", "f", "1", "g", "2"]],
    commands: [["HDEL", "h", "f", "none"]],
    tells: ["h hdel"],
  },
  {
    does: "no field is removed",
    given: [["HSET", "h", "f", "1"]],
    commands: [
      ["HDEL", "h", "none"],
      ["HDEL", "none", "f"],
    ],
    tells: [],
  },
  {
    does: "the last field is removed",
    given: [["HSET", "h", "f", "1"]],
    commands: [["HDEL", "h", "f"]],
    tells: ["h hdel", "h del"],
  },
  {
    does: "keys are deleted",
    given: [
      ["HSET", "h", "f", "1"],
      ["SET", "s", "v"],
    ],
    commands: [["DEL", "h", "none", "s"]],
    tells: ["h del", "s del"],
  },
  { does: "a key is unlinked", given: [["HSET", "h", "f", "1"]], commands: [["UNLINK", "h"]], tells: ["h del"] },
  { does: "a key is written over", given: [["HSET", "a", "f", "1"]], commands: [["SET", "a", "v"]], tells: ["a set"] },
  {
    does: "SET with a condition that does not hold",
    given: [["SET", "a", "v"]],
    commands: [
      ["SET", "a", "w", "NX"],
      ["SET", "b", "w", "XX"],
    ],
    tells: [],
  },
  { does: "SET with an expiry", commands: [["SET", "a", "v", "EX", "100"]], tells: ["a set", "a expire"] },
  {
    does: "a counter goes up",
    commands: [
      ["INCR", "n"],
      ["INCRBY", "n", "2"],
    ],
    tells: ["n incrby", "n incrby"],
  },
  {
    does: "a key gets an expiry and loses it",
    given: [["SET", "a", "v"]],
    commands: [
      ["EXPIRE", "a", "100"],
      ["PERSIST", "a"],
      ["PERSIST", "a"],
      ["EXPIRE", "none", "1"],
    ],
    tells: ["a expire", "a persist"],
  },
  {
    does: "an expiry that has passed already",
    given: [["SET", "a", "v"]],
    commands: [["EXPIRE", "a", "-1"]],
    tells: ["a del"],
  },
  {
    does: "a key is renamed",
    given: [
      ["HSET", "a", "f", "1"],
      ["SET", "b", "v"],
    ],
    commands: [["RENAME", "a", "b"]],
    tells: ["a rename_from", "b rename_to"],
  },
  {
    does: "members join a set",
    commands: [
      ["SADD", "s", "a", "b"],
      ["SADD", "s", "a"],
    ],
    tells: ["s sadd"],
  },
  {
    does: "members leave a set, the last ones too",
    given: [["SADD", "s", "a", "b", "c"]],
    commands: [
      ["SREM", "s", "a"],
      ["SREM", "s", "none"],
      ["SREM", "s", "b", "c"],
    ],
    tells: ["s srem", "s srem", "s del"],
  },
  {
    does: "members are popped",
    given: [["SADD", "s", "a", "b", "c"]],
    commands: [
      ["SPOP", "s"],
      ["SPOP", "s", "1"],
      ["SPOP", "s", "0"],
      ["SPOP", "s", "9"],
      ["SPOP", "s", "9"],
    ],
    tells: ["s spop", "s spop", "s spop", "s del"],
  },
  {
    does: "the only member is popped",
    given: [["SADD", "s", "a"]],
    commands: [["SPOP", "s"]],
    tells: ["s spop", "s del"],
  },
  {
    does: "a list grows at both ends",
    commands: [
      ["LPUSH", "l", "a", "b"],
      ["RPUSH", "l", "c"],
    ],
    tells: ["l lpush", "l rpush"],
  },
  {
    does: "a list is trimmed, also to what it is and to nothing",
    given: [["RPUSH", "l", "a", "b", "c"]],
    commands: [
      ["LTRIM", "l", "0", "1"],
      ["LTRIM", "l", "0", "-1"],
      ["LTRIM", "l", "5", "9"],
      ["LTRIM", "l", "0", "0"],
    ],
    tells: ["l ltrim", "l ltrim", "l ltrim", "l del"],
  },
  {
    does: "items leave a list",
    given: [["RPUSH", "l", "a", "b"]],
    commands: [
      ["LPOP", "l"],
      ["RPOP", "l"],
    ],
    tells: ["l lpop", "l rpop", "l del"],
  },
  { does: "a database is flushed", given: [["SET", "a", "v"]], commands: [["FLUSHDB"], ["FLUSHALL"]], tells: [] },
  {
    does: "commands that only read",
    given: [["HSET", "h", "f", "1"]],
    commands: [
      ["HGETALL", "h"],
      ["KEYS", "*"],
      ["EXISTS", "h"],
      ["TTL", "h"],
    ],
    tells: [],
  },
];

import { millis } from "@tandem/base";

/**
 * What a server can suffer while it runs. `slow`: everything takes `SLOW` longer, each way. `stalled`: it keeps its connections and answers nothing. `full`: out of memory
 * under `noeviction`. `unsaved`: the last snapshot failed, and `stop-writes-on-bgsave-error` is on.
 */
export type Trouble = "slow" | "stalled" | "full" | "unsaved";

export const SLOW = millis(75);

/** Commands that may need memory (`denyoom`). */
const GROWS = new Set(["SET", "INCR", "INCRBY", "HSET", "HMSET", "SADD", "LPUSH", "RPUSH"]);
/** Commands that change keys without. */
const CHANGES = [
  ...["DEL", "UNLINK", "RENAME", "EXPIRE", "PEXPIRE", "PERSIST"],
  ...["HDEL", "SREM", "SPOP", "LPOP", "RPOP", "LTRIM", "FLUSHDB", "FLUSHALL"],
];
/** What a server that cannot save refuses; PING, so that a health check finds out. */
const WRITES = new Set([...GROWS, ...CHANGES, "PING"]);

const FULL = "OOM command not allowed when used memory > 'maxmemory'.";
const UNSAVED =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may " +
  "modify the data set are disabled, because this instance is configured to report errors during writes if RDB " +
  "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";

/** Whether it changes keys. */
export function isWrite(name: string): boolean {
  return WRITES.has(name) && name !== "PING";
}

/** Why a server in that trouble does not carry out a command. */
export function refusalIn(trouble: Trouble | undefined, name: string): string | undefined {
  if (trouble === "full" && GROWS.has(name)) return FULL;
  return trouble === "unsaved" && WRITES.has(name) ? UNSAVED : undefined;
}

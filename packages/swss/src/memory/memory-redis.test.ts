import { millis, seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Command, type Reply, type Store, untilConnected } from "../store.js";
import { startRedis } from "../testing/redis-server.js";
import { redisStoresAt } from "../testing/redis-stores.js";
import { MemoryRedis } from "./memory-redis.js";
import { MemoryStores } from "./memory-stores.js";

const key = fc.constantFrom("a", "b", "ab", "c*", "é\udcff", "");
const text = fc.constantFrom("1", "-7", "", "x", "\udc80", "[a]");
const index = fc.integer({ min: -4, max: 4 }).map(String);
const few = fc.array(text, { minLength: 1, maxLength: 3 });
const pairs = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }).map((list) => list.flat());
const pattern = fc.constantFrom("*", "a*", "?", "[a-b]*", "c\\*", "??", "[^a]", "*b", "", "é?", "é??");

function command(name: string, ...args: fc.Arbitrary<string | string[]>[]): fc.Arbitrary<Command> {
  return fc.tuple(...args).map((parts) => [name, ...parts.flat()] as const);
}

const anyCommand = fc.oneof(
  command("SET", key, text),
  command("SET", key, text, fc.constantFrom("NX", "XX", "ZZ")),
  command("GET", key),
  command("MGET", key, key),
  command("INCR", key),
  command("INCRBY", key, text),
  command("DEL", key, key),
  command("EXISTS", key, key),
  command("TYPE", key),
  command("RENAME", key, key),
  command("KEYS", pattern),
  command("SCAN", fc.constant("0"), fc.constant("COUNT"), fc.constant("1000"), fc.constant("MATCH"), pattern),
  command("EXPIRE", key, fc.constantFrom("1000", "0", "x")),
  command("TTL", key),
  command("PERSIST", key),
  command("HSET", key, pairs),
  command("HSET", key, few),
  command("HMSET", key, pairs),
  command("HGET", key, text),
  command("HMGET", key, few),
  command("HGETALL", key),
  command("HKEYS", key),
  command("HVALS", key),
  command("HDEL", key, few),
  command("HLEN", key),
  command("HEXISTS", key, text),
  command("SADD", key, few),
  command("SREM", key, few),
  command("SMEMBERS", key),
  command("SCARD", key),
  command("SISMEMBER", key, text),
  command("SPOP", key, fc.constantFrom("0", "99", "-1")),
  command("LPUSH", key, few),
  command("RPUSH", key, few),
  command("LPOP", key),
  command("RPOP", key),
  command("LLEN", key),
  command("LRANGE", key, index, index),
  command("LTRIM", key, index, index),
  command("DBSIZE"),
  command("ECHO", text),
  command("HGET", key),
  command("NOPE", index),
  command("EVALSHA", fc.constant("00"), fc.constant("0")),
);

/** Commands whose replies Redis gives in an order of its own. */
const UNORDERED = new Set(["KEYS", "SMEMBERS", "SPOP", "HKEYS", "HVALS", "HGETALL", "SCAN"]);

function comparable(name: string, reply: Reply): Reply {
  if (!UNORDERED.has(name) || !Array.isArray(reply)) return reply;
  return [...reply.flat()].sort();
}

async function replay(store: Store, commands: readonly Command[]): Promise<unknown[]> {
  unwrap(await store.command(["FLUSHALL"]));
  const events: string[] = [];
  const subscription = unwrap(
    await store.psubscribe("__key*__:*", (message, channel) => events.push(`${channel} ${message}`)),
  );
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const end = unwrap(await store.subscribe("end", () => finish()));
  const replies: unknown[] = [];
  for (const one of commands) {
    const result = await store.command(one);
    if (result.ok) replies.push(comparable(one[0], result.value));
    else replies.push(result.error.kind === "refused" ? result.error.detail : result.error.kind);
  }
  unwrap(await store.command(["PUBLISH", "end", ""]));
  await finished;
  await end.close();
  await subscription.close();
  return [...replies, ...events];
}

test("memory answers and tells as Redis 7 does", async () => {
  await using server = await startRedis();
  await using stores = redisStoresAt(server);
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  await using memory = new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
  const [real, twin] = [unwrap(stores.open({ db: "APPL_DB" })), unwrap(memory.open({ db: "APPL_DB" }))];
  await Promise.all([untilConnected(real), untilConnected(twin)]);
  await fc.assert(
    fc.asyncProperty(fc.array(anyCommand, { minLength: 20, maxLength: 60 }), async (commands) => {
      expect(await replay(twin, commands)).toEqual(await replay(real, commands));
    }),
    { numRuns: 150 },
  );
});

test("a connection says whether the server would answer at once", async () => {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  const connection = await clock.run(
    redis.connect(0, () => {}),
    seconds(1),
  );
  expect(connection.answers).toBe(true);
  for (const trouble of ["slow", "stalled", "full", "unsaved"] as const) {
    redis.suffer(trouble);
    expect(connection.answers, trouble).toBe(false);
    redis.suffer(undefined);
    await clock.advance(seconds(1));
    expect(connection.answers).toBe(true);
  }
  redis.setLatency(millis(1));
  expect(connection.answers).toBe(false);
  redis.setLatency(millis(0));
  redis.kill();
  expect(connection.answers).toBe(false);
});

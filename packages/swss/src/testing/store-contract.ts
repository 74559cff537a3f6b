import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import type { MemoryScript } from "../memory/script-cache.js";
import type { Command, Reply, Script, Store, Stores } from "../store.js";
import { untilConnected } from "../store.js";
import { KEY_EVENTS } from "./key-events.js";

/** What a contract case runs on: one server, which others of its kind do not reach. */
export interface StoreWorld extends AsyncDisposable {
  /** Stores of a further process, which reach that server. */
  process(options?: { readonly inFlightMax?: number }): Stores;
  /** Ends the server without saving. */
  kill(): Promise<void>;
  /** Starts the server again, empty and with its first settings. */
  restart(): Promise<void>;
  /** Ends all connections of all processes, from the server's side. */
  disconnect(): Promise<void>;
  /** Resolves `work` while time passes as far as it needs. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** One promise of `Store`, as a test to run on a world of its own. */
export interface StoreContractCase {
  readonly name: string;
  run(world: StoreWorld): Promise<void>;
}

/** Adds ARGV[1] to a counter, then fails when asked to. */
const COUNT: Script = {
  name: "contract_count",
  lua: `local sum = redis.call("INCRBY", KEYS[1], ARGV[1])
if ARGV[2] == "fail" then return redis.error_reply("ERR asked to") end
return sum`,
};

/** Packs its arguments, nothing, and its key. */
const PACK: Script = {
  name: "contract_pack",
  lua: "return cmsgpack.pack({ARGV, {}, KEYS[1]})",
  packed: true,
};

/** Scripts of the contract, with their twins for a store without Lua. */
export const CONTRACT_SCRIPTS: readonly MemoryScript[] = [
  {
    script: COUNT,
    twin: (call, [key = ""], [by = "", fail]) => {
      const sum = call("INCRBY", key, by);
      if (fail === "fail") call("NO_SUCH_COMMAND");
      return sum;
    },
  },
  { script: PACK, twin: (_call, [key = ""], args) => [args, [], key] },
];

/** Messages of a subscription, and a promise of more. */
class Inbox {
  readonly messages: string[] = [];
  #wake: (() => void) | undefined;

  readonly take = (message: string, channel: string): void => {
    this.messages.push(`${channel} ${message}`);
    this.#wake?.();
  };

  /** Resolves when `message` has come. */
  async until(message: string): Promise<void> {
    while (!this.messages.includes(message))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

async function connected(world: StoreWorld, stores: Stores, db = "STATE_DB"): Promise<Store> {
  const store = unwrap(stores.open({ db }));
  await world.run(untilConnected(store));
  return store;
}

async function reply(store: Store, ...command: Command): Promise<Reply> {
  return unwrap(await store.command(command), command.join(" "));
}

function disconnection(store: Store): Promise<string> {
  return new Promise((resolve) => {
    const stop = store.onDisconnect((detail) => {
      stop();
      resolve(detail);
    });
  });
}

/** Cases on a connected store, as most are. */
function onStore(name: string, run: (store: Store, world: StoreWorld, stores: Stores) => Promise<void>) {
  return {
    name,
    run: async (world: StoreWorld): Promise<void> => {
      await using stores = world.process();
      await run(await connected(world, stores), world, stores);
    },
  };
}

const commands: readonly StoreContractCase[] = [
  onStore("commands answer text, numbers, null and arrays", async (store) => {
    assert.equal(await reply(store, "PING"), "PONG");
    assert.equal(await reply(store, "HSET", "h", "f", "1", "g", ""), 2);
    assert.deepEqual(await reply(store, "HGETALL", "h"), ["f", "1", "g", ""]);
    assert.deepEqual(await reply(store, "HMGET", "h", "g", "none"), ["", null]);
    assert.equal(await reply(store, "GET", "none"), null);
    assert.deepEqual(await reply(store, "SMEMBERS", "none"), []);
    assert.equal(await reply(store, "SET", "s", "v"), "OK");
    assert.equal(await reply(store, "TYPE", "h"), "hash");
  }),
  onStore("keys and values hold any bytes, and come back as they went", async (store) => {
    const names = ["", " ", "\r\n$-1\r\n", "\0", "é✓𝄞", "\udcff\udc80", "a\udcc3", "%s", "[*?]\\"];
    for (const text of names) {
      await reply(store, "HSET", `k${text}`, text, text);
      assert.deepEqual(await reply(store, "HGETALL", `k${text}`), [text, text]);
    }
    const found = (await reply(store, "KEYS", "*")) as readonly string[];
    assert.deepEqual([...found].sort(), names.map((name) => `k${name}`).sort());
    const long = "é".repeat(200_000);
    await reply(store, "SET", "long", long);
    assert.equal(await reply(store, "GET", "long"), long);
  }),
  onStore("a refusal says which command and why, and harms nothing else", async (store) => {
    await reply(store, "SET", "text", "v");
    const refused = await store.command(["HGET", "text", "f"]);
    assert.deepEqual(refused, {
      ok: false,
      error: {
        kind: "refused",
        db: "STATE_DB",
        command: "HGET",
        detail: "WRONGTYPE Operation against a key holding the wrong kind of value",
      },
    });
    const unknown = await store.command(["NO_SUCH_COMMAND", "a"]);
    assert.match(unknown.ok ? "" : describe(unknown.error), /^refused ERR unknown command/);
    assert.equal(await reply(store, "GET", "text"), "v");
  }),
  onStore("commands of one tick are applied in call order", async (store) => {
    const pushed = Array.from({ length: 500 }, (_, i) => store.command(["RPUSH", "l", String(i)]));
    await Promise.all(pushed);
    const expected = Array.from({ length: 500 }, (_, i) => String(i));
    assert.deepEqual(await reply(store, "LRANGE", "l", "0", "-1"), expected);
  }),
  onStore("a pipeline answers each command in order, refusals among them", async (store) => {
    const replies = unwrap(
      await store.pipeline([
        ["SET", "a", "1"],
        ["LPUSH", "a", "x"],
        ["GET", "a"],
      ]),
    );
    assert.deepEqual(
      replies.map((result) => (result.ok ? result.value : result.error.kind)),
      ["OK", "refused", "1"],
    );
    assert.deepEqual(await store.pipeline([]), { ok: true, value: [] });
  }),
  onStore("multi answers all commands, and nobody sees a part of it", async (store, world) => {
    await using others = world.process();
    const other = await connected(world, others);
    const writes = Array.from({ length: 50 }, (_, i): Command[] => [
      ["SET", "a", String(i)],
      ["SET", "b", String(i)],
    ]);
    const seen = await Promise.all(writes.flatMap((pair) => [store.multi(pair), other.command(["MGET", "a", "b"])]));
    for (const result of seen) {
      const value = unwrap(result) as readonly string[];
      assert.equal(value[0], value[1]);
    }
    assert.deepEqual(unwrap(await store.multi([])), []);
  }),
  onStore("multi fails when a command is refused; one refused at run time leaves the others applied", async (store) => {
    const late = await store.multi([
      ["SET", "a", "1"],
      ["LPUSH", "a", "x"],
      ["SET", "b", "2"],
    ]);
    assert.match(late.ok ? "" : describe(late.error), /^refused WRONGTYPE/);
    assert.deepEqual(await reply(store, "MGET", "a", "b"), ["1", "2"]);
    const early = await store.multi([["SET", "a", "3"], ["NO_SUCH_COMMAND"]]);
    assert.match(early.ok ? "" : describe(early.error), /^refused ERR unknown command/);
    assert.equal(await reply(store, "GET", "a"), "1");
  }),
  onStore("databases are separate", async (store, world, stores) => {
    const config = await connected(world, stores, "CONFIG_DB");
    await reply(store, "SET", "a", "state");
    await reply(config, "SET", "a", "config");
    assert.equal(await reply(store, "GET", "a"), "state");
    assert.equal(await reply(config, "FLUSHDB"), "OK");
    assert.deepEqual([await reply(config, "GET", "a"), await reply(store, "GET", "a")], [null, "state"]);
    assert.equal(await reply(config, "FLUSHALL"), "OK");
    assert.equal(await reply(store, "GET", "a"), null);
  }),
  onStore("an unknown database or container is an error that lists the known ones", async (_store, _world, stores) => {
    const opened = stores.open({ db: "STATE_DB", container: "dpu9" });
    assert.ok(!opened.ok && opened.error.kind === "unknownDatabase" && opened.error.known.includes("STATE_DB"));
  }),
];

const scripts: readonly StoreContractCase[] = [
  onStore(
    "a packed reply is what the script packed, whatever its size, also when the script was forgotten",
    async (store) => {
      const texts = [0, 1, 12, 13, 31, 32, 255, 256, 65_535, 65_536].map((length) => "x".repeat(length));
      const strange = ["ä\u{1f600}", "\udcff\udc80", "a\0b"];
      for (const args of [[], texts, strange, Array.from({ length: 7000 }, String)]) {
        assert.deepEqual(unwrap(await store.run(PACK, ["k"], args)), [args, [], "k"]);
      }
      await reply(store, "SCRIPT", "FLUSH");
      assert.deepEqual(unwrap(await store.run(PACK, ["k"], ["again"])), [["again"], [], "k"]);
    },
  ),
  onStore("scripts run in call order from the first on, and answer", async (store) => {
    const runs = [1, 2, 3].map((by) => store.run(COUNT, ["n"], [String(by)]));
    assert.deepEqual((await Promise.all(runs)).map(unwrapped), [1, 3, 6]);
  }),
  onStore("a script is loaded again when the server has forgotten it", async (store) => {
    unwrap(await store.run(COUNT, ["n"], ["1"]));
    await reply(store, "SCRIPT", "FLUSH");
    const runs = [2, 3].map((by) => store.run(COUNT, ["n"], [String(by)]));
    assert.deepEqual((await Promise.all(runs)).map(unwrapped), [3, 6]);
    assert.equal(unwrap(await store.run(COUNT, ["n"], ["4"])), 10);
  }),
  onStore("a script that fails is refused; what it wrote stays", async (store) => {
    const failed = await store.run(COUNT, ["n"], ["5", "fail"]);
    assert.match(failed.ok ? "" : describe(failed.error), /^refused ERR/);
    assert.equal(await reply(store, "GET", "n"), "5");
  }),
  onStore("a script that does not compile is refused", async (store) => {
    const failed = await store.run({ name: "broken", lua: "return (" }, [], []);
    assert.match(failed.ok ? "" : describe(failed.error), /^refused ERR Error compiling script/);
  }),
];

const subscriptions: readonly StoreContractCase[] = [
  onStore(
    "messages reach every subscriber of a channel in order, across databases and processes",
    async (store, world) => {
      await using others = world.process();
      const other = await connected(world, others, "CONFIG_DB");
      const [a, b] = [new Inbox(), new Inbox()];
      unwrap(await store.subscribe("é\udcc3", a.take));
      unwrap(await other.subscribe("é\udcc3", b.take));
      assert.equal(await reply(store, "PUBLISH", "é\udcc3", "one"), 2);
      await reply(other, "PUBLISH", "é\udcc3", "\udcff");
      for (const inbox of [a, b]) {
        await world.run(inbox.until("é\udcc3 \udcff"));
        assert.deepEqual(inbox.messages, ["é\udcc3 one", "é\udcc3 \udcff"]);
      }
    },
  ),
  onStore(
    "a pattern matches as in Redis; a channel that matches two subscriptions is delivered to both",
    async (store, world) => {
      const inbox = new Inbox();
      unwrap(await store.psubscribe("a[bc]?*", inbox.take));
      unwrap(await store.subscribe("abc", inbox.take));
      for (const channel of ["ab", "abc", "ad1", "ac\udcff", "end"]) await reply(store, "PUBLISH", channel, "m");
      unwrap(await store.subscribe("end", inbox.take));
      await reply(store, "PUBLISH", "end", "m");
      await world.run(inbox.until("end m"));
      assert.deepEqual(inbox.messages, ["abc m", "abc m", "ac\udcff m", "end m"]);
    },
  ),
  onStore("channels that differ only in bytes that are not UTF-8 are told apart", async (store, world) => {
    const [a, b, all] = [new Inbox(), new Inbox(), new Inbox()];
    const first = unwrap(await store.subscribe("[x]*\udcc3", a.take));
    unwrap(await store.subscribe("[x]*\udcff", b.take));
    unwrap(await store.psubscribe("\\[x]\\*?", all.take));
    for (const channel of ["[x]*\udcc3", "[x]*\udcff", "[x]*!", "x1\udcc3"])
      await reply(store, "PUBLISH", channel, "1");
    await first.close();
    for (const channel of ["[x]*\udcc3", "[x]*\udcff"]) await reply(store, "PUBLISH", channel, "2");
    await world.run(b.until("[x]*\udcff 2"));
    await world.run(all.until("[x]*\udcff 2"));
    assert.deepEqual(a.messages, ["[x]*\udcc3 1"]);
    assert.deepEqual(b.messages, ["[x]*\udcff 1", "[x]*\udcff 2"]);
    assert.deepEqual(
      all.messages,
      ["\udcc3 1", "\udcff 1", "! 1", "\udcc3 2", "\udcff 2"].map((end) => `[x]*${end}`),
    );
  }),
  onStore("a pattern that is not UTF-8 is refused", async (store) => {
    const refused = await store.psubscribe("a\udcff*", () => undefined);
    assert.equal(refused.ok ? "" : describe(refused.error), "refused the pattern is not UTF-8");
  }),
  onStore("two subscriptions of one channel are independent; a closed one hears nothing more", async (store, world) => {
    const [a, b] = [new Inbox(), new Inbox()];
    const first = unwrap(await store.subscribe("c", a.take));
    const second = unwrap(await store.subscribe("c", b.take));
    await first.close();
    await first.close();
    await reply(store, "PUBLISH", "c", "1");
    await world.run(b.until("c 1"));
    await second.close();
    assert.equal(await reply(store, "PUBLISH", "c", "2"), 0);
    unwrap(await store.subscribe("c", a.take));
    assert.equal(await reply(store, "PUBLISH", "c", "3"), 1);
    await world.run(a.until("c 3"));
    assert.deepEqual([a.messages, b.messages], [["c 3"], ["c 1"]]);
  }),
  onStore(
    "a store that is disposed of ends its subscriptions and leaves those of others",
    async (store, world, stores) => {
      const [mine, theirs] = [new Inbox(), new Inbox()];
      const short = await connected(world, stores);
      unwrap(await short.subscribe("c", mine.take));
      unwrap(await store.subscribe("c", theirs.take));
      await short[Symbol.asyncDispose]();
      await reply(store, "PUBLISH", "c", "1");
      await world.run(theirs.until("c 1"));
      assert.deepEqual(mine.messages, []);
    },
  ),
  ...KEY_EVENTS.map(({ does, given, commands: acts, tells }) =>
    onStore(`key events: ${does}`, async (store, world) => {
      for (const command of given ?? []) await reply(store, ...command);
      const inbox = new Inbox();
      unwrap(await store.psubscribe("__keyspace@6__:*", inbox.take));
      for (const command of acts) await reply(store, ...command);
      await reply(store, "SET", "end", "");
      await world.run(inbox.until("__keyspace@6__:end set"));
      const events = inbox.messages.slice(0, -1).map((message) => message.slice("__keyspace@6__:".length));
      assert.deepEqual(events, tells);
    }),
  ),
  onStore("a key that expires tells `expired`, at the time and not before", async (store, world) => {
    const inbox = new Inbox();
    unwrap(await store.psubscribe("__key*__:*", inbox.take));
    await reply(store, "HSET", "h", "f", "v");
    // At one moment of the server's: a busy machine may take longer than that between two commands.
    assert.deepEqual(
      unwrap(
        await store.multi([
          ["PEXPIRE", "h", "30"],
          ["EXISTS", "h"],
        ]),
      ),
      [1, 1],
    );
    await world.run(inbox.until("__keyevent@6__:expired h"));
    assert.deepEqual(inbox.messages, [
      "__keyspace@6__:h hset",
      "__keyevent@6__:hset h",
      "__keyspace@6__:h expire",
      "__keyevent@6__:expire h",
      "__keyspace@6__:h expired",
      "__keyevent@6__:expired h",
    ]);
    assert.equal(await reply(store, "EXISTS", "h"), 0);
  }),
  onStore("without notify-keyspace-events no key event is told", async (store, world) => {
    await reply(store, "CONFIG", "SET", "notify-keyspace-events", "KEA");
    assert.deepEqual(await reply(store, "CONFIG", "GET", "notify-keyspace-events"), ["notify-keyspace-events", "AKE"]);
    await reply(store, "CONFIG", "SET", "notify-keyspace-events", "");
    assert.deepEqual(await reply(store, "CONFIG", "GET", "notify-keyspace-events"), ["notify-keyspace-events", ""]);
    const inbox = new Inbox();
    unwrap(await store.psubscribe("*", inbox.take));
    await reply(store, "SET", "a", "1");
    await reply(store, "CONFIG", "SET", "notify-keyspace-events", "Kh");
    await reply(store, "SET", "a", "1");
    await reply(store, "HSET", "h", "f", "v");
    await world.run(inbox.until("__keyspace@6__:h hset"));
    assert.deepEqual(inbox.messages, ["__keyspace@6__:h hset"]);
  }),
];

const connections: readonly StoreContractCase[] = [
  {
    name: "a store that is opened while the server is down keeps trying, and says meanwhile why it fails",
    async run(world) {
      await world.kill();
      await using stores = world.process();
      const store = unwrap(stores.open({ db: "STATE_DB" }));
      assert.equal(store.connected, false);
      const failed = await store.command(["PING"]);
      assert.equal(failed.ok ? "" : failed.error.kind, "disconnected");
      const subscribed = await store.subscribe("c", () => undefined);
      assert.equal(subscribed.ok ? "" : subscribed.error.kind, "disconnected");
      const up = untilConnected(store);
      await world.restart();
      await world.run(up);
      assert.equal(await reply(store, "PING"), "PONG");
    },
  },
  onStore(
    "when the server dies, what is in flight fails, later commands fail at once, and the store comes back",
    async (store, world) => {
      unwrap(await store.run(COUNT, ["n"], ["1"]));
      const told: string[] = [];
      store.onDisconnect(() => told.push("disconnect"));
      store.onConnect(() => told.push("connect"));
      const down = disconnection(store);
      await world.kill();
      await world.run(down);
      assert.equal(store.connected, false);
      for (const result of [
        await store.command(["PING"]),
        await store.pipeline([["PING"]]),
        await store.multi([["PING"]]),
        await store.run(COUNT, ["n"], ["1"]),
      ])
        assert.equal(result.ok ? "" : result.error.kind, "disconnected");
      const up = untilConnected(store);
      await world.restart();
      await world.run(up);
      assert.equal(unwrap(await store.run(COUNT, ["n"], ["7"])), 7);
      assert.deepEqual(told, ["disconnect", "connect"]);
    },
  ),
  onStore("subscriptions stand again before connect listeners run", async (store, world) => {
    const inbox = new Inbox();
    unwrap(await store.subscribe("c", inbox.take));
    unwrap(await store.psubscribe("__keyspace@6__:*", inbox.take));
    const closed = unwrap(await store.subscribe("closed", inbox.take));
    const crash = async (): Promise<void> => {
      await world.kill();
      await world.restart();
    };
    for (const fault of [() => world.disconnect(), crash]) {
      inbox.messages.length = 0;
      const receivers = new Promise<Reply>((resolve, reject) => {
        const stop = store.onConnect(() => {
          stop();
          reply(store, "PUBLISH", "c", "again").then(resolve, reject);
        });
      });
      await fault();
      assert.equal(await world.run(receivers), 1);
      await reply(store, "SET", "k", "v");
      await world.run(inbox.until("__keyspace@6__:k set"));
      assert.deepEqual(inbox.messages, ["c again", "__keyspace@6__:k set"]);
    }
    await closed.close();
    assert.equal(await reply(store, "PUBLISH", "closed", ""), 0);
  }),
  onStore("a subscription that is closed while disconnected does not come back", async (store, world) => {
    const subscription = unwrap(await store.subscribe("c", () => undefined));
    const down = disconnection(store);
    await world.kill();
    await world.run(down);
    await subscription.close();
    const up = untilConnected(store);
    await world.restart();
    await world.run(up);
    assert.equal(await reply(store, "PUBLISH", "c", ""), 0);
  }),
  {
    name: "commands beyond the bound are refused with it, before any is sent; an idle store takes a pipeline of any length",
    async run(world) {
      await using stores = world.process({ inFlightMax: 4 });
      const store = await connected(world, stores);
      const results = await Promise.all(Array.from({ length: 6 }, () => store.command(["INCR", "n"])));
      assert.deepEqual(
        results.map((result) => (result.ok ? result.value : result.error)),
        [1, 2, 3, 4, ...Array(2).fill({ kind: "queueFull", db: "STATE_DB", limit: 4 })],
      );
      const long = unwrap(await store.pipeline(Array.from({ length: 9 }, () => ["INCR", "n"] as const)));
      assert.equal(long.length, 9);
      assert.equal(await reply(store, "GET", "n"), "13");
    },
  },
  onStore("a disposed process is disconnected for good, and disturbs no other", async (store, world) => {
    const short = world.process();
    const other = await connected(world, short);
    await short[Symbol.asyncDispose]();
    const failed = await other.command(["PING"]);
    assert.equal(failed.ok ? "" : failed.error.kind, "disconnected");
    assert.equal(await reply(store, "PING"), "PONG");
  }),
];

function unwrapped(result: { readonly ok: boolean; readonly value?: Reply }): Reply {
  assert.ok(result.ok);
  return result.value ?? null;
}

function describe(error: { readonly kind: string; readonly detail?: string }): string {
  return `${error.kind} ${error.detail ?? ""}`;
}

/** What every implementation of `Store` promises. */
export const storeContract: readonly StoreContractCase[] = [...commands, ...scripts, ...subscriptions, ...connections];

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARCHIVER_CRASH_POINTS, millis, sleep, systemClock, systemDisk, systemRandom, unwrap } from "@tandem/base";
import { FaultyDisk } from "@tandem/base/testing";
import { RedisStores, type Store, untilConnected } from "@tandem/swss";
import { databasesAt, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseLine } from "../recording/parse-line.js";
import { replyTo, SUCCESS } from "../reply.js";
import { archivedUpTo } from "../streams/archivers.js";
import { REQUEST_STREAM, RESPONSE_STREAM } from "../streams/wire.js";
import { create, get, set } from "../testing/requests.js";
import { StreamTalk } from "../testing/stream-talk.js";
import { forgetArchiver } from "./archive-scripts.js";
import { Archiver, type ArchiverOptions } from "./archiver.js";
import type { ArchiverEvent } from "./archiver-event.js";

const root = mkdtempSync(join(tmpdir(), "tandem-archive-"));
let redis: RedisServer;
let stores: RedisStores;
let store: Store;
let folder = "";
let path = "";

const open = async (server: RedisServer): Promise<void> => {
  stores = new RedisStores({ databases: databasesAt(server), clock: systemClock, random: systemRandom });
  store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
};

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
beforeEach(async () => {
  folder = mkdtempSync(join(root, "case-"));
  path = join(folder, "sairedis.rec");
  await open(redis);
  unwrap(await store.command(["FLUSHALL"]));
});
afterEach(() => stores[Symbol.asyncDispose]());

/** The last line of a file is being written. */
class Unfinished extends Error {}

function wholeText(name: string): string {
  const text = readFileSync(join(folder, name), "utf8");
  if (text !== "" && !text.endsWith("\n")) throw new Unfinished(name);
  return text;
}

/** Everything that is archived, oldest first, without times; every line must be one. */
const archived = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".rec"))
    .sort((a, b) => (a === "sairedis.rec" ? 1 : b === "sairedis.rec" ? -1 : a < b ? -1 : 1))
    .flatMap((name) => wholeText(name).split("\n"))
    .filter((line) => line !== "")
    .map((line) => {
      unwrap(parseLine(line));
      return line.slice(27);
    });

/** Small files that are not packed, so that the tests can read them. */
const PLAIN = { fileBytesMax: 4000, compress: false };

/** A file that is being rotated is not there for a moment, and one that is being written ends anywhere. */
const holds = async (wanted: () => boolean | Promise<boolean>): Promise<boolean> => {
  try {
    return await wanted();
  } catch (error) {
    if (error instanceof Unfinished || (error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
};

interface Running extends AsyncDisposable {
  readonly archiver: Archiver;
  readonly events: ArchiverEvent[];
  /** Resolves when everything that is finished is archived. */
  until(wanted: () => boolean | Promise<boolean>): Promise<void>;
}

async function running(options: Partial<ArchiverOptions> = {}): Promise<Running> {
  const ending = new AbortController();
  const events: ArchiverEvent[] = [];
  let wake = (): void => {};
  const archiver = unwrap(
    await Archiver.open(
      { stores, clock: systemClock, path, limits: PLAIN, onEvent: (event) => events.push(event), ...options },
      ending.signal,
    ),
  );
  const ended = archiver.run(ending.signal);
  return {
    archiver,
    events,
    until: async (wanted) => {
      while (!(await holds(wanted))) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          setImmediate(wake);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await ended;
      await archiver[Symbol.asyncDispose]();
    },
  };
}

const portUp = { name: "port_state_change", data: '[{"port_id":"oid:0x1"}]', fields: [] };
const mac = "SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS";
const vr = (n: number): string => `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid:0x3${n.toString(16).padStart(12, "0")}`;
const changes = (from: number, count: number) => Array.from({ length: count }, (_, i) => set(1, `${from + i}`));
const values = (): readonly number[] =>
  archived().flatMap((line) => Number(/^s\|.*=(\d+)$/.exec(line)?.[1] ?? []) || []);
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

test("requests, their replies and notifications stand in the order of a recording, whatever was under way", async () => {
  const talk = await StreamTalk.begin(store, "e1");
  await using run = await running();
  await talk.ask(create(1), get(1), set(1, "a"));
  await talk.publish(portUp);
  await talk.ask(get(2));
  await talk.answer(undefined, replyTo("get", SUCCESS, [[mac, "00"]]), replyTo("set", "SAI_STATUS_FAILURE"));
  await talk.answer(replyTo("get", "SAI_STATUS_NOT_SUPPORTED"));
  await run.until(() => archived().length === 8);
  expect(archived()).toEqual([
    `c|${vr(1)}|NULL=NULL`,
    `g|${vr(1)}|${mac}=`,
    `G|${SUCCESS}|${mac}=00`,
    `s|${vr(1)}|${mac}=a`,
    "E|SAI_STATUS_FAILURE",
    'n|port_state_change|[{"port_id":"oid:0x1"}]|',
    `g|${vr(2)}|${mac}=`,
    "G|SAI_STATUS_NOT_SUPPORTED|",
  ]);
});

test("a request that is not finished is not archived, and what is archived is let go; what is not stays", async () => {
  const talk = await StreamTalk.begin(store, "e1", 0);
  await using run = await running({ keep: 0 });
  await talk.ask(...changes(1, 2500));
  for (let i = 0; i < 20; i++) await talk.answer(...Array<undefined>(100).fill(undefined));
  await run.until(() => run.archiver.tally.lines === 2000);
  expect(values()).toEqual(numbers(2000));
  await run.until(async () => Number(unwrap(await store.command(["XLEN", REQUEST_STREAM]))) < 2500);
  expect(Number(unwrap(await store.command(["XLEN", REQUEST_STREAM])))).toBeGreaterThanOrEqual(500);
});

test("nothing that it has not got is cut, also before it runs; after it is forgotten streams are cut again", async () => {
  const talk = await StreamTalk.begin(store, "e1", 0);
  {
    await using run = await running({ keep: 0 });
    await talk.ask(...changes(1, 1));
    await talk.answer(undefined);
    await run.until(() => run.archiver.tally.lines === 1);
  }
  await talk.ask(...changes(2, 3000));
  for (let i = 0; i < 30; i++) await talk.answer(...Array<undefined>(100).fill(undefined));
  expect(unwrap(await store.command(["XLEN", REQUEST_STREAM]))).toBe(3001);
  expect(unwrap(await forgetArchiver(store, "archiver", 0))).toBeLessThan(1100);
});

describe("killed at any step", () => {
  const script = fileURLToPath(new URL("../../dist/testing/archiver-process.js", import.meta.url));
  const launch = (env: Readonly<Record<string, string>> = {}) =>
    spawn(process.execPath, [script, redis.socket, path], { env: { ...process.env, ...env }, stdio: "inherit" });

  test.each(ARCHIVER_CRASH_POINTS.flatMap((point) => [`${point}:1`, `${point}:3`]))(
    "%s: the next archiver goes on, and every line is there once",
    { timeout: 60_000 },
    async (point) => {
      const talk = await StreamTalk.begin(store, "e1");
      const first = launch({ TANDEM_CRASH_POINT: point });
      const killed = once(first, "exit");
      let sent = 0;
      const crashed = { yet: false };
      void killed.then(() => {
        crashed.yet = true;
      });
      while (!crashed.yet) {
        await talk.ask(...changes(sent + 1, 20));
        await talk.answer(...Array<undefined>(20).fill(undefined));
        sent += 20;
        await sleep(systemClock, millis(20));
      }
      expect((await killed)[1]).toBe("SIGKILL");
      if (sent > 20_000) throw new Error(`${point} came late: after ${sent} requests`);
      await talk.ask(...changes(sent + 1, 20));
      await talk.answer(...Array<undefined>(20).fill(undefined));
      sent += 20;
      {
        await using run = await running();
        await run.until(() => values().at(-1) === sent);
        expect(run.events.map(({ kind }) => kind)).toEqual(["started"]);
      }
      expect(values()).toEqual(numbers(sent));
    },
  );
});

describe("Redis is killed and comes back", () => {
  const kill = async (server: RedisServer): Promise<void> => {
    const gone = new Promise<void>((resolve) => {
      const stop = store.onDisconnect(() => {
        stop();
        resolve();
      });
    });
    await server.kill9();
    await gone;
    await server.restart();
    await untilConnected(store);
  };

  test("with an append-only file nothing is missing, and no line says so", { timeout: 60_000 }, async () => {
    await stores[Symbol.asyncDispose]();
    await using server = await startRedis({ config: { appendonly: "yes", appendfsync: "everysec" } });
    await open(server);
    const talk = await StreamTalk.begin(store, "e1");
    await using run = await running();
    await talk.ask(...changes(1, 300));
    await talk.answer(...Array<undefined>(200).fill(undefined));
    await run.until(() => run.archiver.tally.lines === 200);
    await kill(server);
    await talk.answer(...Array<undefined>(100).fill(undefined));
    await talk.ask(...changes(301, 1));
    await talk.answer(undefined);
    await run.until(() => run.archiver.tally.lines === 301);
    expect(values()).toEqual(numbers(301));
    expect([run.archiver.tally.gaps, archived().filter((line) => line.startsWith("#"))]).toEqual([0, []]);
  });

  test("without one the loss is a line and a count, and archiving goes on behind it", { timeout: 60_000 }, async () => {
    const talk = await StreamTalk.begin(store, "e1");
    await using run = await running();
    await talk.ask(...changes(1, 50));
    await talk.answer(...Array<undefined>(50).fill(undefined));
    await run.until(() => run.archiver.tally.lines === 50);
    await kill(redis);
    const again = await StreamTalk.begin(store, "e2");
    await again.ask(...changes(51, 10));
    await again.answer(...Array<undefined>(10).fill(undefined));
    await run.until(() => values().length === 60);
    const lines = archived();
    expect(lines[50]).toMatch(/^#\|gap: Redis (?:has lost what it held|restarted without an append-only file); /);
    expect(values()).toEqual(numbers(60));
    expect(run.archiver.tally.gaps).toBe(1);
    expect(run.events.map(({ kind }) => kind)).toEqual(["started", "gap"]);
  });

  test("also when that was while no archiver ran", { timeout: 60_000 }, async () => {
    const talk = await StreamTalk.begin(store, "e1");
    {
      await using run = await running();
      await talk.ask(...changes(1, 5));
      await talk.answer(...Array<undefined>(5).fill(undefined));
      await run.until(() => run.archiver.tally.lines === 5);
    }
    await kill(redis);
    const again = await StreamTalk.begin(store, "e2");
    await again.ask(...changes(6, 20));
    await again.answer(...Array<undefined>(20).fill(undefined));
    await using run = await running();
    await run.until(() => values().length === 25);
    expect(archived().filter((line) => line.startsWith("#|gap"))).toHaveLength(1);
  });
});

test("entries that were cut away behind its back are a gap of known size", async () => {
  const talk = await StreamTalk.begin(store, "e1");
  await talk.ask(...changes(1, 10));
  await talk.answer(...Array<undefined>(10).fill(undefined));
  {
    await using run = await running();
    await run.until(() => run.archiver.tally.lines === 10);
  }
  await talk.ask(...changes(11, 10));
  await talk.answer(...Array<undefined>(10).fill(undefined));
  unwrap(await store.command(["XTRIM", REQUEST_STREAM, "MAXLEN", "3"]));
  await using run = await running();
  await run.until(() => run.archiver.tally.lines === 4);
  expect(archived().slice(10)).toEqual([
    "#|gap: 7 entries of the streams are missing here",
    ...[18, 19, 20].map((value) => `s|${vr(1)}|${mac}=${value}`),
  ]);
  expect(run.archiver.tally.lost).toBe(7);
});

test("an entry that nobody can read is a comment, and the rest goes on", async () => {
  const talk = await StreamTalk.begin(store, "e1");
  unwrap(await store.command(["XADD", RESPONSE_STREAM, "1-1", "key", "x", "op", "rubbish", "attrs", "[]"]));
  await talk.ask(set(1, "1"));
  await talk.answer(undefined);
  await using run = await running();
  await run.until(() => archived().length === 2);
  expect(archived()).toEqual([
    `#|malformed: ASIC_RESPONSE_STREAM 1-1: the op of a reply was expected, found "rubbish"`,
    `s|${vr(1)}|${mac}=1`,
  ]);
});

test("a full disk pauses it with one error; nothing is let go meanwhile, and nothing is missing after", {
  timeout: 60_000,
}, async () => {
  const talk = await StreamTalk.begin(store, "e1", 0);
  const disk = new FaultyDisk(systemDisk);
  await using run = await running({ disk, keep: 0 });
  disk.room = 0;
  await talk.ask(...changes(1, 10));
  await talk.answer(...Array<undefined>(10).fill(undefined));
  await run.until(() => run.archiver.tally.paused && disk.refusals >= 2);
  const told = unwrap(await archivedUpTo(store, "archiver"));
  expect(told).toBe("0-0");
  disk.room = Number.POSITIVE_INFINITY;
  await run.until(() => run.archiver.tally.lines === 10);
  expect(values()).toEqual(numbers(10));
  expect(run.events.map(({ kind }) => kind)).toEqual(["started", "paused", "resumed"]);
});

test("a Redis that takes no writes stops no archiving; nothing is cut before it knows", async () => {
  const talk = await StreamTalk.begin(store, "e1", 0);
  await using run = await running({ keep: 0 });
  await talk.ask(...changes(1, 10));
  await talk.answer(...Array<undefined>(10).fill(undefined));
  await run.until(() => run.archiver.tally.lines === 10);
  await talk.ask(...changes(11, 10));
  await talk.answer(...Array<undefined>(10).fill(undefined));
  unwrap(await store.command(["CONFIG", "SET", "min-replicas-to-write", "1"]));
  try {
    await run.until(() => run.archiver.tally.lines === 20);
  } finally {
    unwrap(await store.command(["CONFIG", "SET", "min-replicas-to-write", "0"]));
  }
  await talk.ask(...changes(21, 5));
  await talk.answer(...Array<undefined>(5).fill(undefined));
  await run.until(() => run.archiver.tally.lines === 25);
  expect(values()).toEqual(numbers(25));
});

test("a file that was renamed is left, and a new one begun: SIGHUP", async () => {
  const talk = await StreamTalk.begin(store, "e1");
  await using run = await running();
  await talk.ask(set(1, "1"));
  await talk.answer(undefined);
  await run.until(() => run.archiver.tally.lines === 1);
  renameSync(path, join(folder, "sairedis.old"));
  run.archiver.reopen();
  await talk.ask(set(1, "2"));
  await talk.answer(undefined);
  await run.until(() => run.archiver.tally.lines === 2);
  expect(values()).toEqual([2]);
  expect(readFileSync(join(folder, "sairedis.old"), "utf8")).toContain("=1\n");
});

test("a checkpoint that is gone or rubbish is said, and archiving goes on where Redis knows it was", async () => {
  const talk = await StreamTalk.begin(store, "e1");
  await talk.ask(...changes(1, 3));
  await talk.answer(undefined, undefined, undefined);
  {
    await using run = await running();
    await run.until(() => run.archiver.tally.lines === 3);
  }
  writeFileSync(`${path}.at`, "rubbish");
  await talk.ask(set(1, "4"));
  await talk.answer(undefined);
  await using run = await running();
  await run.until(() => run.archiver.tally.lines === 1);
  expect(values()).toEqual([1, 2, 3, 4]);
  expect(run.events[0]).toMatchObject({ kind: "started", repeats: true });
});

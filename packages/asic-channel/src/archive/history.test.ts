import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, systemClock, systemDisk, systemRandom, unwrap } from "@tandem/base";
import { RedisStores, type Store, untilConnected } from "@tandem/swss";
import { databasesAt, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseLine } from "../recording/parse-line.js";
import { momentOf } from "../recording/stamp.js";
import { replyTo, SUCCESS } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { create, get, routerKey, set } from "../testing/requests.js";
import { StreamTalk } from "../testing/stream-talk.js";
import { Archiver } from "./archiver.js";
import { type HistoryOptions, history } from "./history.js";
import { HistoryFilter, type HistoryQuery } from "./history-filter.js";

const ALWAYS = { since: 0, until: Number.MAX_SAFE_INTEGER };
const root = mkdtempSync(join(tmpdir(), "tandem-history-"));
afterAll(() => rmSync(root, { recursive: true }));

const read = async (options: Omit<HistoryOptions, "disk" | "query">, query: Partial<HistoryQuery> = {}) => {
  const lines: string[] = [];
  for await (const line of history({ disk: systemDisk, query: { ...ALWAYS, ...query }, ...options }))
    lines.push(line.ok ? `${line.value.from === "streams" ? "live " : ""}${line.value.text.slice(27)}` : line.error);
  return lines;
};

describe("of a recording stays what is about one object", () => {
  const file = [
    "c|SAI_OBJECT_TYPE_PORT:oid:0x1|A=oid:0x12",
    "s|SAI_OBJECT_TYPE_PORT:oid:0x12|A=1",
    "E|SAI_STATUS_FAILURE",
    "g|SAI_OBJECT_TYPE_PORT:oid:0x1|A=0",
    "G|SAI_STATUS_SUCCESS|A=9",
    'n|fdb_event|[{"port":"oid:0x12"}]|',
    "B|SAI_OBJECT_TYPE_PORT||oid:0x1|A=0||oid:0x12|A=0||oid:0x3|A=oid:0x12",
    "G|SAI_STATUS_FAILURE|||SAI_STATUS_NOT_EXECUTED|||SAI_STATUS_SUCCESS|A=2||SAI_STATUS_SUCCESS|A=3",
    "R|SAI_OBJECT_TYPE_PORT||oid:0x1||oid:0x12",
    "E|SAI_STATUS_FAILURE||SAI_STATUS_SUCCESS|SAI_STATUS_OBJECT_IN_USE",
    "#|something else",
    "#|gap: 3 lines are missing here",
  ];
  const taken = (query: Partial<HistoryQuery>): readonly number[] => {
    const filter = new HistoryFilter({ ...ALWAYS, ...query });
    return file.flatMap((body, i) => {
      const line = filter.take(unwrap(parseLine(`2026-03-01.10:00:${String(i).padStart(2, "0")}.000000|${body}`)));
      return line === undefined ? [] : [i];
    });
  };

  test.each([
    ["an id, whole", { object: "oid:0x12" }, [0, 1, 2, 5, 6, 7, 8, 9, 11]],
    ["a key", { object: "SAI_OBJECT_TYPE_PORT:oid:0x3" }, [6, 7, 11]],
    ["an id that is the beginning of another", { object: "oid:0x1" }, [0, 3, 4, 6, 7, 8, 9, 11]],
    ["everything", {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [
      "a time",
      { since: momentOf("2026-03-01.10:00:03.000000") ?? 0, until: momentOf("2026-03-01.10:00:05.000000") ?? 0 },
      [3, 4, 5],
    ],
  ] as const)("%s", (_name, query, expected) => {
    expect(taken(query)).toEqual(expected);
  });

  test("of bulk lines the objects that are asked for, and their results", async () => {
    const path = join(mkdtempSync(join(root, "case-")), "a.rec");
    writeFileSync(path, file.map((body) => `2026-03-01.10:00:00.000000|${body}\n`).join(""));
    const lines = await read({ path }, { object: "oid:0x3" });
    expect(lines.slice(0, 2)).toEqual([
      "B|SAI_OBJECT_TYPE_PORT||oid:0x3|A=oid:0x12",
      "G|SAI_STATUS_FAILURE|||SAI_STATUS_SUCCESS|A=3",
    ]);
  });
});

describe("from an archive and the streams behind it", () => {
  let redis: RedisServer;
  let stores: RedisStores;
  let store: Store;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(async () => {
    stores = new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });
    store = unwrap(stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    unwrap(await store.command(["FLUSHALL"]));
  });
  afterEach(() => stores[Symbol.asyncDispose]());

  const values = (lines: readonly string[]): readonly string[] =>
    lines.flatMap((line) => /=(\d+)$/.exec(line)?.[1] ?? []);

  test("every line is there once: packed files, the current one, and what is not archived yet", async () => {
    const folder = mkdtempSync(join(root, "case-"));
    const path = join(folder, "sairedis.rec");
    const talk = await StreamTalk.begin(store, "e1");
    const say = async (from: number, count: number): Promise<void> => {
      const requests = Array.from({ length: count }, (_, i): AsicRequest => set(1, `${from + i}`));
      await talk.ask(...requests);
      await talk.answer(...requests.map(() => undefined));
    };
    const ending = new AbortController();
    const limits = { fileBytesMax: 2000, fileAgeMax: millis(86_400_000) };
    const archiver = unwrap(await Archiver.open({ stores, clock: systemClock, path, limits }, ending.signal));
    const ended = archiver.run(ending.signal);
    for (let i = 0; i < 6; i++) {
      await say(10 * i + 1, 10);
      while (archiver.tally.lines < 10 * (i + 1)) await new Promise((resolve) => setImmediate(resolve));
    }
    ending.abort();
    await ended;
    await archiver[Symbol.asyncDispose]();
    await say(61, 5);
    await talk.ask(get(1));
    expect(readdirSync(folder).some((name) => name.endsWith(".gz"))).toBe(true);
    const lines = await read({ path, store });
    expect(values(lines)).toEqual(Array.from({ length: 65 }, (_, i) => `${i + 1}`));
    expect(lines.filter((line) => line.startsWith("live "))).toHaveLength(6);
    expect(values(await read({ path }))).toHaveLength(60);
    expect(await read({ path, store }, { since: Date.now() * 1000 + 60_000_000 })).toEqual([]);
  });

  test("without a file the streams are read alone, with what is under way", async () => {
    const talk = await StreamTalk.begin(store, "e1");
    await talk.ask(create(1), get(2), create(3));
    await talk.answer(undefined, replyTo("get", SUCCESS));
    expect(await read({ store }, { object: routerKey(2) })).toEqual([
      `live g|${routerKey(2)}|SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS=`,
      "live G|SAI_STATUS_SUCCESS|",
    ]);
    expect(await read({ store }, { object: routerKey(3) })).toEqual([`live c|${routerKey(3)}|NULL=NULL`]);
  });
});

test("a recording that is not there is said in one line", async () => {
  expect(await read({ path: join(root, "none.rec") })).toEqual([`${join(root, "none.rec")}: no such recording`]);
});

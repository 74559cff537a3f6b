import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noCrash, ok, systemClock, systemDisk, systemRandom, unwrap } from "@tandem/base";
import { RedisStores, untilConnected } from "@tandem/swss";
import { databasesAt, type RedisServer, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Archiver } from "../archive/archiver.js";
import { CONTEXT_DEFAULT } from "../context-config.js";
import type { ChannelMode } from "../op.js";
import { TestSyncd } from "../testing/test-asic.js";
import type { AsicClient, TransportName } from "../transport.js";
import { CLIENTS, FRONT_ENDS } from "../transports.js";
import { numberedLines } from "./numbered-lines.js";
import { play } from "./play.js";
import { countedVids } from "./vids.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-through-"));
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await using stores = storesHere();
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  unwrap(await store.command(["FLUSHALL"]));
});

const storesHere = (): RedisStores =>
  new RedisStores({ databases: databasesAt(redis), clock: systemClock, random: systemRandom });

const OK = "SAI_STATUS_SUCCESS";
const VR = "SAI_OBJECT_TYPE_VIRTUAL_ROUTER";
const mac = (value: string): string => `SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS=${value}`;
const routers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `oid:0x30000000001${i + 10}`);

/** View changes, single and bulk ops, a change that fails, and a get that does; object ids as of another switch. */
const BODIES = [
  "#|recording on: ./sairedis.rec",
  "a|INIT_VIEW",
  `A|${OK}`,
  ...routers(20).flatMap((id, i) => [
    `c|${VR}:${id}|${mac("00:00:00:00:00:00")}`,
    `s|${VR}:${id}|${mac(`02:00:00:00:00:${i + 10}`)}`,
  ]),
  `s|${VR}:oid:0x3000000000110|${mac("02:00:00:00:01:00")}`,
  `C|${VR}||oid:0x3000000000a01|${mac("0")}||oid:0x3000000000a02|${mac("1")}`,
  `S|${VR}||oid:0x3000000000a01|${mac("2")}||oid:0x3000000000a02|${mac("3")}`,
  "n|port_state_change|[]|",
  `R|${VR}||oid:0x3000000000a01||oid:0x3000000000a02`,
  `r|${VR}:oid:0x3000000000110`,
  "a|APPLY_VIEW",
  `A|${OK}`,
];
const file = join(folder, "session.rec");

async function playThrough(via: TransportName, mode: ChannelMode, from: string) {
  const [serverStores, clientStores] = [storesHere(), storesHere()];
  const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
  const world = { mode, clock: systemClock, random: systemRandom, crashPoint: noCrash, owner };
  const openServer = unwrap(ok(await FRONT_ENDS[via]?.()));
  const openClient = unwrap(ok(await CLIENTS[via]?.()));
  const server = unwrap((await openServer?.({ ...world, stores: serverStores, context: CONTEXT_DEFAULT })) ?? fail());
  const ending = new AbortController();
  const syncd = new TestSyncd();
  const served = server.serve(syncd, ending.signal);
  const client: AsicClient = unwrap(
    (await openClient?.({ ...world, stores: clientStores, context: CONTEXT_DEFAULT }, ending.signal)) ?? fail(),
  );
  const summary = await play({
    ...{ client, clock: systemClock, speed: "max", onBadLine: "skip", onMismatch: "stop", skipViews: false },
    vids: countedVids(unwrap(clientStores.open({ db: "ASIC_DB" }))),
    lines: numberedLines(systemDisk.pieces(from)),
    signal: ending.signal,
  });
  await client[Symbol.asyncDispose]();
  await syncd.took(summary.requests);
  ending.abort();
  await served;
  await server[Symbol.asyncDispose]();
  await serverStores[Symbol.asyncDispose]();
  await clientStores[Symbol.asyncDispose]();
  return { summary, words: syncd.words };
}

const fail = (): never => {
  throw new Error("no such transport");
};

const writeSession = async (): Promise<void> => {
  await systemDisk.replace(
    file,
    BODIES.map((body, i) => `2026-03-01.10:00:00.${String(i).padStart(6, "0")}|${body}\r\n`).join(""),
  );
};

test.each([
  ["list-pubsub", "sync"],
  ["list-pubsub", "async"],
  ["streams", "sync"],
  ["streams", "async"],
] as const)(
  "a recording plays through %s (%s), in order, under ids of here",
  { timeout: 60_000 },
  async (via, mode) => {
    await writeSession();
    const { summary, words } = await playThrough(via, mode, file);
    expect([summary.ended, summary.mismatches.kept, summary.skipped.kept]).toEqual([undefined, [], []]);
    expect(summary.requests).toBe(47);
    expect(words).toHaveLength(47);
    expect(words.slice(0, 3)).toEqual([
      "notify INIT_VIEW",
      `create ${VR}:oid:0x3000000000001`,
      `set ${VR}:oid:0x3000000000001`,
    ]);
    expect(words.at(-1)).toBe("notify APPLY_VIEW");
  },
);

test("what is archived of a play plays again", { timeout: 60_000 }, async () => {
  await writeSession();
  const path = join(folder, "archive.rec");
  const ending = new AbortController();
  await using stores = storesHere();
  await using archiver = unwrap(await Archiver.open({ stores, clock: systemClock, path }, ending.signal));
  const archiving = archiver.run(ending.signal);
  const first = await playThrough("streams", "sync", file);
  while (archiver.tally.lines < 49) await new Promise((resolve) => setImmediate(resolve));
  ending.abort();
  await archiving;
  const again = await playThrough("list-pubsub", "sync", path);
  expect([again.summary.ended, again.summary.requests]).toEqual([undefined, 47]);
  const ops = (words: readonly string[]): readonly string[] => words.map((word) => word.split(" ", 1)[0] as string);
  expect(ops(again.words)).toEqual(ops(first.words));
  expect(readFileSync(path, "utf8")).not.toContain("|#|");
});

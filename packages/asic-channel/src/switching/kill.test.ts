import { join } from "node:path";

import { type CrashPointName, type Result, systemClock, unwrap } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { openDatabases } from "@tandem/swss";
import { describe, expect, test } from "vitest";
import type { EndError } from "../asic-error.js";
import { routerOf } from "../conformance/objects.js";
import type { Peer } from "../conformance/peer.js";
import { TRAITS } from "../conformance/run.js";
import { account, applyView, barrier, expectAll, pair, SUCCESS } from "../conformance/steps.js";
import { ConformanceWorld, type Orchagent } from "../conformance/world.js";
import { ListPubsubClient } from "../list-pubsub/client.js";
import { StreamsClient } from "../streams/client.js";
import { readMark } from "./mark-scripts.js";

const TIME = 120_000;
const COUNT = 300;

/** A pair on streams under load, of which one process kills itself at a boundary of the move. */
async function started(
  dies: { client?: CrashPointName; syncd?: CrashPointName; command?: CrashPointName },
  to: "shm" | "list-pubsub",
): Promise<{ world: ConformanceWorld; client: Orchagent; syncd: Peer; command: Peer; sent: Promise<unknown> }> {
  const world = await ConformanceWorld.open(TRAITS.streams, {});
  const syncd = await world.syncd(dies.syncd === undefined ? {} : { dies: dies.syncd });
  const client = await world.client(dies.client === undefined ? {} : { dies: dies.client });
  await applyView(client, world);
  const sent = client.create(0, COUNT, 20).catch(() => "its process is gone");
  await client.peer.says("20 ");
  const died = dies.command === undefined ? {} : { dies: dies.command };
  const command = world.startEnd("switch", { transport: to, replyTimeoutMs: 60_000, ...died });
  return { world, client, syncd, command, sent };
}

/** An end that is left is closed a moment after the move. */
async function onceFree<T>(open: () => Promise<Result<T, EndError>>): Promise<T> {
  for (;;) {
    const opened = await open();
    if (opened.ok || opened.error.kind !== "taken") return unwrap(opened);
  }
}

/** The channel goes on, over one transport. */
async function expectWorks(world: ConformanceWorld, client: Orchagent, from: number): Promise<void> {
  await client.create(from, 100);
  await barrier(client, world);
  await expectAll(world, new Map([...client.ends].filter(([n]) => n >= from)), from, 100);
  expect(await world.drift()).toEqual([]);
}

describe("a process dies at a boundary of the move: one transport stands, and nothing is lost or done twice", () => {
  for (const point of ["asic.switch.opened", "asic.switch.drained", "asic.switch.committed"] as const)
    test(`the client at ${point}: the next one begins where the mark says`, { timeout: TIME }, async (t) => {
      if (point !== "asic.switch.committed") longTest(t);
      const { client, command, sent, ...rest } = await started({ client: point }, "shm");
      await using world = rest.world;
      await client.peer.gone;
      await sent;
      const mark = unwrap(await readMark(world.store));
      expect(mark.transport).toBe(point === "asic.switch.committed" ? "shm" : "streams");
      const next = await world.client();
      await command.gone;
      expect(command.lines.at(-1)).toMatch(/^moved streams shm /);
      await account(world, client.ends, 0, COUNT);
      await expectWorks(world, next, 1000);
    });

  for (const point of ["asic.switch.ready", "asic.switch.followed"] as const)
    test(`syncd at ${point}: the next one serves what the mark names`, { timeout: TIME }, async (t) => {
      if (point !== "asic.switch.followed") longTest(t);
      const { client, syncd, command, sent, ...rest } = await started({ syncd: point }, "list-pubsub");
      await using world = rest.world;
      await syncd.gone;
      await world.syncd();
      await command.gone;
      expect(command.lines.at(-1)).toMatch(/^moved streams list-pubsub /);
      await sent;
      await account(world, client.ends, 0, COUNT);
      await expectWorks(world, client, 1000);
    });

  test("the command at asic.switch.wished: its wish is granted all the same", { timeout: TIME }, async () => {
    const { client, command, sent, ...rest } = await started({ command: "asic.switch.wished" }, "shm");
    await using world = rest.world;
    await command.gone;
    expect(command.lines.filter((line) => line.startsWith("moved"))).toEqual([]);
    await client.peer.says("switch moved");
    await sent;
    await expectAll(world, client.ends, 0, COUNT);
    await expectWorks(world, client, 1000);
  });
});

test("Redis is killed during a move, and comes back with what it had: one transport stands", {
  timeout: TIME,
}, async (t) => {
  longTest(t);
  const { client, command, sent, ...rest } = await started({}, "shm");
  await using world = rest.world;
  await client.peer.says("switch moves");
  await world.restartRedis();
  await command.gone;
  await sent;
  await account(world, client.ends, 0, COUNT);
  const { transport } = unwrap(await readMark(world.store));
  expect(["streams", "shm"]).toContain(transport);
  await expectWorks(world, client, 1000);
});

describe("a move that is not made leaves the old transport, and says why", () => {
  test("syncd or the client are gone, or none of ours was ever there", { timeout: TIME }, async () => {
    await using world = await ConformanceWorld.open(TRAITS.streams, {});
    const says = async (withinMs = 1000): Promise<string> => {
      const command = world.startEnd("switch", { transport: "shm", replyTimeoutMs: withinMs });
      await command.gone;
      return command.lines.at(-1) ?? "";
    };
    expect(await says()).toMatch(/no syncd of \S+ is running: start one with tandem asic syncd/);
    const syncd = await world.syncd({ serve: "streams,list-pubsub" });
    expect(await says()).toMatch(
      /no client that can be moved has the channel of \S+: syncd serves streams, list-pubsub/,
    );
    const client = await world.client();
    await applyView(client, world);
    syncd.pause();
    expect(await says(5000)).toMatch(
      /not within 5 s: it waited for tandem-syncd \(process \d+\) to open shm; the channel is on streams/,
    );
    syncd.goOn();
    await expectWorks(world, client, 0);
    const other = await world.client({ transport: "list-pubsub" }).catch((error: Error) => error.message);
    expect(other).toMatch(/refused conformance-client on .*, process \d+, has this end of the channel/);
  });

  test("the other end cannot be opened, since another server has it", { timeout: TIME }, async () => {
    await using world = await ConformanceWorld.open(TRAITS.streams, {});
    const { client } = await pair(world);
    await world.startEnd("server", { transport: "list-pubsub", name: "squatter" }).says("ready");
    const command = world.startEnd("switch", { transport: "list-pubsub" });
    await command.gone;
    expect(command.lines.at(-1)).toMatch(/syncd cannot serve list-pubsub: squatter on .*; the channel is on streams/);
    await expectWorks(world, client, 0);
  });
});

test("who still uses the transport that was left is refused, and whoever returns to it is served", {
  timeout: TIME,
}, async () => {
  await using world = await ConformanceWorld.open(TRAITS.streams, {});
  const { client } = await pair(world);
  const move = async (transport: "shm" | "streams"): Promise<void> => {
    const command = world.startEnd("switch", { transport });
    await command.gone;
    expect(command.lines.at(-1)).toMatch(/^moved /);
  };
  await move("shm");
  await using stores = unwrap(await openDatabases({ ignoreNonexistent: true, config: join(world.folder, "db.json") }));
  const owner = { name: "straggler", host: "here", pid: process.pid, since: 0 };
  const ends = { stores, db: world.context.dbAsic, mode: "sync", owner, clock: systemClock } as const;
  const straggler = await onceFree(() => StreamsClient.open(ends));
  const answer = unwrap(
    await straggler.request({ op: "create", key: routerOf(world.context.guid, 5000), fields: [["NULL", "NULL"]] }),
  );
  await straggler[Symbol.asyncDispose]();
  expect(answer).toMatchObject({ reply: { status: "SAI_STATUS_OBJECT_IN_USE" } });
  expect(await world.timesMade(5000, 1)).toEqual([0]);
  await expectWorks(world, client, 0);
  await move("streams");
  await expectWorks(world, client, 200);
});

test("what is put into a list that was left is refused, and leaves no row behind", { timeout: TIME }, async () => {
  await using world = await ConformanceWorld.open(TRAITS["list-pubsub"], {});
  const { client } = await pair(world, { mode: "async" });
  const command = world.startEnd("switch", { transport: "shm" });
  await command.gone;
  expect(command.lines.at(-1)).toMatch(/^moved list-pubsub shm /);
  await using stores = unwrap(await openDatabases({ ignoreNonexistent: true, config: join(world.folder, "db.json") }));
  const owner = { name: "straggler", host: "here", pid: process.pid, since: 0 };
  const ends = { stores, db: world.context.dbAsic, mode: "async", owner, clock: systemClock } as const;
  await using straggler = await onceFree(() => ListPubsubClient.open(ends));
  const key = routerOf(world.context.guid, 5000);
  expect(unwrap(await straggler.request({ op: "create", key, fields: [["NULL", "NULL"]] }))).toEqual({
    kind: "accepted",
  });
  const behind = await straggler.request({
    op: "get",
    key: world.switchKey,
    fields: [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]],
  });
  expect(unwrap(behind)).toMatchObject({ reply: { status: "SAI_STATUS_OBJECT_IN_USE" } });
  expect(await world.timesMade(5000, 1)).toEqual([0]);
  expect(unwrap(await world.store.command(["EXISTS", `ASIC_STATE:${key}`]))).toBe(0);
  await expectWorks(world, client, 0);
});

test("events are heard once and in order while the channel moves to and fro", { timeout: TIME }, async () => {
  await using world = await ConformanceWorld.open(TRAITS.streams, {});
  const { client } = await pair(world);
  await client.listen();
  let raising = true;
  let raised = 0;
  const raise = (async () => {
    for (; raising; raised++) await world.raise(`E${raised}`);
  })();
  for (const transport of ["shm", "grpc", "streams"] as const) {
    const command = world.startEnd("switch", { transport });
    await command.gone;
    expect(command.lines.at(-1)).toMatch(/^moved /);
  }
  raising = false;
  await raise;
  await client.peer.says(`"E${raised - 1}"`);
  const heard = client.peer.lines.flatMap(
    (line) => /^event switch_state_change .*"status":"(E\d+)"/.exec(line)?.[1] ?? [],
  );
  expect(heard).toEqual(Array.from({ length: raised }, (_, n) => `E${n}`));
  expect(client.peer.lines.filter((line) => line.startsWith("event tandem"))).toEqual([]);
  expect((await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]])).word).toBe(SUCCESS);
});

import { err, type Json, ok, type Result, seconds } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { parseServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { SwbusWorld, swbusConfig } from "@tandem/swbus/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { HamgrdQuestions } from "./ask-hamgrd.js";
import { type Answerer, serveQuestions } from "./serve-questions.js";
import { readRepair, readRows, readStanding } from "./standing.js";
import { readStatus } from "./status.js";

const ENDPOINT = "10.0.0.1:1";
const NODE = parseServicePath("r.c.n0");

/** A swbusd, a service at `/hamgrd/0` beside it, and somebody who asks over the bus. */
async function asked(questions: Readonly<Record<string, Answerer>> | undefined) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  const daemon = await world.swbusd(swbusConfig(ENDPOINT, ["r.c.n0"]));
  await clock.run(daemon.listening, seconds(5));
  if (questions !== undefined) serveQuestions(world.edge(ENDPOINT, "r.c.n0/hamgrd/0"), questions);
  const edge = world.edge(ENDPOINT, "r.c.n0/swbus-cli/x", "client");
  await clock.advance(seconds(1));
  const client = world.client(edge);
  const ask = new HamgrdQuestions(client, seconds(2));
  const run = <T>(work: Promise<T>): Promise<T> => clock.run(work, seconds(10));
  return { clock, world, client, ask, run };
}

const STATUS = { version: "1", now: 5 };

test("a question goes over the bus to the hamgrd of a node, and its answer comes back read", async () => {
  const { world, ask, run } = await asked({
    status: () => ok(STATUS),
    standing: () => Promise.resolve(ok({ rows: [], kept: [] })),
    repair: (args) =>
      ok({ rewritten: JSON.parse(args["rewrite"] ?? "[]") as Json, discarded: [], refused: [], settled: true }),
  });
  expect(await run(ask.status(NODE))).toMatchObject({ ok: true, value: { version: "1", now: 5, waits: [] } });
  expect(await run(ask.standing(NODE))).toEqual(ok({ rows: [], kept: [] }));
  const repaired = await run(ask.repair(NODE, { rewrite: ["STATE_DB|T|k"], discard: [] }));
  expect(repaired).toMatchObject({ ok: true, value: { rewritten: ["STATE_DB|T|k"] } });
  await run(world[Symbol.asyncDispose]());
});

test("another build of hamgrd, and none at all, are told apart", async () => {
  const other = await asked({});
  expect(await other.run(other.ask.status(NODE))).toMatchObject({ ok: false, error: { kind: "foreign" } });
  await other.run(other.world[Symbol.asyncDispose]());
  const none = await asked(undefined);
  expect(await none.run(none.ask.status(NODE))).toEqual(
    err({ kind: "absent", text: "no hamgrd is connected to r.c.n0" }),
  );
  await none.run(none.world[Symbol.asyncDispose]());
});

test("what cannot be answered, is too large, or is no answer, is one line", async () => {
  const { world, ask, run } = await asked({
    status: () => err("the moon is full"),
    standing: () => ok({ rows: "x".repeat(5_000_000), kept: [] }),
    repair: () => ok(7),
  });
  expect(await run(ask.status(NODE))).toMatchObject({
    ok: false,
    error: { kind: "failed", text: expect.stringMatching(/moon/) },
  });
  expect(await run(ask.standing(NODE))).toMatchObject({ error: { text: expect.stringMatching(/5\d{6} bytes/) } });
  expect(await run(ask.repair(NODE, { rewrite: [], discard: [] }))).toMatchObject({
    error: { text: expect.stringMatching(/does not say what was repaired/) },
  });
  await run(world[Symbol.asyncDispose]());
});

test("beyond sixteen questions in work, askers are told that the queue is full", async () => {
  const release: ((answer: Result<Json, string>) => void)[] = [];
  const { world, client, run } = await asked({ status: () => new Promise((resolve) => release.push(resolve)) });
  const path = NODE.withService("hamgrd", "0").withResource("tandem", "status");
  const body = { kind: "management", type: 1, args: {} } as const;
  const answers = Array.from({ length: 17 }, () => client.request(path, body, { timeout: seconds(5) }));
  await settle();
  const last = await run(answers[16] as (typeof answers)[number]);
  expect(last).toMatchObject({ ok: true, value: { code: SwbusErrorCode.QUEUE_FULL } });
  expect(release).toHaveLength(16);
  for (const answer of release) answer(ok(STATUS));
  expect(await run(answers[0] as (typeof answers)[number])).toMatchObject({
    ok: true,
    value: { code: SwbusErrorCode.OK },
  });
  await run(world[Symbol.asyncDispose]());
});

test.each([null, 7, "text", [], {}, { version: 3 }, { rows: {} }])("%j is no answer to any question", (answer) => {
  for (const read of [readStatus, readStanding, readRepair]) expect(read(answer as Json).ok).toBe(false);
});

test("lists of rows are read, and refused beyond their bound or when they are none", () => {
  expect(readRows(undefined)).toEqual(ok([]));
  expect(readRows('["a"]')).toEqual(ok(["a"]));
  for (const text of ["", "{", "{}", "[1]", JSON.stringify(Array(1001).fill("a"))])
    expect(readRows(text).ok).toBe(false);
});

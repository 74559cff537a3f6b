import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { formatFid } from "../fid.js";
import type { ProcessType } from "../motr/message.js";
import { DOWN, r, s, world } from "../testing/bridge-world.js";
import type { MemoryConsul } from "../testing/memory-consul.js";
import { statusText } from "./core/event-book.js";

const counter = (key: number): string => `b1/process_restarts/${formatFid(r(key))}`;
const status = (key: number): string => `processes/${formatFid(r(key))}`;
/** `starts` of a process that says it works. */
const running =
  (starts: number, key = 16) =>
  (consul: MemoryConsul): void => {
    consul.set(counter(key), `"${starts}"`);
    consul.set(status(key), statusText("STARTED", "M0D"));
  };
const FAILED = [
  { fid: r(16), state: "FAILED" },
  { fid: s(17), state: "FAILED" },
  { fid: s(18), state: "FAILED" },
];
const byKey = (notes: readonly { readonly fid: { readonly key: bigint } }[] | undefined) =>
  [...(notes ?? [])].sort((a, b) => Number(a.fid.key - b.fid.key));

test("§5.2, #1637: others hear FAILED of a process that died unnoticed before it is let in, and nobody waits", async () => {
  const { clock, link, consul, of } = await world({}, running(2));
  for (const key of [16, 80, 144]) link.connect(`l${key}`, key);
  link.ask("before", 80);
  link.ask("died", 16);
  link.ask("behind", 144);
  await clock.advance(seconds(0));
  // Nobody has acknowledged anything.
  expect(link.replies.map(({ id, behind, reply }) => [id, behind, reply.rc])).toEqual([
    ["before", 0, 0],
    ["died", 2, 0],
    ["behind", 2, 0],
  ]);
  expect(link.sent.slice(0, 2).map(({ to }) => to)).toEqual(["l80", "l144"]);
  for (const { notes } of link.vectors().slice(0, 2)) expect(byKey(notes)).toEqual(FAILED);
  expect(of("restarted")).toEqual([{ kind: "restarted", process: r(16), told: 2 }]);
  await clock.advance(seconds(1));
  expect(consul.read(status(16))).toBe(statusText("STOPPED", "M0D"));
  expect([consul.read(counter(16)), consul.read(counter(80))]).toEqual(['"3"', '"1"']);
});

test("while the check of a process that came back passes, it is told ONLINE again by itself", async () => {
  const { clock, link } = await world({}, running(2));
  link.connect("b", 80);
  link.ask("q", 16);
  await clock.advance(seconds(10));
  const told = link.vectors().map(({ notes }) => notes.find(({ fid }) => fid.key === 16n)?.state);
  expect(told).toEqual(["FAILED", "ONLINE"]);
});

test("mkfs and the first start of m0d pass silently; the next start without an end is a restart", async () => {
  const { clock, link, consul, of } = await world();
  const a = link.connect("a", 16);
  link.connect("b", 80);
  const event = (tag: number, processType: ProcessType) =>
    link.say(a, tag, { type: "EVENT_PROCESS", event: "STARTED", processType, pid: 1n }, r(16));
  const counts: (string | undefined)[] = [];
  for (const [at, type] of (["M0MKFS", "M0D", "M0D"] as const).entries()) {
    link.ask(`q${at}`, 16);
    await clock.advance(seconds(1));
    counts.push(consul.read(counter(16)));
    event(2 + 2 * at, type);
    await clock.advance(seconds(1));
  }
  expect(counts).toEqual(['"1"', '"2"', '"3"']);
  expect([of("restarted").length, link.replies.map(({ behind }) => behind)]).toEqual([1, [0, 0, 1]]);
  expect(consul.read(status(16))).toBe(statusText("STARTED", "M0D"));
});

test("EAGAIN counts nothing and tells nothing; the next request is the first, though its process says otherwise", async () => {
  const { clock, link, consul } = await world({}, running(2));
  link.connect("b", 80);
  consul.failure = DOWN;
  link.ask("a", 16);
  await clock.advance(seconds(5));
  link.ask("b", 16, false);
  await clock.advance(seconds(5));
  expect([link.replies.map(({ reply }) => reply.rc), link.sent, consul.read(counter(16))]).toEqual([
    [11, 11],
    [],
    '"2"',
  ]);
  consul.failure = undefined;
  await clock.advance(seconds(5));
  link.ask("c", 16, false);
  await clock.advance(seconds(2));
  link.ask("d", 16, false);
  await clock.advance(seconds(1));
  expect(link.replies.slice(2).map(({ reply }) => reply.rc)).toEqual([0, 0]);
  expect(byKey(link.vectors().at(0)?.notes)).toEqual(FAILED);
  expect([consul.read(counter(16)), consul.read(status(16))]).toEqual(['"3"', statusText("STOPPED", "M0D")]);
});

test("a counter that cannot be written holds up no reply, and grows once when Consul takes it", async () => {
  const { clock, link, consul, of } = await world({}, running(2));
  consul.failure = DOWN;
  consul.spared = /^(get|list|catalog|session|health|checks)/;
  link.ask("a", 16);
  link.ask("b", 80);
  await clock.advance(seconds(0));
  expect(link.replies.map(({ reply }) => reply.rc)).toEqual([0, 0]);
  await clock.advance(seconds(0.5));
  link.ask("c", 80);
  await clock.advance(seconds(0.2));
  expect([link.replies.length, consul.read(counter(16)), consul.read(counter(80))]).toEqual([3, '"2"', undefined]);
  consul.failure = undefined;
  await clock.advance(seconds(20));
  expect([consul.read(counter(16)), consul.read(counter(80)), of("restarted").length]).toEqual(['"3"', '"2"', 1]);
});

test("a put of a counter that is carried out late takes nothing back", async () => {
  const { clock, link, consul } = await world({}, running(0));
  consul.late = true;
  link.ask("a", 16);
  await clock.advance(seconds(6));
  consul.late = false;
  await clock.advance(seconds(20));
  link.ask("b", 16);
  await clock.advance(seconds(5));
  consul.carryOut();
  expect(consul.read(counter(16))).toBe('"2"');
});

test("when the counters cannot be read, processes that begin are told EAGAIN and others are let in", async () => {
  const { clock, link, consul, of } = await world({}, running(2));
  consul.failure = { kind: "status", status: 403, what: "403 Permission denied" };
  consul.spared = /^(?!list b1)/;
  link.ask("begins", 16);
  link.ask("asks on", 80, false);
  await clock.advance(seconds(0));
  expect(link.replies.map(({ id, reply }) => [id, reply.rc])).toEqual([
    ["begins", 11],
    ["asks on", 0],
  ]);
  expect(of("entrypoint")[0]?.because).toContain("403");
});

test("clients, hax and processes of nobody are counted, and nothing is told of them", async () => {
  const { clock, link, consul, of } = await world({}, (of) => {
    of.set("m0conf/nodes/b1/processes/6/services/ha", "7");
    of.set("m0conf/nodes/b1/processes/48/services/motr_client", "48");
    of.set("m0_client_types", '["motr_client"]');
    for (const key of [6, 48, 99]) running(5, key)(of);
  });
  link.connect("b", 80);
  for (const key of [6, 48, 99]) link.ask(`q${key}`, key);
  await clock.advance(seconds(1));
  expect(link.replies.map(({ reply }) => reply.rc)).toEqual([0, 0, 0]);
  expect([link.sent, of("restarted")]).toEqual([[], []]);
  for (const key of [6, 48, 99]) {
    expect(consul.read(counter(key))).toBe('"6"');
    expect(consul.read(status(key))).toBe(statusText("STARTED", "M0D"));
  }
});

test("whoever was told FAILED by a check is not told twice; STOPPED is stored all the same", async () => {
  const { clock, link, consul, of } = await world({}, running(2));
  link.connect("b", 80);
  const [ios] = consul.services.get("ios") ?? [];
  if (ios === undefined) throw new Error("no ios");
  consul.register("ios", { ...ios, checks: [{ checkId: "service:16", status: "critical", serviceId: "16" }] });
  await clock.advance(seconds(1));
  expect(link.vectors()).toHaveLength(1);
  link.ask("q", 16);
  await clock.advance(seconds(10));
  expect([link.vectors().length, of("restarted")[0]?.told]).toEqual([1, 0]);
  expect(consul.read(status(16))).toBe(statusText("STOPPED", "M0D"));
});

test("one that ended in order, and whose end everybody knows, is let in without a word", async () => {
  const { clock, link, consul, of } = await world({}, (of) => {
    running(2)(of);
    of.set(status(16), statusText("STOPPED", "M0D"));
    const [ios] = of.services.get("ios") ?? [];
    if (ios === undefined) throw new Error("no ios");
    of.register("ios", { ...ios, checks: [{ checkId: "service:16", status: "critical", serviceId: "16" }] });
  });
  link.connect("b", 80);
  link.ask("q", 16);
  await clock.advance(seconds(1));
  expect([link.replies.length, link.sent, of("restarted"), consul.read(counter(16))]).toEqual([1, [], [], '"3"']);
});

test("a reply for which nobody waits counts nothing", async () => {
  const { clock, link, consul, of } = await world({}, running(2));
  link.deaf = true;
  link.ask("gone", 16);
  await clock.advance(seconds(1));
  expect(consul.read(counter(16))).toBe('"2"');
  link.deaf = false;
  link.ask("again", 16);
  await clock.advance(seconds(1));
  expect([consul.read(counter(16)), of("refusedByLink").length]).toEqual(['"3"', 1]);
});

test("a crowd that begins at once is counted once each, in transactions with its events", async () => {
  const keys = Array.from({ length: 60 }, (_, i) => 1000 + i);
  const { clock, link, consul } = await world({}, (of) => {
    for (const key of keys) running(key % 4, key)(of);
  });
  for (const key of keys) {
    link.started(link.connect(`l${key}`, key), 2, key, "STARTING");
    link.ask(`q${key}`, key);
  }
  await clock.advance(seconds(2));
  expect(keys.map((key) => consul.read(counter(key)))).toEqual(keys.map((key) => `"${(key % 4) + 1}"`));
  expect(consul.calls).toContain("txn");
});

test("two starts in one round are two; a counter that is no number is told once and counts as absent", async () => {
  const { clock, link, consul, of } = await world({}, (of) => {
    running(1, 16)(of);
    of.set(counter(80), "many");
  });
  link.connect("c", 144);
  for (const id of ["a", "b"]) link.ask(id, 16);
  link.ask("c", 80);
  await clock.advance(seconds(1));
  expect([consul.read(counter(16)), of("restarted").length, link.replies.map(({ behind }) => behind)]).toEqual([
    ...['"3"', 1, [0, 1, 1]],
  ]);
  expect(of("badInput").map(({ detail }) => detail)).toEqual([
    `${counter(80)}: many: expected a JSON string of digits; it counts as absent`,
  ]);
  expect(consul.read(counter(80))).toBe('"1"');
});

test("strict: nothing is counted and nothing told", async () => {
  const { clock, link, consul } = await world({ profile: "strictSeed" }, running(2));
  link.connect("b", 80);
  link.ask("q", 16);
  await clock.advance(seconds(1));
  expect([link.replies.length, link.sent, consul.puts]).toEqual([1, [], []]);
});

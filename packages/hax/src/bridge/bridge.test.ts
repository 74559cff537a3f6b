import { err, ok, seconds, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { formatFid, NULL_FID, parseFid } from "../fid.js";
import type { LinkId } from "../link/ha-link.js";
import type { HaData, Note } from "../motr/message.js";
import { DOWN, r, s, world } from "../testing/bridge-world.js";
import { MemoryConsul } from "../testing/memory-consul.js";
import type { BridgeOptions } from "./bridge.js";

const REFUSED = `processes/${formatFid(r(1050))}`;

/** Its token may not write one key. */
class RefusingConsul extends MemoryConsul {
  override put(...args: Parameters<MemoryConsul["put"]>): ReturnType<MemoryConsul["put"]> {
    return args[0] === REFUSED ? Promise.resolve(err(DENIED)) : super.put(...args);
  }
  override txn(...args: Parameters<MemoryConsul["txn"]>): ReturnType<MemoryConsul["txn"]> {
    return args[0].some(({ key }) => key === REFUSED) ? Promise.resolve(err(DENIED)) : super.txn(...args);
  }
}
const DENIED = { kind: "status", status: 403, what: "403 Permission denied" } as const;

const get = (...keys: number[]): HaData => ({
  ...{ type: "NVEC", direction: "GET", idOfGet: 100n, ignoreSameState: false },
  notes: keys.map((key): Note => ({ fid: r(key), state: "UNKNOWN" })),
});

test("R6, R7, R8: replies come later than the callback, in the order of the requests, from one read", async () => {
  const { clock, link, consul } = await world();
  for (let i = 0; i < 20; i++) link.ask(`q${i}`, 16 + i);
  expect(link.replies).toEqual([]);
  await clock.advance(seconds(1));
  expect(link.replies.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `q${i}`));
  expect(formatFid(link.replies[0]?.reply.rmFid ?? NULL_FID)).toBe("0x7300000000000001:0x4a");
  expect(consul.calls.filter((call) => call === "get leader").length).toBeLessThan(4);
});

test("#1505: the RM is read anew for each request; between two leaders there is EAGAIN", async () => {
  const { clock, link, consul } = await world();
  consul.set("leader", "b2");
  link.ask("a", 16);
  await clock.advance(seconds(1));
  consul.sessions.set("77", "b3");
  consul.set("leader", "b3", "77");
  link.ask("b", 17);
  await clock.advance(seconds(1));
  expect(link.replies.map(({ reply }) => [reply.rc, reply.rmEndpoint])).toEqual([
    [11, null],
    [0, "inet:tcp:10.9.8.23@21002"],
  ]);
});

test("R9, #1905: EAGAIN at once while Consul is away, then paced for this process and for no other", async () => {
  const { clock, link, consul } = await world();
  consul.failure = DOWN;
  const began = clock.monotonic();
  for (let i = 0; i < 4; i++) {
    link.ask(`a${i}`, 16);
    await clock.advanceUntil(() => link.replies.length > i, seconds(20));
  }
  expect(link.replies.map(({ at }) => Math.round((at - began) / 1000))).toEqual([0, 1, 3, 7]);
  link.ask("paced", 16);
  link.ask("other", 80);
  await clock.advance(seconds(0));
  expect(link.replies.at(-1)?.id).toBe("other");
  consul.failure = undefined;
  await clock.advance(seconds(10));
  expect(link.replies.at(-1)).toMatchObject({ id: "paced", reply: { rc: 0 } });
});

test("a Consul that hangs is EAGAIN within the deadline of 2 s", async () => {
  const { clock, link, consul } = await world();
  consul.hangs = true;
  const began = clock.monotonic();
  link.ask("a");
  await clock.advance(seconds(3));
  expect(link.replies.map(({ at, reply }) => [at - began, reply.rc])).toEqual([[2000, 11]]);
});

test("R12, R16, R20, R22: an event is one put of its process's key, with the exact bytes, acknowledged behind it", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 16);
  link.started(a, 2, 16);
  expect(link.acknowledged).toEqual([]);
  await clock.advance(seconds(1));
  expect(consul.puts).toEqual([
    {
      key: "processes/0x7200000000000001:0x10",
      value: `{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M0_CONF_HA_PROCESS_M0D"}`,
    },
  ]);
  expect(link.acknowledged).toEqual([2n]);
});

test("§13.1: two puts fail, three identical ones are seen and nothing in between; one alarm", async () => {
  const { clock, link, consul, of } = await world({ profile: "strictSeed" });
  const a = link.connect("a", 16);
  consul.failure = DOWN;
  link.started(a, 2, 16);
  await clock.advanceUntil(() => consul.puts.length === 2, seconds(60));
  consul.failure = undefined;
  await clock.advance(seconds(12));
  expect(consul.puts).toHaveLength(3);
  expect(new Set(consul.puts.map(({ key, value }) => key + value)).size).toBe(1);
  expect(of("outageBegan").length).toBeLessThanOrEqual(1);
});

test("a put that was given up and is carried out late undoes no newer event", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 16);
  const key = "processes/0x7200000000000001:0x10";
  consul.late = true;
  link.started(a, 2, 16, "STOPPING");
  await clock.advance(seconds(6));
  consul.late = false;
  link.started(a, 4, 16, "STARTED");
  await clock.advance(seconds(20));
  expect([consul.read(key)?.includes("STARTED"), link.acknowledged]).toEqual([true, [2n, 4n]]);
  consul.carryOut();
  expect(consul.read(key)).toContain("STARTED");
});

test("reads that waited come back without a leader too: they end no outage", async () => {
  const { clock, link, consul, of } = await world();
  const a = link.connect("a", 16);
  consul.failure = DOWN;
  consul.spared = /^health/;
  link.started(a, 2, 16);
  await clock.advance(seconds(40));
  expect([of("outageBegan").length, of("outageEnded").length]).toEqual([1, 0]);
  consul.failure = undefined;
  await clock.advance(seconds(2));
  expect([of("outageEnded").length, link.acknowledged]).toEqual([1, [2n]]);
});

test("an outage of 30 s: one alarm, one end; the newest of each process is stored within 2 s, none before an older", async () => {
  const { clock, link, consul, of } = await world();
  const links = [16, 80, 144].map((key) => link.connect(`l${key}`, key));
  consul.failure = DOWN;
  for (let i = 0; i < 60; i++) {
    for (const [n, key] of [16, 80, 144].entries())
      link.started(links[n] as LinkId, 2 + 2 * i, key, i % 2 === 0 ? "STARTING" : "STARTED");
    await clock.advance(seconds(0.5));
  }
  consul.failure = undefined;
  await clock.advance(seconds(2));
  for (const key of [16, 80, 144]) expect(consul.read(`processes/${formatFid(r(key))}`)).toContain("STARTED");
  expect(of("outageBegan")).toHaveLength(1);
  expect(of("outageEnded")).toHaveLength(1);
  expect(link.acknowledged.toSorted()).toHaveLength(180);
});

test("R14: GET is answered as asked, its id once; one read of m0conf/nodes per message", async () => {
  const { clock, link, consul } = await world();
  link.answers = true;
  const a = link.connect("a", 16);
  consul.calls.length = 0;
  link.say(a, 2, get(16, 0x999, 80));
  await clock.advance(seconds(1));
  expect(link.vectors()).toEqual([
    {
      ...{ type: "NVEC", direction: "SET", idOfGet: 100n, ignoreSameState: true },
      notes: [
        { fid: r(16), state: "ONLINE" },
        { fid: r(0x999), state: "FAILED" },
        { fid: r(80), state: "ONLINE" },
      ],
    },
  ]);
  expect(consul.calls.filter((call) => call === "list m0conf/nodes")).toHaveLength(1);
  expect(link.acknowledged).toEqual([2n]);
});

test("a question is acknowledged by its answer's delivery: a hax that dies before is asked again", async () => {
  const { clock, link } = await world();
  const a = link.connect("a", 16);
  link.say(a, 2, get(16));
  await clock.advance(seconds(1));
  expect([link.vectors().length, link.acknowledged]).toEqual([1, []]);
  link.event({ kind: "notDelivered", link: a, tag: link.sent[0]?.tag as bigint });
  expect(link.acknowledged).toEqual([]);
  link.say(a, 4, get(16));
  await clock.advance(seconds(1));
  link.event({ kind: "delivered", link: a, tag: link.sent[1]?.tag as bigint });
  expect(link.acknowledged).toEqual([4n]);
});

test("GET while Consul is away: from the last good view while it is young, else when Consul is back", async () => {
  const { clock, link, consul, of } = await world();
  const a = link.connect("a", 16);
  link.say(a, 2, get(16));
  await clock.advance(seconds(1));
  consul.failure = DOWN;
  link.say(a, 4, get(16));
  await clock.advance(seconds(3));
  expect(link.vectors()).toHaveLength(2);
  expect(of("answered").map(({ stale }) => stale)).toEqual([false, true]);
  await clock.advance(seconds(90));
  link.say(a, 6, get(16));
  await clock.advance(seconds(20));
  expect(link.vectors()).toHaveLength(2);
  consul.failure = undefined;
  await clock.advance(seconds(2));
  expect(link.vectors()).toHaveLength(3);
});

test("a GET behind an event of the same process counts the event, stored or not", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 16);
  link.say(a, 2, get(16));
  await clock.advance(seconds(1));
  consul.failure = DOWN;
  link.started(a, 4, 16, "STOPPED");
  link.say(a, 6, get(16));
  await clock.advance(seconds(3));
  expect(link.vectors().at(-1)?.notes[0]?.state).toBe("FAILED");
});

test("R4, R10: a watch POST is one SET vector on every link; a full link does not delay the others (#2124)", async () => {
  const { clock, link, consul, bridge } = await world({ services: [] });
  for (const key of [16, 80, 144]) link.connect(`l${key}`, key);
  link.full.add("l80" as LinkId);
  const members = unwrap(await consul.serviceHealth("ios")).value;
  const body = members.map(({ node, serviceId, checks }) => ({
    ...{ Node: { Node: node }, Service: { ID: serviceId, Service: "ios" } },
    Checks: checks.map((check) => ({ CheckID: check.checkId, Status: check.status, ServiceID: check.serviceId })),
  }));
  expect(bridge.watches.post(body)).toBeUndefined();
  await clock.advance(seconds(1));
  expect(link.sent.map(({ to }) => to)).toEqual(["l16", "l144"]);
  expect(link.vectors()[0]).toMatchObject({ direction: "SET", idOfGet: 0n, ignoreSameState: true });
  expect(link.vectors()[0]?.notes).toHaveLength(9);
  expect(bridge.watches.post({})).toContain("expected an array");
});

test("R11: snapshots are passed on one at a time, only the newest of those that wait", async () => {
  const { clock, link, bridge } = await world({ services: [] });
  link.connect("a", 16);
  const post = (status: string) =>
    bridge.watches.post([
      {
        ...{ Node: { Node: "b1" }, Service: { ID: "16", Service: "ios" } },
        Checks: [{ CheckID: "service:16", Status: status, ServiceID: "16" }],
      },
    ]);
  for (const status of ["passing", "warning", "critical"]) post(status);
  await clock.advance(seconds(1));
  expect(link.vectors().map(({ notes }) => notes[0]?.state)).toEqual(["FAILED"]);
});

test("#1896: a change whose POST never comes is told within 5 s, and once", async () => {
  const { clock, link, consul } = await world();
  link.connect("a", 16);
  await clock.advance(seconds(10));
  const before = link.sent.length;
  const [ios] = consul.services.get("ios") ?? [];
  if (ios === undefined) throw new Error("no ios");
  consul.register("ios", {
    ...ios,
    checks: [{ checkId: "service:16", status: "critical", serviceId: "16" }],
  });
  await clock.advance(seconds(5));
  await clock.advance(seconds(20));
  expect(link.sent).toHaveLength(before + 1);
  expect(link.vectors().at(-1)?.notes[0]).toEqual({ fid: r(16), state: "FAILED" });
});

test("a link that comes back is told what it missed", async () => {
  const { clock, link } = await world();
  await clock.advance(seconds(1));
  link.connect("a", 16, true);
  expect(link.vectors()[0]?.notes).toHaveLength(9);
});

test("R5: stubs carry the asker's cookie, keepalives are answered, errors are alarmed and the link stays", async () => {
  const { link, of } = await world();
  const a = link.connect("a", 16);
  const cookie = { address: 0xdeadbeefn, generation: 7n };
  link.say(a, 2, { type: "FAILURE_VEC_REQ", pool: r(1), cookie });
  link.say(a, 4, { type: "FAILURE_VEC_REP", pool: r(1), cookie, notes: [] });
  link.say(a, 6, { type: "KEEPALIVE_REQ", id: 5n });
  link.say(a, 8, { type: "BE_IO_ERR", errcode: 5, location: "LOG", opcode: "WRITE" });
  link.say(a, 10, { type: "SNS_ERR", errcode: 5, opcode: 1 });
  link.say(a, 12, { type: "EVENT_RPC", attempts: 1n, state: "TRANSIENT" });
  const stub = { type: "FAILURE_VEC_REP", pool: unwrap(parseFid("o|2:9")), cookie, notes: [] };
  expect(link.sent.map(({ message }) => message.data)).toEqual([
    ...[stub, stub, { type: "KEEPALIVE_REP", id: 5n, counter: 1n }],
  ]);
  expect(of("alarm").map(({ type }) => type)).toEqual(["BE_IO_ERR", "SNS_ERR"]);
  expect([link.acknowledged, link.ended]).toEqual([[2n, 4n, 6n, 8n, 10n, 12n], []]);
});

test("R5, strict: an I/O error is a panic with its message", async () => {
  const { link, of } = await world({ profile: "strictSeed" });
  link.say(link.connect("a", 16), 2, { type: "SNS_ERR", errcode: 5, opcode: 1 });
  expect(of("panic")[0]?.detail).toContain(`"errcode":5`);
});

test("R13, strict: while an event waits for Consul nothing else is begun; then all in order", async () => {
  const { clock, link, consul } = await world({ profile: "strictSeed" });
  link.answers = true;
  const a = link.connect("a", 16);
  consul.failure = DOWN;
  link.started(a, 2, 16);
  link.started(a, 4, 16, "STOPPED");
  link.say(a, 6, get(16));
  link.ask("q", 80);
  await clock.advance(seconds(10));
  expect([link.replies, link.sent, new Set(consul.puts.map(({ value }) => value)).size]).toEqual([[], [], 1]);
  consul.failure = undefined;
  await clock.advance(seconds(12));
  expect(link.acknowledged).toEqual([2n, 4n, 6n]);
  expect(link.replies.map(({ reply }) => reply.rc)).toEqual([0]);
  expect(consul.read("processes/0x7200000000000001:0x10")).toContain("STOPPED");
});

test("NVEC SET of Motr: repaired and online are told to all, a failed repair is FAILED again", async () => {
  const { link } = await world();
  const a = link.connect("a", 16);
  const notes = (["REPAIRED", "REPAIR", "REBALANCE", "TRANSIENT"] as const).map((state) => ({
    ...{ fid: unwrap(parseFid("d|1:1")), state },
  }));
  link.say(a, 2, { type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: false, notes });
  expect(link.vectors()[0]?.notes.map(({ state }) => state)).toEqual(["REPAIRED", "FAILED", "REPAIRED"]);
});

test("STOB_IOQ goes into the event queue where that is asked for, acknowledged behind it", async () => {
  const { clock, link, consul } = await world({ stobIoq: "queue" });
  const stob = { confSdev: unwrap(parseFid("d|1:1")), stobId: { domainFid: NULL_FID, fid: s(1) }, fd: 1n, rc: -5n };
  const rest = { opcode: "WRITE", offset: 2n ** 60n, size: 1n, bshift: 12 } as const;
  link.say(link.connect("a", 16), 2, { type: "STOB_IOQ", ...stob, ...rest });
  await clock.advance(seconds(1));
  expect(consul.read("eq/2")).toContain(
    `"message_type": "stob-ioq", "payload": {"fid": "0x0:0x0", "conf_sdev": "0x6400`,
  );
  expect(consul.read("eq/2")).toContain(`"offset": 1152921504606846976`);
  expect([consul.read("eq-epoch"), link.acknowledged]).toEqual(["2", [2n]]);
});

test("#2132: a queue item that fails in Consul is done again before it is marked; 10 follows 9", async () => {
  const { clock, link, consul } = await world({ services: [] }, (before) => before.set("bq-delivered/b1", "8"));
  const a = link.connect("a", 16);
  const item = (key: string) =>
    `{"message_type": "M0_HA_MSG_NVEC", "payload": {"device": "0x6400000000000001:0x${key}", "state": "failed"}}`;
  for (const n of [10, 7, 9]) consul.set(`bq/${n}`, item(String(n)));
  await clock.advanceUntil(() => link.sent.length === 1, seconds(10));
  consul.failure = DOWN;
  link.event({ kind: "delivered", link: a, tag: link.sent[0]?.tag ?? 0n });
  await clock.advance(seconds(5));
  expect(consul.read("bq-delivered/b1")).toBe("8");
  consul.failure = undefined;
  await clock.advance(seconds(30));
  expect(consul.read("bq-delivered/b1")).toBe("10");
  const told = link.vectors().map(({ notes }) => formatFid(notes[0]?.fid ?? NULL_FID));
  expect(new Set(told)).toEqual(new Set(["0x6400000000000001:0x9", "0x6400000000000001:0x10"]));
});

test("§10: what every node has done leaves bq/, on the leader's node only, at most 1,024 items a round", async () => {
  for (const [node, stays] of [
    ["b2", 76],
    ["b1", 1100],
  ] as const) {
    const { clock, consul, of } = await world({ node });
    for (let n = 1; n <= 1100; n++) consul.set(`bq/${n}`, `{"message_type": "SNS_OP", "payload": {}}`);
    for (const each of ["b1", "b2"]) consul.set(`bq-delivered/${each}`, "1100");
    await clock.advance(seconds(61));
    const left = unwrap(await consul.list("bq/")).value;
    expect(left).toHaveLength(stays);
    expect(of("queuePruned").map(({ items }) => items)).toEqual(node === "b2" ? [1024] : []);
  }
});

test("stop: who waits for an entrypoint is told there is none, links are closed, with Consul away too (#1784)", async () => {
  const { clock, link, consul, bridge } = await world();
  link.connect("a", 16);
  consul.hangs = true;
  link.ask("q", 80);
  const began = clock.monotonic();
  const stopping = bridge.stop();
  await clock.run(stopping, seconds(10));
  expect(clock.monotonic() - began).toBeLessThan(10_000);
  expect(link.replies.map(({ reply }) => [reply.rc, reply.confds.length])).toEqual([[0, 0]]);
  expect(link.ended).toEqual(["a"]);
});

/** A disk with one file, which outlives bridges. */
function oneFile() {
  const file = { text: undefined as string | undefined, full: false };
  const disk: NonNullable<BridgeOptions["journal"]>["disk"] = {
    read: async (path) =>
      file.text === undefined ? err({ kind: "notFound", path, detail: "" }) : ok(Buffer.from(file.text)),
    replace: async (path, text) => {
      if (file.full) return err({ kind: "full", path, detail: "" });
      file.text = text;
      return ok();
    },
  };
  return { file, journal: { disk, path: "/var/lib/tandem/hax-events" } };
}

test("an event that Consul has not after 5 s is acknowledged from the journal, and a new life of hax stores it", async () => {
  const { file, journal } = oneFile();
  const first = await world({ journal });
  const a = first.link.connect("a", 16);
  first.consul.failure = DOWN;
  first.link.started(a, 2, 16);
  await first.clock.advance(seconds(4));
  expect(first.link.acknowledged).toEqual([]);
  await first.clock.advance(seconds(2));
  expect(first.link.acknowledged).toEqual([2n]);
  const second = await world({ journal });
  await second.clock.advance(seconds(2));
  expect(second.consul.read("processes/0x7200000000000001:0x10")).toContain("STARTED");
  expect(file.text).toBe("");
});

test("a full disk: nothing is acknowledged that Consul has not", async () => {
  const { file, journal } = oneFile();
  file.full = true;
  const { clock, link, consul, of } = await world({ journal });
  consul.failure = DOWN;
  link.started(link.connect("a", 16), 2, 16);
  await clock.advance(seconds(8));
  expect(link.acknowledged).toEqual([]);
  expect(of("journalFailed").length).toBeGreaterThan(0);
  consul.failure = undefined;
  await clock.advance(seconds(12));
  expect(link.acknowledged).toEqual([2n]);
});

test("a journal with lines that cannot be read gives the others, and names those", async () => {
  const { file, journal } = oneFile();
  file.text = `{"key":"processes/0x7200000000000001:0x10","value":"v"}\n{"key":1}\n{`;
  const { consul, of } = await world({ journal });
  expect(consul.read("processes/0x7200000000000001:0x10")).toBe("v");
  expect(of("badInput")).toHaveLength(2);
});

test("a crowd of processes goes in transactions; one key that is refused is left alone with its failure", async () => {
  const { clock, link, consul, of } = await world({}, undefined, (of) => new RefusingConsul(of));
  const links = Array.from({ length: 100 }, (_, i) => link.connect(`l${i}`, 1000 + i));
  for (const [i, id] of links.entries()) link.started(id, 2 * (i + 1), 1000 + i);
  await clock.advance(seconds(20));
  const stored = links.filter((_, i) => consul.read(`processes/${formatFid(r(1000 + i))}`) !== undefined);
  expect(stored).toHaveLength(99);
  expect(link.acknowledged).toHaveLength(99);
  expect(consul.calls.filter((call) => call === "txn").length).toBeGreaterThan(0);
  expect(
    new Set(
      of("putFailed")
        .filter(({ failures }) => failures > 1)
        .map(({ key }) => key),
    ),
  ).toEqual(new Set([REFUSED]));
});

test("events of one process faster than Consul: the newest is stored, all are acknowledged", async () => {
  const { clock, link, consul, bridge } = await world();
  const a = link.connect("a", 16);
  for (let i = 1; i <= 5000; i++) link.started(a, 2 * i, 16, i % 2 === 0 ? "STARTED" : "STARTING");
  await clock.advance(seconds(1));
  expect(consul.puts.length).toBeLessThan(10);
  expect(consul.read("processes/0x7200000000000001:0x10")).toContain("STARTED");
  expect([link.acknowledged.length, bridge.storer.book.keys]).toEqual([5000, 0]);
});

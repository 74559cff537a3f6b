import { millis, ok, seconds, unwrap } from "@tandem/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatFid, NULL_FID, parseFid } from "../../fid.js";
import type { LinkId } from "../../link/ha-link.js";
import type { Note } from "../../motr/message.js";
import { newItems, offsetIn, orderOf, readDrives } from "./broadcast-queue.js";
import { readConfTree } from "./conf-tree.js";
import { AGAIN, entrypointReply, quorumOf } from "./entrypoint-reply.js";
import { EventBook, type Owed, statusText } from "./event-book.js";
import { answerNotes, type HealthView } from "./health-view.js";
import { Herald, type Outcome } from "./herald.js";
import { Outage } from "./outage.js";
import { Pacing } from "./pacing.js";
import { chunksOf, notesOf, readServiceWatch } from "./service-watch.js";
import { WatchBox } from "./watch-box.js";

const P = "m0conf/nodes/alpha1/processes";
const N = "m0conf/nodes/0x6e00000000000001:0x3";
const pair = ([key, text]: readonly [string, string]) => ({ key, text });
/** One node, with the keys of a bootstrap. */
const ONE_NODE = (
  [
    [N, `{"name": "alpha1", "state": "M0_NC_UNKNOWN"}`],
    [`${N}/processes/0x7200000000000001:0x10`, `{"name": "m0_server", "state": "M0_NC_UNKNOWN"}`],
    [`${P}/16/endpoint`, "inet:tcp:10.9.8.11@21003"],
    [`${P}/16/services/ios`, "18"],
    [`${P}/16/services/rms`, "17"],
    [`${P}/9/services/confd`, "11"],
    [`${P}/9/services/rms`, "10"],
  ] as const
).map(pair);

const r = (key: number) => unwrap(parseFid(`r|1:${key}`));
const s = (key: number) => unwrap(parseFid(`s|1:${key}`));
const asked = (...fids: Note["fid"][]): Note[] => fids.map((fid) => ({ fid, state: "UNKNOWN" }));
const brief = (notes: readonly Note[]) => notes.map(({ fid, state }) => `${formatFid(fid)} ${state}`);

describe("entrypoint reply", () => {
  const confd = (node: string, serviceId: string, address: string) => ({
    ...{ node, serviceId, address, port: 21002, transport: "libfab" },
  });
  test("§13.1: one node", () => {
    const confds = [confd("alpha1", "9", "inet:tcp:10.9.8.11")];
    expect(entrypointReply({ leaderNode: "alpha1", confds, rmsKey: "10" })).toEqual(
      ok({
        rc: 0,
        confds: [{ fid: r(9), endpoint: "inet:tcp:10.9.8.11@21002" }],
        quorum: 1,
        rmFid: s(10),
        rmEndpoint: "inet:tcp:10.9.8.11@21002",
      }),
    );
    expect(AGAIN).toEqual({ rc: 11, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null });
  });
  test("R6, §13.2: three nodes; the RM is the one beside the leader's confd, confds keep catalog order", () => {
    const confds = ["9", "73", "137"].map((id, i) => confd(`b${i + 1}`, id, `inet:tcp:10.9.8.2${i + 1}`));
    const reply = unwrap(entrypointReply({ leaderNode: "b2", confds, rmsKey: "74" }));
    expect(reply.confds.map(({ fid }) => formatFid(fid))).toEqual([r(9), r(73), r(137)].map(formatFid));
    expect([reply.quorum, formatFid(reply.rmFid), reply.rmEndpoint]).toEqual([
      2,
      "0x7300000000000001:0x4a",
      "inet:tcp:10.9.8.22@21002",
    ]);
  });
  test("an LNet endpoint joins address and port with a colon", () => {
    const confds = [{ ...confd("a", "9", "192.168.180.162@tcp:12345:44"), port: 101, transport: "lnet" }];
    expect(unwrap(entrypointReply({ leaderNode: "a", confds, rmsKey: "10" })).rmEndpoint).toBe(
      "192.168.180.162@tcp:12345:44:101",
    );
  });
  test("R9: without a confd on the leader's node, or without its rms, there is no reply", () => {
    const confds = [confd("a", "9", "x")];
    expect(entrypointReply({ leaderNode: "b", confds, rmsKey: "10" }).ok).toBe(false);
    expect(entrypointReply({ leaderNode: "a", confds, rmsKey: undefined }).ok).toBe(false);
    expect(entrypointReply({ leaderNode: "a", confds: [confd("a", "nine", "x")], rmsKey: "10" }).ok).toBe(false);
  });
  test("the quorum is more than half", () => expect([0, 1, 2, 3, 4, 5].map(quorumOf)).toEqual([0, 1, 2, 2, 3, 3]));
});

describe("NVEC GET", () => {
  const view = (changes: Partial<HealthView> = {}): HealthView => ({
    conf: readConfTree(ONE_NODE),
    events: new Map([["0x7200000000000001:0x10", "M0_CONF_HA_PROCESS_STARTED"]]),
    checks: new Map([
      [
        "alpha1",
        [
          { checkId: "serfHealth", status: "passing", serviceId: "" },
          { checkId: "service:16", status: "passing", serviceId: "16" },
        ],
      ],
    ]),
    sdevs: new Map(),
    ...changes,
  });
  const three = asked(r(16), s(18), r(0x999));
  test("§13.1: order and count as asked; an unknown process is FAILED, never UNKNOWN", () => {
    expect(answerNotes(three, view()).map(({ state }) => state)).toEqual(["ONLINE", "ONLINE", "FAILED"]);
    expect(answerNotes(three, view()).map(({ fid }) => fid)).toEqual([r(16), s(18), r(0x999)]);
  });
  test("§13.1: after the service check turns critical", () => {
    const checks = new Map([
      [
        "alpha1",
        [
          { checkId: "serfHealth", status: "passing", serviceId: "" },
          { checkId: "service:16", status: "critical", serviceId: "16" },
        ],
      ],
    ]);
    expect(answerNotes(three, view({ checks })).map(({ state }) => state)).toEqual(["FAILED", "FAILED", "FAILED"]);
  });
  test("a process that stopped is FAILED, whatever its node says", () => {
    const events = new Map([["0x7200000000000001:0x10", "M0_CONF_HA_PROCESS_STOPPED"]]);
    expect(answerNotes(asked(s(17)), view({ events }))[0]?.state).toBe("FAILED");
  });
  test("a node without a check, or with one that fails, fails its processes", () => {
    expect(answerNotes(asked(r(16)), view({ checks: new Map() }))[0]?.state).toBe("FAILED");
  });
  test("R15: whatever is asked and stored, states are only FAILED or ONLINE", () => {
    const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
    const fid = fc.oneof(fc.record({ container: u64, key: u64 }), fc.constantFrom(r(16), s(17), s(18), r(9)));
    fc.assert(
      fc.property(fc.array(fid, { maxLength: 50 }), (fids) => {
        const notes = answerNotes(asked(...fids), view());
        expect(notes.map((note) => note.fid)).toEqual(fids);
        expect(notes.filter(({ state }) => state !== "ONLINE" && state !== "FAILED")).toEqual([]);
      }),
    );
  });
  test("devices and other objects are ONLINE unless they are stored as failed", () => {
    const conf = readConfTree([
      pair([`${N}/processes/x/services/y/sdevs/0x6400000000000001:0x13`, `{"path": "/dev/vdb", "state": "failed"}`]),
      pair([N, `{"state": "M0_NC_UNKNOWN"}`]),
    ]);
    const fids = ["d|1:0x13", "d|1:0x14", "n|1:3", "k|1:0x15"].map((text) => unwrap(parseFid(text)));
    const sdevs = readDrives([
      pair(["m0conf/sites/a/drives/0x6b00000000000001:0x15", `{"sdev": "0x6400000000000001:0x13", "state": "x"}`]),
    ]).sdevOf;
    expect(answerNotes(asked(...fids), view({ conf, sdevs })).map(({ state }) => state)).toEqual([
      ...["FAILED", "ONLINE", "ONLINE", "FAILED"],
    ]);
  });
});

describe("service watch", () => {
  const element = (node: string, id: string, serf: string, own: string, swap = false) => {
    const checks = [
      { CheckID: "serfHealth", Status: serf, ServiceID: "" },
      { CheckID: `service:${id}`, Status: own, ServiceID: id },
    ];
    return { Node: { Node: node }, Service: { ID: id, Service: "ios" }, Checks: swap ? checks.reverse() : checks };
  };
  const conf = readConfTree(
    (["b1", "b2", "b3"] as const).flatMap((node, i) => [
      pair([`m0conf/nodes/${node}/processes/${16 + 64 * i}/services/ios`, String(18 + 64 * i)]),
      pair([`m0conf/nodes/${node}/processes/${16 + 64 * i}/services/rms`, String(17 + 64 * i)]),
    ]),
  );
  const post = (swap = false, b2 = "warning") => [
    element("b1", "16", "passing", "passing"),
    element("b2", "80", "passing", b2),
    element("b3", "144", "critical", "passing", swap),
  ];
  const read = (body: unknown) => {
    const snapshot = unwrap(readServiceWatch(body));
    if (snapshot === undefined) throw new Error("nothing was read");
    return snapshot;
  };
  test.each([
    ["graded", post(), ["ONLINE", "TRANSIENT", "FAILED"]],
    ["graded", post(true), ["ONLINE", "TRANSIENT", "FAILED"]],
    ["graded", post(false, "passing"), ["ONLINE", "ONLINE", "FAILED"]],
    ["failed", post(), ["ONLINE", "FAILED", "FAILED"]],
    ["transient", post(true), ["ONLINE", "TRANSIENT", "TRANSIENT"]],
  ] as const)("§13.2: %s", (notPassing, body, states) => {
    const notes = notesOf(read(body), conf, notPassing);
    expect(brief(notes)).toEqual(
      [
        [16, 18, 17],
        [80, 82, 81],
        [144, 146, 145],
      ].flatMap(([process = 0, ios = 0, rms = 0], i) =>
        [r(process), s(ios), s(rms)].map((fid) => `${formatFid(fid)} ${states[i]}`),
      ),
    );
    expect(notesOf(read(body), undefined, notPassing)).toHaveLength(3);
  });
  test("an empty array and null are nothing to tell", () => {
    expect([readServiceWatch([]), readServiceWatch(null)]).toEqual([ok(undefined), ok(undefined)]);
  });
  test("a full fid is a service id too; anything else names the element", () => {
    expect(
      formatFid(
        read([element("b1", "0x7200000000000001:0x0004", "passing", "passing")]).members[0]?.process ?? NULL_FID,
      ),
    ).toBe("0x7200000000000001:0x4");
    for (const id of ["", "x", "-1", "18446744073709551616", "0x7300000000000001:0x4"])
      expect(readServiceWatch([element("b1", id, "passing", "passing")])).toMatchObject({
        ok: false,
        error: /element 0/,
      });
  });
  test.each([[{}], [1], ["x"], [[1]], [[null]], [[{ Service: { ID: "1" }, Checks: 3 }]]])(
    "%j is one clear error",
    (body) => expect(readServiceWatch(body).ok).toBe(false),
  );
  test("#1876: more than 1,024 notes are several vectors, none lost", () => {
    const notes = Array.from({ length: 2196 }, (_, i): Note => ({ fid: r(i), state: "ONLINE" }));
    expect(chunksOf(notes).map(({ length }) => length)).toEqual([1024, 1024, 148]);
    expect(chunksOf(notes).flat()).toEqual(notes);
  });
  test("a newer snapshot takes the place of the one that nobody looked at", () => {
    const box = new WatchBox<string>(2);
    expect([box.offer("ios", "1"), box.offer("hax", "1"), box.offer("ios", "2"), box.offer("new", "1")]).toEqual([
      ...[true, true, true, false],
    ]);
    expect([box.take(), box.take(), box.take(), box.replaced]).toEqual(["2", "1", undefined, 1]);
  });
});

describe("events of processes", () => {
  const owed = (tag: number): Owed[] => [{ link: "l" as LinkId, tag: BigInt(tag), at: millis(tag) }];
  const tags = (list: readonly Owed[]) => list.map(({ tag }) => Number(tag));
  const now = millis(0);
  test("§13.1: the bytes of a stored status", () => {
    expect(statusText("STARTED", "M0D")).toBe(
      `{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M0_CONF_HA_PROCESS_M0D"}`,
    );
  });
  test("R12: a put that fails is repeated as it is, and acknowledged when it is stored", () => {
    const book = new EventBook({ limit: 8, keep: "newest" });
    book.offer("p", "1", owed(2), now);
    for (let failures = 1; failures <= 2; failures++) {
      const put = book.take(now);
      expect(put?.value).toBe("1");
      expect(book.take(now)).toBeUndefined();
      if (put !== undefined) expect(book.failed(put, () => 0)).toBe(failures);
    }
    const third = book.take(now);
    expect(third === undefined ? [] : tags(book.stored(third))).toEqual([2]);
    expect([book.waiting, book.keys]).toEqual([0, 0]);
  });
  test("a process that waits does not hold up another", () => {
    const book = new EventBook({ limit: 8, keep: "newest" });
    book.offer("p", "1", [], now);
    book.offer("q", "1", [], now);
    const first = book.take(now);
    if (first !== undefined) book.failed(first, () => 10_000);
    expect(book.take(now)?.key).toBe("q");
    expect(book.nextTry).toBe(10_000);
    book.retryNow(now);
    expect(book.take(now)?.key).toBe("p");
  });
  test("the newest wins only over one that is not on its way; all senders hear of it", () => {
    const book = new EventBook({ limit: 1, keep: "newest" });
    book.offer("p", "1", owed(2), now);
    const first = book.take(now);
    expect(book.offer("q", "1", owed(3), now).ok).toBe(false);
    if (first !== undefined) expect(tags(book.stored(first))).toEqual([2]);
    book.offer("p", "2", owed(4), now);
    book.offer("p", "3", owed(6), now);
    const next = book.take(now);
    expect(next?.value).toBe("3");
    if (next !== undefined) expect(tags(book.stored(next))).toEqual([4, 6]);
  });
  test("what the journal holds is acknowledged, and a newer put only once the journal has forgotten the older", () => {
    const book = new EventBook({ limit: 8, keep: "newest" });
    book.offer("p", "1", owed(2), now);
    expect(tags(book.journaled(book.snapshot()))).toEqual([2]);
    book.offer("p", "2", owed(4), now);
    const put = book.take(now);
    expect(put?.value).toBe("2");
    if (put !== undefined) expect(book.stored(put)).toEqual([]);
    expect(book.mustForget).toBe(true);
    expect(tags(book.journaled(book.snapshot()))).toEqual([4]);
    expect([book.mustForget, book.keys]).toEqual([false, 0]);
  });
  test("any interleaving: stored values of a process never go back, the newest is stored at last, all hear once", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("offer" as const), key: fc.constantFrom("p", "q", "r") }),
      fc.record({ do: fc.constantFrom("take" as const, "store" as const, "fail" as const, "journal" as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom("newest" as const, "every" as const),
        (steps, keep) => {
          const book = new EventBook({ limit: 1000, keep });
          const store = new Map<string, number>();
          const offered = new Map<string, number>();
          const flight: NonNullable<ReturnType<EventBook["take"]>>[] = [];
          const heard: number[] = [];
          let tag = 0;
          const settle = (fails: boolean): void => {
            const put = flight.shift();
            if (put === undefined) return;
            if (fails) {
              book.failed(put, () => 0);
              return;
            }
            expect(Number(put.value)).toBeGreaterThan(store.get(put.key) ?? 0);
            store.set(put.key, Number(put.value));
            heard.push(...tags(book.stored(put)));
          };
          const take = (): void => {
            const put = book.take(now);
            if (put !== undefined) flight.push(put);
          };
          for (const each of steps) {
            if (each.do === "offer") {
              tag += 1;
              book.offer(each.key, String(tag), owed(tag), now);
              offered.set(each.key, tag);
            } else if (each.do === "take") take();
            else if (each.do === "journal") heard.push(...tags(book.journaled(book.snapshot())));
            else settle(each.do === "fail");
          }
          for (let i = 0; i < 300 && (book.waiting > 0 || flight.length > 0); i++) {
            take();
            settle(false);
          }
          heard.push(...tags(book.journaled(book.snapshot())));
          expect(store).toEqual(offered);
          expect(heard.sort((a, b) => a - b)).toEqual(Array.from({ length: tag }, (_, i) => i + 1));
          expect([book.waiting, book.keys]).toEqual([0, 0]);
        },
      ),
    );
  });
});

describe("herald", () => {
  const limit = { deadline: seconds(30), now: millis(0) };
  test("#1615: a delivery that comes before anybody waits is not lost", () => {
    const herald = new Herald();
    herald.tell("a", "delivered", millis(0));
    const outcomes: Outcome[] = [];
    herald.expect(["a", "b"], { ...limit, enough: "any" }, (outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([{ delivered: 1, notDelivered: 0, late: 1 }]);
    expect([herald.waiting, herald.early]).toEqual([0, 0]);
  });
  test("not delivered is not delivered; the rest is late at the deadline", () => {
    const herald = new Herald();
    const outcomes: Outcome[] = [];
    herald.expect(["a", "b", "c"], { ...limit, enough: "all" }, (outcome) => outcomes.push(outcome));
    herald.tell("a", "delivered", millis(0));
    herald.tell("b", "notDelivered", millis(0));
    herald.expire(millis(29_999));
    expect(outcomes).toEqual([]);
    herald.expire(millis(30_000));
    expect(outcomes).toEqual([{ delivered: 1, notDelivered: 1, late: 1 }]);
  });
  test("nobody to tell is told at once", () => {
    const outcomes: Outcome[] = [];
    new Herald().expect([], { ...limit, enough: "any" }, (outcome) => outcomes.push(outcome));
    expect(outcomes).toHaveLength(1);
  });
  test("early fates are bounded", () => {
    const herald = new Herald();
    for (let i = 0; i < 10_000; i++) herald.tell(String(i), "delivered", millis(0));
    expect(herald.early).toBeLessThanOrEqual(4097);
    herald.tell("late", "delivered", millis(10_000));
    expect(herald.early).toBe(1);
  });
});

test("#1905: EAGAIN of a process is spread: at once, then after 1, 2, 4, 8, 8 s; success begins anew", () => {
  const pacing = new Pacing();
  let at = 0;
  const waits = Array.from({ length: 6 }, () => {
    const wait = pacing.waitOf("p", millis(at));
    at += wait;
    pacing.refused("p", millis(at));
    return wait;
  });
  expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 8000]);
  expect(pacing.waitOf("q", millis(at))).toBe(0);
  pacing.served("p");
  expect(pacing.waitOf("p", millis(at))).toBe(0);
});

test("one outage begins once and ends once; a lone failure is none", () => {
  const outage = new Outage();
  expect(outage.failed("500", millis(0))).toBeUndefined();
  expect(outage.answered()).toBeUndefined();
  const changes = [0, 500, 1000, 1500, 2000].map((at) => outage.failed("500", millis(at)));
  expect(changes).toEqual([undefined, undefined, "began", undefined, undefined]);
  expect([outage.answered(), outage.answered(), outage.count]).toEqual(["ended", undefined, 1]);
});

describe("broadcast queue", () => {
  const conf = readConfTree(ONE_NODE);
  const order = (text: string) =>
    orderOf({ number: 1, text }, conf, new Map([["0x6400000000000001:0x13", "0x6b00000000000001:0x15"]]), "beta");
  test("§13.2: items are taken by number, those that were processed are left out", () => {
    const pairs = ["bq/10", "bq/7", "bq/9", "bq/x"].map((key) => pair([key, "{}"]));
    expect(newItems(pairs, unwrap(offsetIn("8"))).map(({ number }) => number)).toEqual([9, 10]);
    expect([offsetIn(undefined), offsetIn("x").ok]).toEqual([ok(-1), false]);
  });
  test("a device's state is told about its drive", () => {
    const told = unwrap(
      order(`{"message_type": "M0_HA_MSG_NVEC", "payload": {"device": "0x6400000000000001:0x13", "state": "failed"}}`),
    );
    expect(told.kind === "notes" && brief(told.notes)).toEqual(["0x6b00000000000001:0x15 FAILED"]);
  });
  test("a failed stob fails its device; one without a device is nothing", () => {
    const told = unwrap(
      order(`{"message_type": "STOB_IOQ_ERROR", "payload": {"conf_sdev": "0x6400000000000001:0x13"}}`),
    );
    expect(told.kind === "notes" && brief(told.notes)).toEqual(["0x6400000000000001:0x13 FAILED"]);
    expect(unwrap(order(`{"message_type": "STOB_IOQ_ERROR", "payload": {"conf_sdev": "0x0:0x0"}}`)).kind).toBe(
      "nothing",
    );
  });
  test("a process of another node is told with its services and kept; one of this node is not", () => {
    const text = `{"timestamp": "x", "message_type": "PROCESS-STATE-UPDATE", "payload": {"fid": "0x7200000000000001:0x10", "state": "M0_CONF_HA_PROCESS_STOPPED", "type": "M0_CONF_HA_PROCESS_M0D"}}`;
    const told = unwrap(order(text));
    expect(told.kind === "process" && [brief(told.notes), told.status]).toEqual([
      [16, 18, 17].map((key, i) => `${formatFid(i === 0 ? r(key) : s(key))} TRANSIENT`),
      statusText("STOPPED", "M0D"),
    ]);
    expect(unwrap(orderOf({ number: 1, text }, conf, new Map(), "alpha1")).kind).toBe("nothing");
  });
  test.each(["", "null", "[]", "{}", `{"message_type": "M0_HA_MSG_NVEC"}`, `{"message_type": "X", "payload": "{"}`])(
    "%j is one clear error",
    (text) => expect(order(text).ok).toBe(false),
  );
});

test("values of the configuration that cannot be read count as absent, and are named", () => {
  const tree = readConfTree([pair([`${P}/16/services/ios`, "x"]), pair([N, "{"])]);
  expect([tree.processes.get(16n)?.services, tree.faults.length]).toEqual([[], 2]);
});

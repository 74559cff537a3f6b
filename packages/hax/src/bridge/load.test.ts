import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CleanUp,
  millis,
  noCrash,
  pick,
  type Result,
  seconds,
  seededRandom,
  sleep,
  systemClock,
  systemRandom,
  unwrap,
} from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import type { ConsulFailure, PutOptions } from "../consul/consul-api.js";
import { formatFid } from "../fid.js";
import { openLinkServer } from "../link/server.js";
import { M0d } from "../m0d/m0d.js";
import { GOOD_MANNERS } from "../m0d/peer-ports.js";
import { cluster, r, world } from "../testing/bridge-world.js";
import { MemoryConsul } from "../testing/memory-consul.js";
import { Bridge } from "./bridge.js";

const PROCESSES = 1000;
const TICK = millis(10);
/** 10,000 a second. */
const EVENTS_A_TICK = 100;
const EVENTS = ["STARTING", "STARTED", "STOPPED"] as const;

/** Each call takes 2 ms: eight puts at once are fewer than what is offered. */
class BusyConsul extends MemoryConsul {
  override async put(key: string, value: string, options?: PutOptions): Promise<Result<boolean, ConsulFailure>> {
    await sleep(this.clock, millis(2), options?.signal).catch(() => {});
    return super.put(key, value, options);
  }

  override async txn(...[ops, signal]: Parameters<MemoryConsul["txn"]>): ReturnType<MemoryConsul["txn"]> {
    await sleep(this.clock, millis(2), signal).catch(() => {});
    for (const op of ops) if (op.verb === "set" || op.verb === "cas") this.puts.push(op);
    return super.txn(ops, signal);
  }
}

/** Events of all processes in turn for `duration`, more than Consul takes; everything is checked but wall-clock time. */
async function offered(duration: number): Promise<void> {
  const { clock, link, consul, bridge, of } = await world({}, undefined, (of) => new BusyConsul(of));
  const random = seededRandom(11);
  const links = Array.from({ length: PROCESSES }, (_, i) => link.connect(`l${i}`, 1000 + i));
  const said = links.map((): string[] => []);
  let [tag, most, oldest] = [0, 0, 0];
  for (let at = 0, next = 0; at < duration; at += TICK) {
    for (let n = 0; n < EVENTS_A_TICK; n++, next = (next + 1) % PROCESSES) {
      const event = pick(random, EVENTS);
      said[next]?.push(event);
      tag += 2;
      link.started(links[next] as (typeof links)[number], tag, 1000 + next, event);
    }
    await clock.advance(TICK);
    most = Math.max(most, bridge.storer.book.waiting);
    oldest = Math.max(oldest, clock.monotonic() - (bridge.storer.book.oldest ?? clock.monotonic()));
  }
  // One put on its way and one behind it for each process, however long it goes on; and nobody waits long.
  expect(most).toBeLessThanOrEqual(PROCESSES + 8);
  expect(oldest).toBeLessThanOrEqual(seconds(1));
  await clock.advance(seconds(1));
  expect(bridge.storer.book.waiting).toBe(0);
  expect(bridge.storer.book.keys).toBe(0);
  const puts = new Map<string, string[]>();
  for (const { key, value } of consul.puts)
    puts.set(key, [...(puts.get(key) ?? []), /PROCESS_(\w+)", "type/.exec(value)?.[1] ?? ""]);
  for (const [i, events] of said.entries()) {
    const stored = puts.get(`processes/${formatFid(r(1000 + i))}`) ?? [];
    expect(stored.at(-1)).toBe(events.at(-1));
    expect(isPartOf(stored, events), `the puts of process ${i} are some of its events, in their order`).toBe(true);
  }
  expect(new Set(link.acknowledged).size).toBe(tag / 2);
  expect(link.acknowledged).toHaveLength(tag / 2);
  expect(of("overflow")).toEqual([]);
}

function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const each of whole) if (each === part[at]) at += 1;
  return at === part.length;
}

test(
  "10,000 events a second of 1,000 processes for 1 s: the newest of each is stored within 1 s, all are acknowledged",
  () => offered(seconds(2)),
  60_000,
);

test("the same for 60 s: what waits does not grow", (t) => {
  longTest(t);
  return offered(seconds(60));
}, 600_000);

test("a watch of 1,000 processes told to 1,000 links is a vector for each, and a full link is left out", async () => {
  const { clock, link, bridge } = await world();
  const links = Array.from({ length: 1000 }, (_, i) => link.connect(`l${i}`, 1000 + i));
  const told = link.sent.length;
  link.full.add(links[500] as (typeof links)[number]);
  const body = links.map((_, i) => ({
    ...{ Node: { Node: "b1" }, Service: { ID: String(1000 + i), Service: "ios" } },
    Checks: [{ CheckID: `service:${1000 + i}`, Status: "critical", ServiceID: String(1000 + i) }],
  }));
  expect(bridge.watches.post(body)).toBeUndefined();
  await clock.advance(seconds(1));
  const sent = link.sent.slice(told);
  expect(sent).toHaveLength(999);
  expect(sent.every(({ message: { data } }) => data.type === "NVEC" && data.notes.length === 1000)).toBe(true);
  for (const { to, tag } of sent) link.event({ kind: "delivered", link: to, tag });
  expect(bridge.broadcaster.herald.early).toBeLessThanOrEqual(4096);
}, 60_000);

test("1,000 processes on 1,000 connections of one socket: entrypoints, events stored, a watch told to all", async (t) => {
  longTest(t);
  await using cleanUp = new CleanUp();
  const folder = await mkdtemp(join(tmpdir(), "hax-load-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const address = { kind: "unix", path: join(folder, "link.sock") } as const;
  const link = unwrap(await openLinkServer({ clock: systemClock, random: systemRandom, addresses: [address] }));
  cleanUp.use(link);
  const consul = cluster(new MemoryConsul(systemClock));
  const bridge = new Bridge({
    ...{ clock: systemClock, random: systemRandom, crashPoint: noCrash, link, consul, node: "b1", profile: "default" },
    ...{
      notPassing: "graded",
      expand: "services",
      stobIoq: "ignore",
      services: [],
      viewMax: seconds(60),
      onEvent: () => {},
    },
  });
  await bridge.start();
  const all = Array.from({ length: 1000 }, (_, i) =>
    cleanUp.use(
      new M0d({
        address,
        who: {
          ...{ process: r(1000 + i), endpoint: `inet:tcp:127.0.0.1@${i}`, type: "M0D", gitRev: "x" },
          ...{ pid: 1n, linkId: (5n << 64n) + BigInt(i) },
        },
        ...{ manners: GOOD_MANNERS, clock: systemClock, random: systemRandom, observer: () => {} },
      }),
    ),
  );
  await Promise.all(all.map((m0d) => m0d.until(({ working }) => working)));
  for (const m0d of all) for (const event of ["STARTING", "STARTED"] as const) m0d.motr.event(event);
  await Promise.all(all.map((m0d) => m0d.until(({ backlog }) => backlog === 0)));
  for (let i = 0; i < 1000; i++) expect(consul.read(`processes/${formatFid(r(1000 + i))}`)).toContain("_STARTED");
  const ids = bridge.broadcaster.send([{ fid: r(16), state: "FAILED" }], "watch");
  expect(ids).toHaveLength(1000);
  expect(await bridge.broadcaster.fates(ids, "all", seconds(60))).toMatchObject({ delivered: 1000 });
  await bridge.stop();
}, 240_000);

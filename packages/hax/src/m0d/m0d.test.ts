import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CleanUp, err, systemClock, systemRandom, unwrap } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NULL_FID, typedFid } from "../fid.js";
import { EAGAIN, type LinkEvent, type LinkId } from "../link/ha-link.js";
import { type LinkServer, openLinkServer } from "../link/server.js";
import type { HaData, Nvec } from "../motr/message.js";
import { M0d } from "./m0d.js";
import { GOOD_MANNERS, type M0dEvent, type M0dManners } from "./peer-ports.js";

const IOS = typedFid("r", 1n, 0x10n);
const IOS_TEXT = "0x7200000000000001:0x10";
const RM = typedFid("s", 1n, 0xan);
const head = { fid: NULL_FID, sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n };
const PROGRAM = join(import.meta.dirname, "../../../../tandem");

/** A hax that answers everything at once, and remembers. */
class Answering {
  readonly said: string[] = [];
  readonly events: LinkEvent[] = [];
  queries = 0;
  answer = true;
  spoil: (nvec: Nvec) => Nvec = (nvec) => nvec;
  #wake: (() => void)[] = [];

  constructor(readonly server: LinkServer) {
    server.onEvent((event) => {
      this.events.push(event);
      this.#react(event);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #react(event: LinkEvent): void {
    if (event.kind === "entrypoint") {
      const again = this.queries > 0;
      this.queries -= again ? 1 : 0;
      const { requestId } = event.request;
      const confds = [{ fid: typedFid("r", 1n, 9n), endpoint: "inet:tcp:10.9.8.11@21002" }];
      const full = { rc: 0, confds, quorum: 1, rmFid: RM, rmEndpoint: "inet:tcp:10.9.8.11@21002" };
      const none = { rc: EAGAIN, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null };
      unwrap(this.server.replyEntrypoint(requestId, again ? none : full));
    }
    if (event.kind === "linkDisconnecting") this.server.disconnect(event.link, "agreed");
    if (event.kind !== "message") return;
    const { data } = event.message;
    if (data.type === "EVENT_PROCESS") this.said.push(data.event);
    if (data.type === "NVEC" && data.direction === "GET") this.#tell(event.link, data);
    if (this.answer) this.server.delivered(event.link, event.tag);
  }

  #tell(link: LinkId, asked: Nvec): void {
    const notes = asked.notes.map(({ fid }) => ({ fid, state: "ONLINE" as const }));
    const answer: Nvec = { ...asked, direction: "SET", ignoreSameState: true, notes };
    unwrap(this.server.send(link, { ...head, data: this.spoil(answer) }));
  }
}

let cleanUp: CleanUp;
let path: string;
beforeEach(async () => {
  cleanUp = new CleanUp();
  const folder = await mkdtemp(join(tmpdir(), "tandem-m0d-"));
  cleanUp.defer(() => rm(folder, { recursive: true }));
  path = join(folder, "link.sock");
});
afterEach(() => cleanUp[Symbol.asyncDispose]());

const open = async (): Promise<Answering> =>
  new Answering(
    unwrap(await openLinkServer({ clock: systemClock, random: systemRandom, addresses: [{ kind: "unix", path }] })),
  );

async function hax(): Promise<Answering> {
  const answering = await open();
  cleanUp.use(answering.server);
  return answering;
}

function start(manners: Partial<M0dManners> = {}, key = 0x10n): { m0d: M0d; events: M0dEvent[] } {
  const events: M0dEvent[] = [];
  const m0d = new M0d({
    address: { kind: "unix", path },
    who: {
      ...{ process: typedFid("r", 1n, key), endpoint: `inet:tcp:127.0.0.1@${key}`, type: "M0D", gitRev: "x" },
      ...{ pid: 1n, linkId: (5n << 64n) + key },
    },
    manners: { ...GOOD_MANNERS, ...manners },
    ...{ clock: systemClock, random: systemRandom, observer: (event) => events.push(event) },
  });
  cleanUp.use(m0d);
  return { m0d, events };
}

/** `tandem hax m0d` with lines of JSON. */
class Program {
  readonly lines: { readonly kind: string; readonly [field: string]: unknown }[] = [];
  readonly gone: Promise<number | null>;
  stderr = "";
  readonly child: ChildProcess;
  #wake: (() => void)[] = [];

  constructor(...args: readonly string[]) {
    this.child = spawn(PROGRAM, ["hax", "m0d", "--hax", `unix:${path}`, "--fid", IOS_TEXT, "--json", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    cleanUp.defer(async () => {
      this.child.kill("SIGKILL");
      await this.gone;
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.stderr += text.toString();
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.gone = new Promise((resolve) => this.child.once("close", (code) => resolve(code)));
  }

  async until(kind: string): Promise<void> {
    while (!this.lines.some((line) => line.kind === kind))
      await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}

test("QUERY makes the process ask again, with a link and first_request false", async () => {
  const bridge = await hax();
  bridge.queries = 2;
  const { m0d } = start();
  await m0d.until(({ working }) => working);
  await bridge.until(() => bridge.events.filter(({ kind }) => kind === "linkReused").length === 2);
  const firsts = bridge.events.flatMap((event) => (event.kind === "entrypoint" ? [event.request.firstRequest] : []));
  expect(firsts).toEqual([true, false, false]);
});

test("states that are asked for come back under their id", async () => {
  await hax();
  const { m0d, events } = start();
  await m0d.until(({ working }) => working);
  m0d.motr.get([IOS, RM]);
  expect(m0d.motr.questions.open).toEqual([100n]);
  await m0d.until(({ questions }) => questions.open.length === 0);
  expect(events).toContainEqual({ kind: "getAnswered", idOfGet: 100n });
});

const SPOILT: readonly (readonly [string, (nvec: Nvec) => Nvec, string])[] = [
  ["another id", (nvec) => ({ ...nvec, idOfGet: 99n }), "answer to GET 99, which does not wait"],
  ["a note too few", (nvec) => ({ ...nvec, notes: nvec.notes.slice(1) }), "1 notes answer 2 questions"],
  ["another order", (nvec) => ({ ...nvec, notes: [...nvec.notes].reverse() }), "note 0 is of"],
];
test.each(SPOILT)("an answer with %s is what Motr aborts at", async (_, spoil, why) => {
  const bridge = await hax();
  bridge.spoil = spoil;
  const { m0d } = start();
  await m0d.until(({ working }) => working);
  m0d.motr.get([IOS, RM]);
  await m0d.until(({ panicked }) => panicked !== undefined);
  expect(m0d.motr.panicked).toContain(why);
});

test("a failure vector carries back the cookie of its question", async () => {
  const bridge = await hax();
  const { m0d } = start();
  await m0d.until(({ working }) => working);
  await bridge.until(() => bridge.server.links().length === 1);
  const pool = typedFid("o", 2n, 9n);
  const asked = m0d.motr.questions.failureVector(pool);
  const [link] = bridge.server.links();
  const answer = (data: HaData): void => {
    if (link !== undefined) unwrap(bridge.server.send(link.id, { ...head, data }));
  };
  if (asked.type === "FAILURE_VEC_REQ")
    for (let i = 0; i < 2; i += 1) answer({ ...asked, type: "FAILURE_VEC_REP", notes: [] });
  await m0d.until(({ panicked }) => panicked !== undefined);
  expect(m0d.motr.panicked).toContain("which nobody gave out");
});

test("a cut connection loses nothing and doubles nothing", async () => {
  const bridge = await hax();
  const { m0d } = start();
  await m0d.until(({ working }) => working);
  for (let i = 0; i < 40; i += 1) {
    m0d.motr.event(i % 2 === 0 ? "STARTING" : "STARTED");
    if (i % 10 === 5) {
      m0d.cut();
      await m0d.until(({ backlog, linked }) => backlog === 0 && linked);
    }
  }
  await m0d.until(({ backlog }) => backlog === 0);
  expect(bridge.said).toEqual(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? "STARTING" : "STARTED")));
});

test("a question that one hax answered and did not acknowledge is asked again; its second answer is taken for itself", async () => {
  const first = await open();
  first.answer = false;
  const { m0d, events } = start();
  await m0d.until(({ working }) => working);
  m0d.motr.event("STARTING");
  m0d.motr.get([IOS]);
  await m0d.until(({ questions }) => questions.open.length === 0);
  await first.server[Symbol.asyncDispose]();
  const second = await hax();
  await m0d.until(({ backlog }) => backlog === 0);
  expect(second.events.filter(({ kind }) => kind === "message")).toHaveLength(2);
  expect(events.filter(({ kind }) => kind === "getAnswered" || kind === "panic")).toHaveLength(1);
});

test("messages out of order arrive in order", async () => {
  const bridge = await hax();
  bridge.answer = true;
  const { m0d } = start({ outOfOrder: true });
  await m0d.until(({ working }) => working);
  m0d.cut();
  for (const event of ["STARTING", "STARTED", "STOPPING", "STOPPED"] as const) m0d.motr.event(event);
  await bridge.until(() => bridge.said.length === 4);
  expect(bridge.said).toEqual(["STARTING", "STARTED", "STOPPING", "STOPPED"]);
});

test("what a hax did not acknowledge is told to the next one", async () => {
  const first = await open();
  first.answer = false;
  const { m0d, events } = start();
  await m0d.until(({ working }) => working);
  m0d.motr.event("STARTING");
  m0d.motr.event("STARTED");
  await first.until(() => first.said.length === 2);
  await first.server[Symbol.asyncDispose]();
  const second = await hax();
  await m0d.until(({ backlog }) => backlog === 0);
  expect(second.said).toEqual(["STARTING", "STARTED"]);
  expect(events.some((event) => event.kind === "connected" && event.another)).toBe(true);
}, 20_000);

test("a process as a command: its events in their order, its questions answered, exit 0", async () => {
  const bridge = await hax();
  const program = new Program("--get", `${IOS_TEXT},0x7300000000000001:0xa`);
  await program.until("getAnswered");
  program.child.kill("SIGTERM");
  expect(await program.gone).toBe(0);
  expect(bridge.said).toEqual(["STARTING", "STARTED", "STOPPING", "STOPPED"]);
  expect(program.lines.find(({ kind }) => kind === "entrypointAnswered")).toMatchObject({
    ...{ schema: "tandem.hax-m0d.v1", process: IOS_TEXT, control: "CONSUME", quorum: 1 },
    rmFid: "0x7300000000000001:0xa",
  });
}, 60_000);

test("a command whose hax breaks a rule says which, and exits with 1", async () => {
  const bridge = await hax();
  bridge.spoil = (nvec) => ({ ...nvec, idOfGet: 7n });
  const program = new Program("--get", IOS_TEXT);
  expect(await program.gone).toBe(1);
  expect(program.stderr).toContain("Motr would abort: answer to GET 7, which does not wait for one");
}, 60_000);

test("a process that is killed, at a step or from outside, leaves hax as it was; its next life has a new link", async () => {
  const bridge = await hax();
  const killed = new Program("--crash-at", "started");
  await killed.gone;
  expect(killed.child.signalCode).toBe("SIGKILL");
  const second = new Program();
  await bridge.until(() => bridge.said.filter((event) => event === "STARTED").length >= 1 && bridge.said.length >= 3);
  second.child.kill("SIGKILL");
  await second.gone;
  const ends = bridge.events.flatMap((event) => (event.kind === "linkDisconnected" ? [event.reason] : []));
  expect(ends).toEqual(["its process began anew"]);
  expect(bridge.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
}, 60_000);

test("1000 processes link, start and stop over 1000 connections", async (t) => {
  longTest(t);
  const bridge = await hax();
  const all = Array.from({ length: 1000 }, (_, i) => start({}, BigInt(i + 1)).m0d);
  await Promise.all(all.map((m0d) => m0d.until(({ working }) => working)));
  await bridge.until(() => bridge.server.links().length === 1000);
  for (const m0d of all) for (const event of ["STARTING", "STARTED"] as const) m0d.motr.event(event);
  await Promise.all(all.map((m0d) => m0d.until(({ backlog }) => backlog === 0)));
  expect(bridge.said).toHaveLength(2000);
  const data: HaData = {
    ...{ type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true },
    notes: [{ fid: IOS, state: "ONLINE" }],
  };
  const message = { ...head, data };
  for (const { id } of bridge.server.links()) unwrap(bridge.server.send(id, message));
  await bridge.until(() => bridge.events.filter(({ kind }) => kind === "delivered").length === 1000);
}, 240_000);

test("a second hax at the same socket is refused, and says where", async () => {
  await hax();
  const second = await openLinkServer({
    clock: systemClock,
    random: systemRandom,
    addresses: [{ kind: "unix", path }],
  });
  expect(second).toEqual(err(`unix:${path}: another hax listens there`));
});

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CleanUp, systemClock, systemRandom, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NULL_FID, typedFid } from "../fid.js";
import { encodeHaMessage } from "../motr/codec.js";
import type { HaData, HaMessage, NoteState } from "../motr/message.js";
import type { LinkEvent } from "./ha-link.js";
import { type LinkServer, openLinkServer } from "./server.js";

const SHIM = join(import.meta.dirname, "../../shim");
const HAS_COMPILER = ["gcc", "make"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
const IOS = typedFid("r", 1n, 0x10n);
const head = { fid: NULL_FID, sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n };

let cleanUp: CleanUp;
let folder: string;
beforeEach(() => {
  cleanUp = new CleanUp();
  folder = mkdtempSync(join(tmpdir(), "tandem-shim-"));
  cleanUp.defer(() => rmSync(folder, { recursive: true }));
});
afterEach(() => cleanUp[Symbol.asyncDispose]());

/** Things that come, and waiting for them. */
class Seen<T> {
  readonly all: T[] = [];
  #wake: (() => void)[] = [];

  add(item: T): void {
    this.all.push(item);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async until(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.all.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

async function hax(): Promise<{ readonly server: LinkServer; readonly events: Seen<LinkEvent> }> {
  const address = { kind: "unix", path: join(folder, "link.sock") } as const;
  const server = unwrap(await openLinkServer({ clock: systemClock, random: systemRandom, addresses: [address] }));
  const events = new Seen<LinkEvent>();
  server.onEvent((event) => events.add(event));
  return { server, events };
}

/** haxlink over the stand-in for libmotr: lines in, lines out. */
function haxlink(): { readonly lines: Seen<string>; readonly child: ChildProcess; tell(line: string): void } {
  execFileSync("make", ["-s", "-C", SHIM, "stub", "CC=gcc", `BUILD=${folder}`]);
  const child = spawn(join(folder, "haxlink-stub"), [
    ...[join(folder, "link.sock"), "inet:tcp:127.0.0.1@22001"],
    ...["0x7200000000000001:0x6", "0x7300000000000001:0x7", "0x7300000000000001:0xa"],
  ]);
  const gone = new Promise((resolve) => child.once("close", resolve));
  cleanUp.defer(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  const lines = new Seen<string>();
  createInterface({ input: child.stdout }).on("line", (line) => lines.add(line));
  return { lines, child, tell: (line) => child.stdin.write(`${line}\n`) };
}

const event = (name: "STARTING" | "STARTED", tag: bigint): string => {
  const data: HaData = { type: "EVENT_PROCESS", event: name, processType: "M0D", pid: 4242n };
  const message: HaMessage = { ...head, fid: IOS, tag, data };
  return `msg ${Buffer.from(encodeHaMessage(message)).toString("hex")}`;
};

const vector = (direction: "SET" | "GET", state: NoteState): HaData => ({
  ...{ type: "NVEC", direction, idOfGet: 100n, ignoreSameState: direction === "SET", notes: [{ fid: IOS, state }] },
});

test("haxlink carries entrypoint, messages and their answers, and tells a new hax what the old one did not acknowledge", async (t) => {
  needs(t, HAS_COMPILER, "gcc or make is not there");
  const first = await hax();
  const shim = haxlink();
  shim.tell("entrypoint");
  const asked = await first.events.until(({ kind }) => kind === "entrypoint");
  if (asked.kind !== "entrypoint") return;
  expect(asked.request).toMatchObject({ process: IOS, gitRev: "stub", pid: 4242n, firstRequest: true });
  const endpoint = "inet:tcp:10.9.8.11@21002";
  const confds = [{ fid: typedFid("r", 1n, 9n), endpoint }];
  const reply = { rc: 0, confds, quorum: 1, rmFid: typedFid("s", 1n, 10n), rmEndpoint: endpoint };
  unwrap(first.server.replyEntrypoint(asked.request.requestId, reply));
  await shim.lines.until((line) => line === `reply 1 rc=0 confds=1 first=${endpoint} quorum=1 rm=a at ${endpoint}`);
  const connected = await first.events.until(({ kind }) => kind === "linkConnected");
  if (connected.kind !== "linkConnected") return;
  const { id } = connected.link;

  const notes = [{ fid: IOS, state: "ONLINE" as const }];
  const data: HaData = { type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true, notes };
  for (const tag of [1n, 3n]) expect(unwrap(first.server.send(id, { ...head, data }))).toBe(tag);
  await shim.lines.until((line) => line === "sent 3 of 20592 bytes");
  for (const tag of [1n, 3n]) await first.events.until((each) => each.kind === "delivered" && each.tag === tag);

  shim.tell(event("STARTING", 2n));
  await first.events.until((each) => each.kind === "message" && each.tag === 2n);
  first.server.delivered(id, 2n);
  await shim.lines.until((line) => line === "delivered 2");
  const question: HaMessage = { ...head, tag: 4n, data: vector("GET", "UNKNOWN") };
  shim.tell(`msg ${Buffer.from(encodeHaMessage(question)).toString("hex")}`);
  await first.events.until((each) => each.kind === "message" && each.tag === 4n);
  expect(unwrap(first.server.send(id, { ...head, data: vector("SET", "ONLINE") }))).toBe(5n);
  await first.events.until((each) => each.kind === "delivered" && each.tag === 5n);
  shim.tell(event("STARTED", 6n));
  await first.events.until((each) => each.kind === "message" && each.tag === 6n);

  await first.server[Symbol.asyncDispose]();
  const second = await hax();
  cleanUp.use(second.server);
  const reused = await second.events.until(({ kind }) => kind === "linkReused");
  expect(reused).toMatchObject({ requestId: undefined, link: { id, process: IOS } });
  const again = await second.events.until((each) => each.kind === "message" && each.tag === 6n);
  expect(again).toMatchObject({ message: { data: { event: "STARTED" } } });
  // The question comes again too, and its second answer stays with haxlink: Motr aborts at one that it does not wait for.
  expect(second.events.all.some((each) => each.kind === "message" && each.tag === 4n)).toBe(true);
  expect(unwrap(second.server.send(id, { ...head, data: vector("SET", "ONLINE") }))).toBe(7n);
  await second.events.until((each) => each.kind === "delivered" && each.tag === 7n);
  for (const tag of [4n, 6n]) second.server.delivered(id, tag);
  await shim.lines.until((line) => line === "delivered 6");
  expect(unwrap(second.server.send(id, { ...head, data }))).toBe(9n);
  await second.events.until((each) => each.kind === "delivered" && each.tag === 9n);
  // Motr counts what it was sent: 1, 3, the answer 5, and this one.
  expect(shim.lines.all.filter((line) => line.startsWith("sent ")).map((line) => line.split(" ")[1])).toEqual([
    ...["1", "3", "5", "7"],
  ]);

  shim.tell("disconnecting");
  await second.events.until(({ kind }) => kind === "linkDisconnecting");
  second.server.disconnect(id, "agreed");
  await shim.lines.until((line) => line === "disconnect");
  shim.tell("disconnected");
  await second.events.until(({ kind }) => kind === "linkDisconnected");
  expect([...first.events.all, ...second.events.all].filter(({ kind }) => kind === "trouble")).toEqual([]);
}, 60_000);

test("haxlink without libmotr says what it needs", (t) => {
  needs(t, HAS_COMPILER, "gcc or make is not there");
  const made = spawnSync("make", ["-C", SHIM, `BUILD=${folder}`, "PKG=no-such-motr"], { encoding: "utf8" });
  expect(made.status).not.toBe(0);
  expect(made.stderr).toContain(
    "haxlink needs libmotr: pkg-config finds no no-such-motr (make stub builds without it)",
  );
});

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { needs } from "@tandem/base/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "./testing/tandem-command.js";

const missing = missingForProcesses();
/** The lab's temporary folders are below this one, so that they are seen to go. */
let temporary: string;
let labs: LabRun[];

beforeEach(async (context) => {
  needs(context, missing === "", missing);
  temporary = await mkdtemp(join(tmpdir(), "tandem-end-"));
  labs = [];
});

afterEach(async () => {
  for (const lab of labs ?? []) lab.killAll();
  if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
});

/** `tandem lab --json …` in a process group of its own. */
class LabRun {
  readonly child: ChildProcess;
  readonly events: Record<string, unknown>[] = [];
  readonly complaints: string[] = [];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #pids = new Set<number>();
  #heard: () => void = () => {};

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [command, ...words] = TANDEM;
    this.child = spawn(command, [...words, "lab", "--json", ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: temporary, TANDEM_REDIS_SERVER: REDIS_SERVER, ...env },
    });
    this.ended = new Promise((resolve) => this.child.once("close", (code, signal) => resolve({ code, signal })));
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error("no pipes");
    createInterface(stdout).on("line", (line) => {
      this.events.push(JSON.parse(line));
      this.#heard();
    });
    createInterface(stderr).on("line", (line) => this.complaints.push(line));
    labs.push(this);
  }

  /** Resolves once an event is told for which `match` holds; rejects when the lab ends first. */
  async until(match: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.events.find(match);
      if (found !== undefined) {
        this.children();
        return found;
      }
      const heard = new Promise<"heard">((resolve) => {
        this.#heard = () => resolve("heard");
      });
      const next = await Promise.race([heard, this.ended]);
      if (next !== "heard") throw new Error(`the lab ended: ${JSON.stringify(next)} ${this.complaints.join("\n")}`);
    }
  }

  /** Processes that the lab has started so far and that have not ended; those seen once are remembered. */
  children(): readonly number[] {
    for (const entry of readdirSync("/proc")) {
      if (/^\d+$/.test(entry) && parentOf(entry) === this.child.pid) this.#pids.add(Number(entry));
    }
    return [...this.#pids].filter((pid) => isRunning(pid));
  }

  get started(): number {
    return this.#pids.size;
  }

  killAll(): void {
    for (const pid of [...this.children(), this.child.pid ?? 0]) {
      try {
        if (pid > 0) process.kill(pid, "SIGKILL");
      } catch {
        // it has ended
      }
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0] !== "Z";
  } catch {
    return false; // it has ended, and somebody knows
  }
}

function parentOf(pid: string): number | undefined {
  try {
    // pid (name) state ppid …; a name may hold blanks
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** Listening TCP sockets on loopback networks of labs. */
function listeners(npu: string): readonly string[] {
  const [a, b] = npu.split(".").map(Number);
  const network = `${hex(b)}${hex(a)}`; // the kernel prints addresses in the machine's byte order
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === "0A" && local?.slice(4, 8) === network)
    .map(([, local]) => local as string);
}

function hex(octet: number | undefined): string {
  return (octet ?? 0).toString(16).padStart(2, "0").toUpperCase();
}

/** Nothing of the lab is left. */
function expectGone(lab: LabRun): void {
  expect(lab.started).toBeGreaterThan(0);
  expect(lab.children()).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} while the cluster starts leaves nothing behind; exit code 1`, { timeout: 240_000 }, async () => {
    const lab = new LabRun(["--once"]);
    await lab.until(({ event }) => event === "starting");
    await untilTrue("a process is started", () => lab.children().length > 0);
    lab.child.kill(signal);
    expect(await lab.ended).toEqual({ code: 1, signal: null });
    expectGone(lab);
    expect(lab.complaints).toEqual(["tandem lab: ended before the story was over; nothing is left running"]);
  });

  test(`${signal} in the middle of the story leaves nothing behind; exit code 1`, { timeout: 240_000 }, async () => {
    const lab = new LabRun(["--once"]);
    await lab.until(({ event, command }) => event === "command" && String(command).startsWith("await"));
    lab.child.kill(signal);
    expect(await lab.ended).toEqual({ code: 1, signal: null });
    expectGone(lab);
    expect(lab.complaints).toEqual([
      expect.stringMatching(/^tandem lab: ended while it waited: await .*$/),
      "tandem lab: ended before the story was over; nothing is left running",
    ]);
  });
}

test("Ctrl-C while the cluster stays up ends it: exit code 0, no process, no folder, no socket", {
  timeout: 240_000,
}, async () => {
  const lab = new LabRun(["--scenario", "2-planned-shutdown-of-standby"]);
  const { switches } = (await lab.until(({ event }) => event === "addresses")) as {
    switches: { redis: string }[];
  };
  const npu = switches[0]?.redis.split(":")[0] as string;
  expect(listeners(npu).length).toBeGreaterThan(4);
  // As a terminal does: to every process of the foreground group.
  process.kill(-(lab.child.pid as number), "SIGINT");
  expect(await lab.ended).toEqual({ code: 0, signal: null });
  expectGone(lab);
  expect(listeners(npu)).toEqual([]);
  expect(lab.complaints).toEqual([]);
});

test("a second Ctrl-C ends the lab at once, and still leaves nothing behind", { timeout: 240_000 }, async () => {
  const lab = new LabRun(["--once"]);
  await lab.until(({ event, command }) => event === "command" && String(command).startsWith("await"));
  lab.child.kill("SIGINT");
  lab.child.kill("SIGTERM"); // two of one kind at once would be delivered as one
  const { code } = await lab.ended;
  expect([130, 143]).toContain(code);
  await untilTrue("the killed children are reaped", () => lab.children().length === 0);
  expectGone(lab);
});

test("two labs at once on one machine are on different networks and both tell their story", {
  timeout: 240_000,
}, async () => {
  const pair = [new LabRun(["--scenario", "6-pinned-probes"]), new LabRun(["--scenario", "6-pinned-probes"])];
  const redis: string[] = [];
  for (const lab of pair) {
    const { switches } = (await lab.until(({ event }) => event === "addresses")) as { switches: { redis: string }[] };
    redis.push(...switches.map((sw) => sw.redis));
    lab.child.kill("SIGINT");
  }
  expect(new Set(redis).size).toBe(4);
  for (const lab of pair) expect(await lab.ended).toEqual({ code: 0, signal: null });
  for (const lab of pair) {
    expect(lab.complaints).toEqual([]);
    expectGone(lab);
  }
});

test("a redis-server that is not there is one clear error, and nothing is left", { timeout: 240_000 }, async () => {
  const lab = new LabRun(["--once"], { TANDEM_REDIS_SERVER: "/nonexistent/redis-server" });
  expect((await lab.ended).code).toBe(1);
  expect(lab.complaints).toEqual([
    "tandem lab: /nonexistent/redis-server: no such program; install redis-server, or set TANDEM_REDIS_SERVER to where it is",
  ]);
  expect(readdirSync(temporary)).toEqual([]);
});

/** For what tells nobody: looked at again and again. */
async function untilTrue(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 12_000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what}: not within a minute`);
}

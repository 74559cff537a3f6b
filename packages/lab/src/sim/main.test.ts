import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { longTest, needs } from "@tandem/base/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { missingForProcesses, TANDEM } from "../testing/tandem-command.js";
import { simMain } from "./main.js";
import { formatReplay } from "./replay-file.js";
import { runSeed } from "./run-seed.js";

const TIMEOUT = { timeout: 120_000 };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-sim-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  const out: string[] = [];
  const complaints: string[] = [];
  const io = { out: (line: string) => out.push(line), complain: (line: string) => complaints.push(line) };
  const code = await simMain(argv, { io, signal: new AbortController().signal, inProcess: true });
  return { code, out: out.join("\n"), complaints: complaints.join("\n") };
}

test("wrong usage is one line and exit code 2", async () => {
  expect(await run("--seed", "many")).toEqual({
    code: 2,
    out: "",
    complaints: "tandem sim: --seed many: expected a number from 0 to 4294967295; try --help",
  });
  expect((await run("--replay", "a", "--count", "2")).code).toBe(2);
  expect((await run("--replay", join(folder, "none"))).complaints).toContain("ENOENT");
  expect((await run("--help")).out).toContain("Usage: tandem sim");
});

test("a file that nothing here replays is refused by its schema", async () => {
  const path = join(folder, "other.jsonl");
  writeFileSync(path, '{"schema":"tandem.nothing.v1"}\n');
  const { code, complaints } = await run("--replay", path);
  expect(code).toBe(2);
  expect(complaints).toContain("tandem.nothing.v1 is nothing that can be replayed; known are tandem.sim-plan.v1");
});

test("a summary counts seeds and says how fast they were", TIMEOUT, async () => {
  const { code, out } = await run("--seed", "3", "--minutes", "2", "--json");
  const summary = JSON.parse(out) as Record<string, unknown>;
  expect(code).toBe(0);
  expect(summary).toMatchObject({ schema: "tandem.sim.v1", seeds: 1, failed: [] });
  expect(summary["virtual_ms"]).toBeGreaterThan(120_000);
});

test("the folder for replay files is made, or the reason told before any seed runs", TIMEOUT, async () => {
  const made = join(folder, "not", "there");
  expect((await run("--seed", "3", "--minutes", "1", "--folder", made)).code).toBe(0);
  expect(existsSync(made)).toBe(true);
  const file = join(folder, "file");
  writeFileSync(file, "");
  const inFile = join(file, "inside");
  const { code, out, complaints } = await run("--count", "100000", "--folder", inFile);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(complaints).toBe(`tandem sim: --folder ${inFile}: ENOTDIR: not a directory, mkdir '${inFile}'`);
});

test("a replay file gives the same run again; another digest is complained about", TIMEOUT, async () => {
  const path = join(folder, "replay.txt");
  const outcome = await runSeed({ seed: 5, minutes: 2 });
  writeFileSync(path, formatReplay(outcome));
  const again = await run("--replay", path, "--json");
  expect(JSON.parse(again.out)).toMatchObject({ digest: outcome.digest, story: outcome.story });
  expect(again.complaints).toBe("");
  const digest = outcome.digest.replace(/^./, (first) => (first === "0" ? "1" : "0"));
  writeFileSync(path, formatReplay({ ...outcome, digest }));
  expect((await run("--replay", path)).complaints).toContain("not the run that the file was written from");
});

test("the same seed gives the same lines in every process", TIMEOUT, async (t) => {
  needs(t, missingForProcesses() === "", missingForProcesses());
  const [node, ...args] = TANDEM;
  const trace = (): string =>
    spawnSync(node, [...args, "sim", "--seed", "42", "--minutes", "3", "--trace"], { encoding: "utf8" }).stdout;
  const first = trace();
  expect(first.split("\n").length).toBeGreaterThan(100);
  expect(trace()).toBe(first);
  const here = await run("--seed", "42", "--minutes", "3", "--trace");
  expect(`${here.out}\n`).toBe(first);
});

test("Ctrl-C ends a series at once, with what was run so far", TIMEOUT, async (t) => {
  longTest(t);
  needs(t, missingForProcesses() === "", missingForProcesses());
  const [node, ...args] = TANDEM;
  const child = spawn(node, [
    ...args,
    "sim",
    "--count",
    "100000",
    "--minutes",
    "1",
    "--workers",
    "1",
    "--folder",
    folder,
  ]);
  const printed = text(child.stdout);
  child.stderr.once("data", () => child.kill("SIGINT"));
  const [code] = await once(child, "exit");
  expect(code).toBe(1);
  expect(await printed).toMatch(/^\d+ of \d+ seeds? clean\n/);
});

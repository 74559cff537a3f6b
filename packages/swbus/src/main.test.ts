import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { swbusdMain } from "./main.js";

let folder: string;
let complaints: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-swbusd-"));
  complaints = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complaints.push(String(text));
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<number> => swbusdMain(argv, { TANDEM_LOG: "stderr" });

const usage = [
  { argv: [], says: "neither --slot-id nor --config" },
  { argv: ["--slot-id", "x"], says: "--slot-id x" },
  { argv: ["--slot-id", "0,"], says: "--slot-id 0,:" },
  { argv: ["--slot-id", "1,1"], says: "slot 1 is named twice" },
  { argv: ["-c", "f", "--metrics-port", "99999"], says: "--metrics-port 99999" },
  { argv: ["--nope"], says: "--nope" },
  { argv: ["extra"], says: "extra" },
];
for (const { argv, says } of usage)
  test(`"swbusd ${argv.join(" ")}" is wrong usage: one line, exit code 2`, async () => {
    expect(await run(...argv)).toBe(2);
    expect(complaints).toEqual([expect.stringContaining(says)]);
  });

test("a file that is not there, or not a configuration, is one line and exit code 1", async () => {
  const path = join(folder, "swbusd.yaml");
  expect(await run("-c", path)).toBe(1);
  await writeFile(path, "endpoint: [");
  expect(await run("-c", path)).toBe(1);
  expect(await run("-s", "0", "--db-config", join(folder, "db.json"))).toBe(1);
  expect(complaints).toEqual([
    expect.stringContaining(`${path}: no such file`),
    expect.stringContaining(`${path}:1:`),
    expect.stringContaining("db.json: no such file"),
  ]);
});

test("--help prints the flags", async () => {
  const printed: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  expect(await run("--help")).toBe(0);
  expect(printed.join("")).toContain("--slot-id");
});

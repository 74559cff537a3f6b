import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseFlags } from "./lab-flags.js";
import { labMain } from "./main.js";
import { checkStory, parseStory } from "./story/load-story.js";
import { planTopology } from "./topology.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-flags-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the lab with flags that end it before anything starts. */
async function lab(...argv: string[]): Promise<{ code: number; out: string[]; complaints: string[] }> {
  const out: string[] = [];
  const complaints: string[] = [];
  const io = { out: (line: string) => out.push(line), complain: (line: string) => complaints.push(line) };
  const code = await labMain(argv, { env: {}, tandem: ["false"], io, signal: new AbortController().signal });
  return { code, out, complaints };
}

const wrong: readonly { readonly argv: readonly string[]; readonly says: string }[] = [
  { argv: ["--switches", "0"], says: "--switches 0: expected a number from 1 to 8" },
  { argv: ["--switches", "9"], says: "--switches 9: expected a number from 1 to 8" },
  { argv: ["--dpus", "9"], says: "--dpus 9: expected a number from 1 to 8" },
  { argv: ["--dpus", "two"], says: "--dpus two: expected a number from 1 to 8" },
  { argv: ["--isolation", "vm"], says: "--isolation vm: expected process or switch" },
  {
    argv: ["--isolation", "process", "--switches", "8", "--dpus", "8"],
    says: "--isolation process: 64 DPUs, expected at most 16",
  },
  { argv: ["--scenario", "nope"], says: "--scenario nope: no such story or file; stories are default, 1-clean-launch" },
  { argv: ["--scenario", tmpdir()], says: `--scenario ${tmpdir()}: EISDIR` },
  {
    argv: ["--switches", "1"],
    says: "the cluster does not fit story default, which was recorded with --switches 2 --dpus 1: /",
  },
  { argv: ["--fault", "explode sw0"], says: '--fault "explode sw0": explode: no such command; there are approve,' },
  { argv: ["--fault", "power sw0_dpu0 maybe"], says: "maybe: expected off or on; usage: power DPU off" },
  { argv: ["--fault", "power sw7_dpu0 off"], says: "sw7_dpu0: expected a DPU or vDPU, e.g. sw0_dpu0" },
  { argv: ["--fault", ""], says: '--fault "": expected one story command' },
  {
    argv: ["--scenario", "10-link-cut", "--dpus", "8", "--switches", "4"],
    says: "link sw0 sw1 cut: links can be cut with at most 16 DPUs, here are 32",
  },
  { argv: ["--nope"], says: "--nope" },
  { argv: ["extra"], says: "extra" },
];
for (const { argv, says } of wrong)
  test(`"lab ${argv.join(" ")}" is wrong usage: one line, exit code 2`, async () => {
    const { code, out, complaints } = await lab(...argv);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(complaints).toEqual([expect.stringContaining(says)]);
    expect(complaints[0]).not.toContain("\n");
  });

test("--list names every story with its title; --json makes it one object", async () => {
  const { out } = await lab("--list");
  expect(out[0]).toMatch(/^default +A pair of DPUs is launched/);
  expect(out.length).toBeGreaterThan(12);
  const [line = ""] = (await lab("--list", "--json")).out;
  const list = JSON.parse(line);
  expect(list.schema).toBe("tandem.lab-stories.v1");
  expect(list.stories).toHaveLength(out.length);
});

test("--help names every flag", async () => {
  const { code, out } = await lab("--help");
  expect(code).toBe(0);
  for (const flag of ["--switches", "--dpus", "--isolation", "--scenario", "--list", "--once", "--fault", "--json"])
    expect(out.join("\n")).toContain(flag);
});

test("a story's mistakes are named by file and line before anything starts", async () => {
  const path = join(folder, "mine.txt");
  await writeFile(path, "# Mine.\n\nlaunch\n\nawait sw0_dpu0=happy\n\npower\n");
  const { code, complaints } = await lab("--scenario", path, "--once");
  expect(code).toBe(2);
  expect(complaints).toEqual([expect.stringContaining(`${path}:5: happy: expected dead or connecting`)]);
  expect(complaints[0]).toContain("(and 1 more)");
  await writeFile(path, "# Nothing.\n");
  expect((await lab("--scenario", path)).complaints).toEqual([expect.stringContaining(`${path}: no command in it`)]);
});

test("size and isolation follow the story and the number of DPUs", () => {
  const read = (...argv: string[]) => {
    const flags = parseFlags(argv);
    if (!flags.ok || typeof flags.value === "string") throw new Error("no flags");
    const { switches, dpus, isolation, compares } = flags.value;
    return { switches, dpus, isolation, compares };
  };
  expect(read()).toEqual({ switches: 2, dpus: 1, isolation: "process", compares: true });
  expect(read("--scenario", "12-two-pairs")).toMatchObject({ dpus: 2, isolation: "process", compares: true });
  expect(read("--dpus", "4")).toMatchObject({ dpus: 4, isolation: "switch", compares: false });
  expect(read("--dpus", "4", "--isolation", "process")).toMatchObject({ isolation: "process" });
});

test("no story and no flag makes a reader throw", () => {
  const topology = planTopology({ switches: 2, dpusPerSwitch: 1 });
  const names = ["launch", "power", "await", "rows", "traffic", "approve", "pin", "kill", "cut", "reaches", "check"];
  const word = fc.oneof(
    fc.constantFrom(...names, "sw0", "sw0_dpu0", "vdpu0-0", "haset0-0", "on", "off", "up", "x=1", "sw0_dpu0=active"),
    fc.string(),
  );
  const line = fc.oneof(
    fc.array(word, { maxLength: 5 }).map((words) => words.join(" ")),
    fc.constantFrom("----", "", "# why", "# switches=2 dpus=1", "# switches=99999999999999999999 dpus=0"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      checkStory(parseStory("x", "x.txt", lines.join("\n")), topology);
    }),
  );
  const flag = fc.constantFrom("--switches", "--dpus", "--isolation", "--fault", "--json", "--once", "--x", "-h");
  fc.assert(
    fc.property(fc.array(fc.oneof(flag, word), { maxLength: 5 }), (argv) => {
      parseFlags(argv);
    }),
  );
});

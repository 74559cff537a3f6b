import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { needs } from "@tandem/base/testing";
import { beforeEach, expect, test } from "vitest";
import { loadStory, stageTitle } from "../story/load-story.js";
import { missingForProcesses, TANDEM } from "../testing/tandem-command.js";
import { TestTerminal } from "../testing/test-terminal.js";

const PROGRAM = fileURLToPath(new URL("../testdata/on_terminal.py", import.meta.url));
const SIZE = { rows: 24, columns: 90 };
const missing =
  missingForProcesses() || (spawnSync("python3", ["--version"]).status === 0 ? "" : "python3 cannot be run");

beforeEach((context) => needs(context, missing === "", missing));

/** Runs `tandem lab` on a terminal of its own; types Ctrl-C once `pattern` was shown. */
async function onTerminal(pattern: string, ...flags: readonly string[]) {
  const words = [PROGRAM, String(SIZE.rows), String(SIZE.columns), pattern, ...TANDEM, "lab", ...flags];
  const { NO_COLOR: _, ...env } = process.env;
  const child = spawn("python3", words, { env: { ...env, TERM: "xterm" }, stdio: ["ignore", "pipe", "inherit"] });
  let raw = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    raw += text;
  });
  const exitCode = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { raw, exitCode };
}

/** What the terminal holds in the end: its history, then its screen. */
function shown(raw: string) {
  const terminal = new TestTerminal(SIZE);
  terminal.write(raw);
  return { modes: terminal.modes, lines: [...terminal.history, ...terminal.screen()].filter((line) => line !== "") };
}

test("a lab on a terminal: a table in colours that redraws, and afterwards every event in the history, once and in order", {
  timeout: 180_000,
}, async () => {
  const { raw, exitCode } = await onTerminal("", "--once");
  const { modes, lines } = shown(raw);
  expect(exitCode).toBe(0);
  expect(modes).toEqual({ cursor: true, wrap: true });
  expect(raw).toContain("\u001b[32m");
  expect(raw).not.toContain("\u001b[?1049h");
  const titles = loadStory("default").steps.flatMap((step, i) => stageTitle(step, i === 0)?.slice(0, 40) ?? []);
  const stages = lines.filter((line) => /^\d\. /.test(line)).map((line) => line.slice(0, 40));
  expect(stages).toEqual(titles);
  expect(lines.filter((line) => line.includes(" standby -> standalone: peer lost"))).toHaveLength(1);
  expect(lines.filter((line) => /^receipt of default/.test(line))).toHaveLength(1);
  const at = lines.findIndex((line) => line.startsWith("default: told to its end"));
  expect(lines.slice(at + 1, at + 4)).toEqual([
    "DPU       Planes  Role     State    Peer              BFD  Pending  Lost/s",
    expect.stringMatching(/^sw0_dpu0 +\+{3} +active +standby +sw1_dpu0 active +[012]\/2 +- +\d+$/),
    expect.stringMatching(/^sw1_dpu0 +\+{3} +standby +active +sw0_dpu0 standby +[012]\/2 +- +\d+$/),
  ]);
  expect(lines.at(-1)).toMatch(/^─+$/);
});

test("Ctrl-C gives the terminal back, with what was told so far in its history", { timeout: 180_000 }, async () => {
  const { raw, exitCode } = await onTerminal("processes are ready");
  const { modes, lines } = shown(raw);
  expect(exitCode).toBe(1);
  expect(modes).toEqual({ cursor: true, wrap: true });
  expect(lines.filter((line) => line.includes("processes are ready"))).toHaveLength(1);
  expect(lines.at(-1)).toBe("tandem lab: ended before the story was over; nothing is left running");
});

test("--plain prints lines on a terminal, and draws nothing", { timeout: 180_000 }, async () => {
  const { raw } = await onTerminal("processes are ready", "--plain", "--scenario", "1-clean-launch");
  expect(raw).not.toContain("\u001b[H");
  expect(raw).not.toContain("\u001b[?25l");
  expect(raw).toContain("processes are ready");
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { longTest, needs } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { missingForProcesses, TANDEM } from "../testing/tandem-command.js";

/** Runs seeds with the built command, on every core; what it printed, an object a line. */
async function runSeeds(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tandem-seeds-"));
  try {
    const [node, ...command] = TANDEM;
    const child = spawn(node, [...command, "sim", "--json", "--folder", folder, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    const lines = printed
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { code: code as number, failures: lines.slice(0, -1), summary: lines.at(-1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("pairs are whole again after the faults of 200 seeds", { timeout: 900_000 }, async (t) => {
  needs(t, missingForProcesses() === "", missingForProcesses());
  const { code, failures, summary } = await runSeeds("--seed", "0", "--count", "200");
  expect(failures).toEqual([]);
  expect(summary).toMatchObject({ schema: "tandem.sim.v1", seeds: 200, failed: [] });
  expect(code).toBe(0);
});

test("pairs are whole again after the faults of 2000 seeds", { timeout: 3_600_000 }, async (t) => {
  longTest(t);
  const { failures } = await runSeeds("--seed", "1000", "--count", "2000");
  expect(failures).toEqual([]);
});

test("64 DPUs are whole again after the faults of two seeds", { timeout: 3_600_000 }, async (t) => {
  longTest(t);
  const { failures } = await runSeeds("--seed", "1", "--count", "2", "--switches", "8", "--dpus", "8");
  expect(failures).toEqual([]);
});

import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { hunt } from "./hunt.js";
import { mutationsMain } from "./main.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";

const { signal } = new AbortController();

function mutation(id: string): Mutation {
  const found = MUTATIONS.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no mutation ${id}`);
  return found;
}

/** The same place, changed otherwise. */
function otherwise(id: string, replace: string): Mutation {
  const { edits, ...rest } = mutation(id);
  return { ...rest, edits: edits.map((edit) => ({ ...edit, replace })) };
}

async function printed(...argv: string[]): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const io = { out: (line: string) => void lines.push(line), complain: (line: string) => void lines.push(line) };
  return { code: await mutationsMain(argv, { io, signal }), lines };
}

test("a guard that is switched off is found out", { timeout: 300_000 }, async () => {
  const { code, lines } = await printed("--guard", "stale-ack", "--count", "40", "--json");
  const [line = "{}"] = lines;
  expect(JSON.parse(line)).toMatchObject({ schema: "tandem.sim-mutation.v1", id: "stale-ack", found: true });
  expect(code).toBe(0);
});

test("a change that switches nothing off is not found out", { timeout: 300_000 }, async () => {
  const same = otherwise("delete-order", "fallen.sort((a, b) => b.order - a.order); // as it was");
  const result = await hunt(same, { seeds: 2, minutes: 5, workers: 1, signal });
  expect(result.ok && result.value).toMatchObject({ found: undefined, runs: 2 });
});

test("a build that cannot run is no finding", { timeout: 300_000 }, async () => {
  const broken = otherwise("delete-order", "(");
  const result = await hunt(broken, { seeds: 2, minutes: 5, workers: 1, signal });
  expect(result.ok ? "found" : result.error).toMatch(/^delete-order: seed 1: its process ended with 1: SyntaxError/);
});

test("an unknown guard and a bad number are refused with what was expected", async () => {
  expect(await printed("--guard", "none")).toMatchObject({ code: 2 });
  expect((await printed("--count", "0")).lines).toEqual([
    "tandem sim --mutations: --count 0: expected a number from 1 to 100000; try --help",
  ]);
  expect((await printed("--help")).code).toBe(0);
});

for (const one of MUTATIONS) {
  test(`${one.id} is found within 1,000 seeds`, { timeout: 3_600_000 }, async (t) => {
    longTest(t);
    const result = await hunt(one, { seeds: 1000, minutes: 10, workers: 2, signal });
    expect(result.ok ? result.value.found?.seed : result.error).toBeGreaterThan(0);
  });
}

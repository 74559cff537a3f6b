import { fileURLToPath } from "node:url";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { haxDemoMain } from "./demo-main.js";

const CLI = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

const LIMIT = { timeout: 400_000 };

async function demo(...argv: readonly string[]) {
  const lines: string[] = [];
  const complaints: string[] = [];
  const code = await haxDemoMain(argv, {
    ...{ env: process.env, tandem: [process.execPath, CLI], colours: false },
    out: (line) => lines.push(line),
    complain: (line) => complaints.push(line),
    signal: new AbortController().signal,
  });
  return { code, lines, complaints };
}

/** Every promise is kept, and one object says so. */
async function keeps(steps: readonly string[], ...argv: readonly string[]): Promise<void> {
  const { code, lines, complaints } = await demo("--once", "--json", ...argv);
  const receipt = JSON.parse(lines[0] ?? "") as {
    readonly steps: readonly { readonly name: string; readonly checks: readonly { readonly kept: boolean }[] }[];
  };
  const broken = receipt.steps.flatMap(({ checks }) => checks.filter(({ kept }) => !kept));
  expect({ broken, complaints, lines: lines.length }).toEqual({ broken: [], complaints: [], lines: 1 });
  expect(receipt).toMatchObject({ schema: "tandem.hax-demo.v1", good: true });
  expect(receipt.steps.map(({ name }) => name)).toEqual(["start", ...steps, "stop"]);
  expect(code).toBe(0);
}

test("a crash, and an outage of Consul: every promise is kept, and the receipt is one object", LIMIT, () =>
  keeps(["crash", "outage"], "--steps", "crash,outage", "--outage", "2", "--double"),
);

test("the whole demo: every promise is kept, with a real Consul where there is one", LIMIT, (t) => {
  longTest(t);
  return keeps(["crash", "failover", "outage", "restart"]);
});

test.each([
  [["--steps", "crash,moon"], "no step moon; there are crash, failover, outage, restart"],
  [["--outage", "0"], "expected seconds, from 1 to 300"],
  [["--fast"], "try --help"],
] as const)("tandem hax demo %j is wrong usage, said in one line", async (argv, says) => {
  const { code, complaints } = await demo(...argv);
  expect(code).toBe(2);
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain(says);
});

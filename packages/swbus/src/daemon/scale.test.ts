import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seconds } from "@tandem/base";
import { golden, longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import type { GatewayShape } from "../testing/gateways.js";
import { Regions } from "../testing/regions.js";

const PAGE = fileURLToPath(new URL("../../../../docs/scale-bus.md", import.meta.url));

const SHAPES: readonly GatewayShape[] = [
  { regions: 1, clusters: 1, nodes: 16 },
  { regions: 1, clusters: 1, nodes: 64 },
  { regions: 2, clusters: 2, nodes: 2 },
  { regions: 2, clusters: 2, nodes: 16 },
  { regions: 4, clusters: 4, nodes: 4 },
  { regions: 4, clusters: 4, nodes: 8 },
  { regions: 4, clusters: 4, nodes: 16 },
];

interface Figures {
  readonly swbusd: number;
  readonly streams: number;
  /** Virtual milliseconds, as all below. */
  readonly reached: number;
  readonly announcements: number;
  readonly destinations: number;
  readonly ways: number;
  /** A plain node dies: announcements until all is quiet. */
  readonly plainCost: number;
  /** A gateway that is a border too is killed. */
  readonly killed: number;
  readonly killedCost: number;
  /** A gateway loses power: nobody is told. */
  readonly dark: number;
}

async function measure(shape: GatewayShape): Promise<Figures> {
  await using regions = await Regions.start(shape);
  const reached = await regions.untilReached(seconds(30));
  await regions.untilQuiet();
  const tables = regions.tables();
  const figures = {
    swbusd: regions.running.size,
    streams: regions.streams,
    reached,
    announcements: regions.announced,
    destinations: Math.max(...[...regions.running.keys()].map((name) => tables.size(name))),
    ways: Math.max(...regions.ways),
  };
  /** Announcements that `event` costs those who live on, and the time until all of them reach each other. */
  const after = async (event: () => void): Promise<{ readonly took: number; readonly cost: number }> => {
    event();
    const before = regions.announced;
    const took = await regions.untilReached(seconds(30));
    await regions.untilQuiet();
    expect(regions.unreached()).toBeUndefined();
    return { took, cost: regions.announced - before };
  };
  const last = shape.nodes - 1;
  const plain = await after(() => regions.kill(`r0.c0.n${last}`));
  const killed = await after(() => regions.kill("r0.c0.n0"));
  const dark = shape.regions > 1 ? await after(() => regions.powerOff("r1.c1.n0")) : undefined;
  expect(regions.ghosts(["r0.c0.n0", `r0.c0.n${last}`])).toEqual([]);
  return { ...figures, plainCost: plain.cost, killed: killed.took, killedCost: killed.cost, dark: dark?.took ?? 0 };
}

test("a gateway of 64 swbusd dies: all others reach each other again in time, and no ghost stays", async () => {
  const { reached, killed, dark, announcements } = await measure({ regions: 4, clusters: 4, nodes: 4 });
  expect(reached).toBeLessThanOrEqual(200);
  expect(killed).toBeLessThanOrEqual(2500);
  expect(dark).toBeLessThanOrEqual(3000 + 2500);
  expect(announcements).toBeLessThanOrEqual(64 * 40);
}, 120_000);

test("the figures of docs/scale-bus.md are what the simulation gives", async (context) => {
  longTest(context);
  const header =
    "regions x clusters x nodes  swbusd  streams  reached  announcements (each)  destinations  ways  plain dies  gateway killed        dark";
  const lines = [header];
  for (const shape of SHAPES) {
    const f = await measure(shape);
    const each = (f.announcements / f.swbusd).toFixed(1);
    lines.push(
      [
        `${shape.regions} x ${shape.clusters} x ${shape.nodes}`.padEnd(26),
        String(f.swbusd).padStart(7),
        String(f.streams).padStart(8),
        `${f.reached} ms`.padStart(8),
        `${f.announcements} (${each})`.padStart(21),
        String(f.destinations).padStart(13),
        String(f.ways).padStart(5),
        String(f.plainCost).padStart(11),
        `${f.killed} ms, ${f.killedCost}`.padStart(15),
        (shape.regions > 1 ? `${f.dark} ms` : "-").padStart(11),
      ].join(" "),
    );
  }
  const page = readFileSync(PAGE, "utf8");
  golden(
    PAGE,
    page.replace(/```text\n[^`]*```/, () => `\`\`\`text\n${lines.join("\n")}\n\`\`\``),
  );
}, 900_000);

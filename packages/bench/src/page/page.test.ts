import { expect, test } from "vitest";
import { lineChart } from "../chart/line-chart.js";
import type { Figure } from "../figure.js";
import { figuresChart } from "./figures-chart.js";
import { performancePage } from "./performance-page.js";

const FIGURES: readonly Figure[] = [
  {
    what: "rows set | one by one",
    unit: "rows/s",
    value: 90_000,
    least: 80_000,
    greatest: 99_000,
    floors: [{ what: "redis-benchmark <same>", value: 100_000 }],
    upstream: 61_000,
    targets: [
      { timesFloor: 0.9, why: "never said" },
      { bound: 95_000, why: "three share two cores" },
    ],
    notes: ["CPU 3.0 µs a row"],
  },
  { what: "set → pop", unit: "µs", value: 88, least: 80, greatest: 120, floors: [], targets: [{ timesFloor: 2 }] },
];

test("a page has a row per figure with its floor, upstream, targets and whether they are reached", () => {
  const page = performancePage(
    [{ name: "swss", figures: FIGURES }],
    { cpus: 2, cpu: "X", node: "v20" },
    5,
    "performance",
  );
  expect(page).toContain("![swss: figures beside their floors](performance/swss.svg)");
  expect(page).toContain(
    "| rows set \\| one by one | **90 k rows/s** | 80 k rows/s to 99 k rows/s | 0.90 × redis-benchmark <same> (100 k rows/s) " +
      "| 1.48 × (61 k rows/s) | ≥ 90 k rows/s (0.9 × floor); ≥ 95 k rows/s | reached; missed |",
  );
  expect(page).toContain("| set → pop | **88 µs** | 80 µs to 120 µs |  |  | unknown (2 × floor) | not measured |");
  expect(page).toContain("- rows set | one by one: missed, three share two cores\n- CPU 3.0 µs a row");
  expect(page).not.toContain("never said");
});

test("a chart has a bar for the figure, each floor and upstream, as long as their values, and a line at the target", () => {
  const svg = figuresChart("swss", FIGURES);
  const widths = [...svg.matchAll(/<rect x="300"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(4);
  const [ours = 0, floor = 0, upstream = 0] = widths;
  expect(ours / floor).toBeCloseTo(0.9);
  expect(upstream / floor).toBeCloseTo(0.61);
  expect(svg).toContain("target 90 k rows/s");
  expect(svg).toContain("redis-benchmark &lt;same&gt;");
});

test("a line chart draws each series on common axes that begin at zero", () => {
  const lines = [
    { label: "a", points: [[0, 0] as const, [10, 100] as const] },
    { label: "b", points: [[0, 50] as const, [10, 50] as const] },
  ];
  const svg = lineChart({ title: "memory", x: "minutes", y: "MB", lines });
  const paths = [...svg.matchAll(/ d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/g)].map(([, ...of]) => of.map(Number));
  expect(paths).toHaveLength(2);
  const [[x0, y0, x1, y1], [, half]] = paths as [number[], number[]];
  expect(x0).toBeLessThan(x1 as number);
  expect(half).toBeCloseTo(((y0 as number) + (y1 as number)) / 2, 0);
});

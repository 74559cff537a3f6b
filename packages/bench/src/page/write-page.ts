import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { figuresChart } from "./figures-chart.js";
import { type BenchMachine, type BenchResult, performancePage } from "./performance-page.js";

const CHARTS = "performance";

/** Writes `performance.md` and its charts into `folder`. Rejects with the system's error when it cannot. */
export async function writePage(
  folder: string,
  results: readonly BenchResult[],
  machine: BenchMachine,
  rounds: number,
): Promise<void> {
  await mkdir(join(folder, CHARTS), { recursive: true });
  for (const { name, figures } of results) {
    await writeFile(join(folder, CHARTS, `${name}.svg`), figuresChart(name, figures));
  }
  await writeFile(join(folder, "performance.md"), performancePage(results, machine, rounds, CHARTS));
}

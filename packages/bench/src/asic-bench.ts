import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { burstFigures } from "./asic/burst-figures.js";
import { rates } from "./asic/rates.js";
import { recorderFigures } from "./asic/recorder-figures.js";
import { ringFigures } from "./asic/ring-figures.js";
import { roundTrips } from "./asic/round-trips.js";
import type { Bench, BenchRun } from "./bench-run.js";
import type { Figure } from "./figure.js";
import { findRedisBenchmark } from "./floors/redis-benchmark.js";

/** The ASIC channel, transport by transport: orchagent's end here, syncd's end in a process of its own. */
export function asicBench(env: Readonly<Record<string, string | undefined>>): Bench {
  return { name: "asic", run: (run) => measure(run, findRedisBenchmark(env)) };
}

async function measure(run: BenchRun, benchmark: string | undefined): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join("/dev/shm", "tandem-bench-"));
  try {
    return [
      ...(await roundTrips(run, folder)),
      ...(await rates(run, benchmark)),
      ...(await ringFigures(run, folder)),
      ...(await recorderFigures(run, folder)),
      ...(await burstFigures(run)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

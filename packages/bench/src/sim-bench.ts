import { WORKER_FLAGS } from "@tandem/lab/sim";
import { type Bench, type BenchRun, figureOf } from "./bench-run.js";
import { Child } from "./child-process.js";
import type { Figure } from "./figure.js";

/** One size of cluster that is simulated. */
interface Size {
  readonly what: string;
  readonly switches: number;
  readonly dpus: number;
  /** Seeds of one round; `--quick` takes fewer, but one. */
  readonly seeds: number;
  /** Rounds at most. */
  readonly rounds: number;
  /** Virtual time against processor time. */
  readonly bound: number;
}

const SIZES: readonly Size[] = [
  // 20,000 seeds within the hour on two cores, with room to spare: 0.15 s each.
  { what: "a pair", switches: 2, dpus: 1, seeds: 25, rounds: 5, bound: 4000 },
  { what: "4 × 4 DPUs", switches: 4, dpus: 4, seeds: 1, rounds: 3, bound: 800 },
  { what: "8 × 8 DPUs", switches: 8, dpus: 8, seeds: 1, rounds: 1, bound: 200 },
];

/** What a round came to, a seed. */
interface Round {
  readonly virtualSeconds: number;
  /** Processor seconds, those of collecting garbage and compiling included. */
  readonly seedCpu: number;
  readonly floorCpu: number;
  /** Resident memory of the process at its greatest so far. */
  readonly megabytes: number;
}

/** The simulator: virtual time of whole clusters against the processor time that it takes. */
export const simBench: Bench = { name: "sim", run: measure };

async function measure(run: BenchRun): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) figures.push(...(await measureSize(run, size)));
  return figures;
}

/** A process for each size: what one has compiled and kept does not count for the next. */
async function measureSize(run: BenchRun, size: Size): Promise<readonly Figure[]> {
  const { what, switches, dpus, bound } = size;
  await using child = await Child.startWith(WORKER_FLAGS, "simulator");
  const seeds = Math.max(1, Math.round(size.seeds * run.scale));
  let next = 1;
  const round = async (): Promise<Round> => {
    let [virtualMs, seedMicros, floorMicros, bytes] = [0, 0, 0, 0];
    for (let i = 0; i < seeds; i++) {
      const ran = await child.seed({ seed: next++, switches, dpus });
      if (ran.violations > 0) throw new Error(`seed ${next - 1} of ${what}: ${ran.violations} violations`);
      virtualMs += ran.virtualMs;
      seedMicros += ran.micros;
      floorMicros += await child.bareClock(ran.timers);
      bytes = Math.max(bytes, ran.bytes);
    }
    const [second, megabyte] = [1e6 * seeds, 2 ** 20];
    return {
      virtualSeconds: virtualMs / 1000 / seeds,
      seedCpu: seedMicros / second,
      floorCpu: floorMicros / second,
      megabytes: bytes / megabyte,
    };
  };
  // One seed of a large cluster runs so often through everything that no round has to go before it.
  if (seeds > 1) await round();
  const rounds: Round[] = [];
  while (rounds.length < Math.min(run.rounds, size.rounds)) {
    run.signal.throwIfAborted();
    rounds.push(await round());
  }
  const cpu = rounds.map(({ seedCpu }) => seedCpu).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] as number;
  return [
    figureOf(
      rounds.map(({ virtualSeconds, seedCpu }) => virtualSeconds / seedCpu),
      {
        what: `${what}, virtual seconds a CPU second`,
        unit: "× real time",
        floors: {
          "the same timers on a bare virtual clock": rounds.map((one) => one.virtualSeconds / one.floorCpu),
        },
        targets: [{ bound }],
        notes: [`${what}: ${cpu.toFixed(2)} CPU s a seed, ${(1 / cpu).toFixed(2)} seeds/s on one core`],
      },
    ),
    figureOf(
      rounds.map(({ megabytes }) => megabytes),
      { what: `${what}, memory of the process`, unit: "MB" },
    ),
  ];
}

import { type Bench, type BenchRun, figureOf, inTurn, latencyFigures, latencyOf } from "./bench-run.js";
import { HamgrdRig } from "./cluster/hamgrd-rig.js";
import type { Figure } from "./figure.js";
import { RawChain } from "./floors/raw-chain.js";

/** A program and its first arguments. */
export type CommandLine = readonly [command: string, ...args: string[]];

const CHANGES = 200;
const SLOTS = 8;

/** A hamgrd that knows 64 DPUs: how soon a change has become rows, and what it holds in memory. */
export function clusterBench(env: Environment, tandem: CommandLine): Bench {
  return { name: "cluster", run: (run) => measure(run, env, tandem) };
}

type Environment = Readonly<Record<string, string | undefined>>;

async function measure(run: BenchRun, env: Environment, tandem: CommandLine): Promise<readonly Figure[]> {
  await using rig = await HamgrdRig.start(env, tandem);
  await using floor = await RawChain.start();
  const one = await rig.startHamgrd(1);
  const count = Math.ceil(CHANGES * run.scale);
  const times = await inTurn(run, {
    fall: () =>
      latencyOf(
        run,
        count,
        () => rig.fall(),
        () => rig.rise(),
      ),
    rise: () =>
      latencyOf(
        run,
        count,
        () => rig.rise(),
        () => rig.fall(),
      ),
    raw: () => latencyOf(run, count, () => floor.once()),
  });
  const ofOne = await rig.memory(one);
  await rig.stopHamgrd(one);
  const all = await rig.startHamgrd(SLOTS);
  await latencyOf(
    run,
    count,
    () => rig.fall(),
    () => rig.rise(),
  );
  const further = ((await rig.memory(all)) - ofOne) / (SLOTS - 1);
  const targets = { p50: { targets: [{ bound: 5_000 }] }, p99: { targets: [{ bound: 20_000 }] } };
  const floors = { "raw sockets: event, read, MULTI, 10 rows by ZMQ": times.raw };
  return [
    ...latencyFigures("DPU_STATE falls → all dependent rows, 64 DPUs", times.fall, floors, targets),
    ...latencyFigures("DPU_STATE rises → all dependent rows, 64 DPUs", times.rise, floors, targets),
    figureOf([ofOne], { what: "memory of a hamgrd that knows 64 DPUs", unit: "MB", targets: [{ bound: 120 }] }),
    figureOf([further], { what: "memory of each further slot in the process", unit: "MB", targets: [{ bound: 15 }] }),
  ];
}

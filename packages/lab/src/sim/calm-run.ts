import { seconds } from "@tandem/base";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { simulatedDaemons } from "../cluster/simulated-daemons.js";
import { finalRows } from "./final-rows.js";
import { type Footprint, footprintOf } from "./footprint.js";
import { HamgrdWatch } from "./hamgrd-watch.js";
import { type Peaks, PeakWatch } from "./peaks.js";
import { launch } from "./phases.js";

/** What a cluster is some time after a launch without faults. */
export interface CalmRun {
  readonly rows: string;
  readonly footprint: Footprint;
  readonly peaks: Peaks;
}

/** Steps that each hamgrd of a run keeps: nobody asks it why, and 64 of them would keep much. */
export const RECORDS_KEPT = 16;

const SETTLED_AFTER = seconds(60);

const known = new Map<string, Promise<CalmRun>>();

/** The calm run of a cluster of that size. Run once a process. */
export function calmRun(switches: number, dpus: number): Promise<CalmRun> {
  const size = `${switches}x${dpus}`;
  const run = known.get(size) ?? runCalm(switches, dpus);
  known.set(size, run);
  return run;
}

async function runCalm(switches: number, dpusPerSwitch: number): Promise<CalmRun> {
  const watch = new HamgrdWatch();
  const daemons = simulatedDaemons({}, watch, RECORDS_KEPT);
  const host = new SimulatedCluster({ switches, dpusPerSwitch, seed: 1, isolation: "process", daemons });
  using peaks = new PeakWatch(host, watch);
  await using cluster = await Cluster.start(host);
  await launch(cluster);
  await host.clock.advance(SETTLED_AFTER);
  return { rows: finalRows(cluster), footprint: await footprintOf(host), peaks: peaks.peaks };
}

import { seconds } from "@tandem/base";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { simulatedDaemons } from "../cluster/simulated-daemons.js";
import { finalRows } from "./final-rows.js";
import { launch } from "./phases.js";

const SETTLED_AFTER = seconds(20);

const known = new Map<string, Promise<string>>();

/** The rows of a cluster of that size, some time after a launch without faults. Run once a process. */
export function calmRows(switches: number, dpus: number): Promise<string> {
  const size = `${switches}x${dpus}`;
  const rows = known.get(size) ?? run(switches, dpus);
  known.set(size, rows);
  return rows;
}

async function run(switches: number, dpusPerSwitch: number): Promise<string> {
  const daemons = simulatedDaemons();
  const host = new SimulatedCluster({ switches, dpusPerSwitch, seed: 1, isolation: "process", daemons });
  await using cluster = await Cluster.start(host);
  await launch(cluster);
  await host.clock.advance(SETTLED_AFTER);
  return finalRows(cluster);
}

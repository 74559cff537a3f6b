import { seededRandom } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Cluster } from "../../cluster/cluster.js";
import { InvariantWatch } from "../../cluster/invariant-watch.js";
import { SimulatedCluster } from "../../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../../cluster/simulated-daemons.js";
import type { SwitchPlace } from "../../topology.js";
import { launched } from "./pair.js";
import { shuffleRows } from "./shuffled-rows.js";

/** Shuffles the rows of one switch and the other, so many times. */
async function shuffle(seeds: number): Promise<void> {
  const host = new SimulatedCluster({ ...{ switches: 2, dpusPerSwitch: 1, seed: 1 }, daemons: SIMULATED_DAEMONS });
  await using cluster = await Cluster.start(host);
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (let seed = 1; seed <= seeds; seed++) {
    const sw = cluster.topology.switches[seed % 2] as SwitchPlace;
    const { order, missing } = await shuffleRows(cluster, sw, seededRandom(seed), calm);
    expect({ seed, order, missing }).toEqual({ seed, order, missing: [] });
  }
}

test("the rows of a switch go and come in 10 orders, and all is as before", { timeout: 240_000 }, () => shuffle(10));

test("the rows of a switch go and come in 200 orders, and all is as before", { timeout: 1_200_000 }, async (t) => {
  longTest(t);
  await shuffle(200);
});

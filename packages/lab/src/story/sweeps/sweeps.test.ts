import { millis } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Cluster } from "../../cluster/cluster.js";
import { InvariantWatch } from "../../cluster/invariant-watch.js";
import { SimulatedCluster } from "../../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../../cluster/simulated-daemons.js";
import type { DpuPlace } from "../../topology.js";
import { LAUNCH_STAGES, launchWithKill, VICTIMS } from "./killed-launch.js";
import { launched } from "./pair.js";
import { RESTART_STEPS, restartTwice } from "./second-restart.js";

function simulated(): Promise<Cluster> {
  const host = new SimulatedCluster({ ...{ switches: 2, dpusPerSwitch: 1, seed: 1 }, daemons: SIMULATED_DAEMONS });
  return Cluster.start(host);
}

const WIPES = ["keys", "flush", "none"] as const;
const OUTAGES = [millis(0), millis(2000)];

test("a pair is whole after a second restart at each of the 16 steps of the first", { timeout: 240_000 }, async () => {
  expect(RESTART_STEPS).toHaveLength(16);
  await using cluster = await simulated();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (const [i, { name }] of RESTART_STEPS.entries()) {
    for (const [w, wipe] of WIPES.entries()) {
      const dpu = cluster.topology.dpus[(i + w) % 2] as DpuPlace;
      const at = `${dpu.name}, wipe=${wipe}, step ${name}`;
      expect({ at, missing: await restartTwice(cluster, dpu, i, wipe, calm) }).toEqual({ at, missing: [] });
    }
  }
});

test("a pair comes up whatever is killed at each stage of its launch", { timeout: 240_000 }, async () => {
  await using cluster = await simulated();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (const [i, stage] of LAUNCH_STAGES.entries()) {
    for (const [v, victim] of VICTIMS.entries()) {
      const dpu = cluster.topology.dpus[(i + v) % 2] as DpuPlace;
      const outage = OUTAGES[(i + (v >> 1)) % 2] ?? millis(0);
      const at = `${victim} of ${dpu.name} for ${outage} ms, ${stage.name}`;
      const missing = await launchWithKill(cluster, { stage, victim, dpu, outage }, calm);
      expect({ at, missing }).toEqual({ at, missing: [] });
    }
  }
});

test("both sweeps, each side and each outage", { timeout: 1_200_000 }, async (t) => {
  longTest(t);
  await using cluster = await simulated();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (const dpu of cluster.topology.dpus) {
    for (const [i, { name }] of RESTART_STEPS.entries()) {
      for (const wipe of WIPES) {
        const at = `${dpu.name}, wipe=${wipe}, step ${name}`;
        expect({ at, missing: await restartTwice(cluster, dpu, i, wipe, calm) }).toEqual({ at, missing: [] });
      }
    }
    for (const stage of LAUNCH_STAGES) {
      for (const victim of VICTIMS) {
        for (const outage of OUTAGES) {
          const at = `${victim} of ${dpu.name} for ${outage} ms, ${stage.name}`;
          const missing = await launchWithKill(cluster, { stage, victim, dpu, outage }, calm);
          expect({ at, missing }).toEqual({ at, missing: [] });
        }
      }
    }
  }
});

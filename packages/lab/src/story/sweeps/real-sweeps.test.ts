import { millis, seededRandom } from "@tandem/base";
import { longTest, needs } from "@tandem/base/testing";
import { beforeEach, expect, test } from "vitest";
import { Cluster } from "../../cluster/cluster.js";
import { InvariantWatch } from "../../cluster/invariant-watch.js";
import { ProcessCluster } from "../../cluster/process-cluster.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../../testing/tandem-command.js";
import type { DpuPlace, SwitchPlace } from "../../topology.js";
import { LAUNCH_STAGES, launchWithKill, VICTIMS } from "./killed-launch.js";
import { launched } from "./pair.js";
import { RESTART_STEPS, restartTwice } from "./second-restart.js";
import { shuffleRows } from "./shuffled-rows.js";

const missing = missingForProcesses();

beforeEach((context) => needs(context, missing === "", missing));

async function processes(): Promise<Cluster> {
  return Cluster.start(
    await ProcessCluster.create({
      ...{ switches: 2, dpusPerSwitch: 1, redisServer: REDIS_SERVER, tandem: TANDEM },
      path: process.env["PATH"] ?? "",
    }),
  );
}

const WIPES = ["keys", "flush", "none"] as const;

test("on real processes: one case of each sweep", { timeout: 300_000 }, async () => {
  await using cluster = await processes();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  const [dpu] = cluster.topology.dpus as readonly [DpuPlace];
  const [sw] = cluster.topology.switches as readonly [SwitchPlace];
  const { order, missing: unshuffled } = await shuffleRows(cluster, sw, seededRandom(1), calm);
  expect({ order, missing: unshuffled }).toEqual({ order, missing: [] });
  expect(await restartTwice(cluster, dpu, 12, "flush", calm)).toEqual([]);
  const stage = LAUNCH_STAGES.find(({ name }) => name === "the operation is visible") as (typeof LAUNCH_STAGES)[number];
  expect(await launchWithKill(cluster, { stage, victim: "hamgrd", dpu, outage: millis(0) }, calm)).toEqual([]);
});

test("on real processes: a second restart at each step of the first", { timeout: 900_000 }, async (t) => {
  longTest(t);
  await using cluster = await processes();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (const [i, { name }] of RESTART_STEPS.entries()) {
    const dpu = cluster.topology.dpus[i % 2] as DpuPlace;
    const at = `${dpu.name}, step ${name}`;
    const left = await restartTwice(cluster, dpu, i, WIPES[i % 3] ?? "keys", calm);
    expect({ at, left }).toEqual({ at, left: [] });
  }
});

test("on real processes: everything killed at each stage of the launch", { timeout: 1_200_000 }, async (t) => {
  longTest(t);
  await using cluster = await processes();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (const [i, stage] of LAUNCH_STAGES.entries()) {
    for (const [v, victim] of VICTIMS.entries()) {
      const dpu = cluster.topology.dpus[(i + v) % 2] as DpuPlace;
      const at = `${victim} of ${dpu.name}, ${stage.name}`;
      const left = await launchWithKill(cluster, { stage, victim, dpu, outage: millis(0) }, calm);
      expect({ at, left }).toEqual({ at, left: [] });
    }
  }
});

test("on real processes: rows in 30 orders", { timeout: 900_000 }, async (t) => {
  longTest(t);
  await using cluster = await processes();
  using watch = new InvariantWatch(cluster);
  const calm = await launched(cluster, watch);
  for (let seed = 1; seed <= 30; seed++) {
    const sw = cluster.topology.switches[seed % 2] as SwitchPlace;
    const { order, missing: left } = await shuffleRows(cluster, sw, seededRandom(seed), calm);
    expect({ seed, order, left }).toEqual({ seed, order, left: [] });
  }
});

import { millis, pick, type Random, seconds, seededRandom } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { type Operation, planOperation } from "@tandem/hamgrd";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { InvariantWatch } from "../cluster/invariant-watch.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { isDecider } from "../dpu/ha-state.js";
import type { DpuPlace, HaSetPlace, SwitchPlace } from "../topology.js";
import { carryOut, pairView } from "./carry-out.js";

const LIMIT = seconds(120);

async function launched(seed: number) {
  const host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed, daemons: SIMULATED_DAEMONS });
  const cluster = await Cluster.start(host);
  const { controller, topology } = cluster;
  const set = topology.haSets[0] as HaSetPlace;
  const program = async (): Promise<void> => {
    await controller.createSet(set);
    for (const { vdpuId } of set.dpus) await controller.enable(vdpuId);
  };
  await host.run("launch", program(), LIMIT);
  await cluster.until(
    "launch",
    () => set.dpus.every((dpu) => /^(active|standby)$/.test(cluster.haState(dpu) ?? "")),
    LIMIT,
  );
  await host.clock.advance(seconds(5));
  return { host, cluster, set };
}

/** Something that is so when the operator comes: it stays during the operation. */
function disturb(cluster: Cluster, set: HaSetPlace, random: Random): Promise<unknown> | unknown {
  const { controller, devices, topology, host } = cluster;
  const dpu = pick(random, set.dpus);
  const [a, b] = topology.switches as readonly [SwitchPlace, SwitchPlace];
  const disturbances: readonly (() => Promise<unknown> | unknown)[] = [
    () => undefined,
    () => undefined,
    () => controller.desire(dpu.vdpuId, "dead"),
    () => controller.disable(dpu.vdpuId),
    () => controller.pin(set.id, dpu.vdpuId, "down"),
    () => controller.prefer(set.id, [set.dpus[1].vdpuId]),
    () => cluster.pmon(dpu).setPlane(devices.dpu(dpu), "control_plane", false, "test"),
    () => cluster.pmon(dpu).setPlane(devices.dpu(dpu), "data_plane", false, "test"),
    () => devices.bfd.setLost(a.name, dpu.name, true),
    () => cluster.cutLink(a, b),
    () => controller.restart(dpu.vdpuId),
    async () => {
      const daemon = pick(random, host.daemons);
      await host.killDaemon(daemon);
      await host.startDaemon(daemon);
    },
  ];
  return pick(random, disturbances)();
}

function drawOperation(set: HaSetPlace, random: Random): Operation {
  const { vdpuId } = pick(random, set.dpus);
  const operations: readonly Operation[] = [
    { kind: "switchover" },
    { kind: "shutdown", vdpu: vdpuId },
    { kind: "restart", vdpu: vdpuId },
    { kind: "remove", vdpu: vdpuId },
    { kind: "remove", vdpu: undefined },
  ];
  return pick(random, operations);
}

interface Outcome {
  readonly verdict: string;
  readonly wrong: readonly string[];
}

/** Draws a present state and an operation; a plan that is said to be safe is carried out with traffic running. */
async function tryOnce(seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const { host, cluster: started, set } = await launched(seed);
  await using cluster = started;
  const { controller, devices } = cluster;
  for (let i = 0; i < 2; i++) await host.run("disturbance", Promise.resolve(disturb(cluster, set, random)), LIMIT);
  await host.clock.advance(seconds(60));
  await host.run("rule", controller.setApprovals("manual"), LIMIT);
  const operation = drawOperation(set, random);
  const view = pairView(cluster, set);
  const plan = planOperation(operation, view);
  if (plan.verdict !== "safe") return { verdict: plan.verdict, wrong: [] };
  const wrong = new Set<string>();
  using watch = new InvariantWatch(cluster);
  const { traffic } = devices;
  traffic.start();
  await host.clock.advance(millis(500));
  await carryOut(cluster, set, plan).catch((error: unknown) => wrong.add(String(error)));
  await host.clock.advance(seconds(5));
  traffic.stop();
  const owner = set.dpus.find(({ vdpuId }) => vdpuId === plan.ownerAfter);
  if (owner !== undefined && !isDecider(cluster.haState(owner)))
    wrong.add(`${owner.name} is ${cluster.haState(owner)}`);
  if (owner !== undefined) {
    for (const { at, why, packets } of traffic.windows) wrong.add(`${packets} packets lost at ${at}: ${why}`);
  }
  for (const text of watch.violations) wrong.add(text);
  const states = set.dpus.map((dpu: DpuPlace) => `${dpu.name} ${cluster.haState(dpu)}`).join(", ");
  const said = [...wrong].map(
    (text) => `${JSON.stringify(operation)} from ${JSON.stringify(view.sides)}, now ${states}: ${text}`,
  );
  return { verdict: plan.verdict, wrong: said };
}

test("a plan that says safe loses no owner and no packet, whatever state it starts from", {
  timeout: 120_000,
}, async () => {
  const verdicts = new Map<string, number>();
  for (let seed = 1; seed <= 24; seed++) {
    const { verdict, wrong } = await tryOnce(seed);
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  expect(verdicts.get("safe")).toBeGreaterThan(3);
  expect(verdicts.get("refused")).toBeGreaterThan(3);
});

test("the same from 500 states", { timeout: 1_200_000 }, async (t) => {
  longTest(t);
  const wrong: unknown[] = [];
  for (let seed = 1000; seed < 1500; seed++) {
    const outcome = await tryOnce(seed);
    if (outcome.wrong.length > 0) wrong.push({ seed, wrong: outcome.wrong });
  }
  expect(wrong).toEqual([]);
});

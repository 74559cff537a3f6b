import { fileURLToPath } from "node:url";
import { millis, type Random, randomBelow, seconds, seededRandom, sleep, systemClock } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { DemoCluster, haxName } from "./cluster.js";
import { isAlive } from "./is-alive.js";
import { NODES, PROCESSES_OF_ALL } from "./plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "./promises.js";
import { STEPS } from "./run-demo.js";
import type { DemoStep, StepReport } from "./step.js";
import { startStep } from "./steps/start.js";
import { stopStep } from "./steps/stop.js";

const CLI = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));
const LIMIT = { timeout: 30 * 60_000 };
const CONSUL = "consul";
const VICTIMS = [CONSUL, ...NODES.map(({ name }) => haxName(name)), ...PROCESSES_OF_ALL.map(({ name }) => name)];
/** A step's own promises do not hold when somebody is killed in it: what it waits for in vain is not waited for long. */
const SETTINGS = { outage: seconds(3), load: seconds(3), patience: seconds(20) };
/** Those that hold whatever happens are given time. */
const PATIENCE = seconds(90);

/** Pids that a cluster has ever had. */
type Pids = Set<number>;

async function withCluster(work: (cluster: DemoCluster, pids: Pids) => Promise<void>): Promise<void> {
  const pids: Pids = new Set();
  {
    await using cluster = await DemoCluster.create({
      ...{ tandem: [process.execPath, CLI], env: process.env, alwaysDouble: true },
      signal: new AbortController().signal,
    });
    await work(cluster, pids);
    await stopStep.run(cluster, silent, SETTINGS);
  }
  const left = [...pids].filter(isAlive);
  expect(left, "processes that outlive the demo").toEqual([]);
}

/** `kill -9`, and at once the start that systemd would see to. */
async function killAndRestart(cluster: DemoCluster, victim: string): Promise<void> {
  if (victim === CONSUL) {
    await cluster.consul.kill();
    await cluster.consul.start(cluster.signal);
    return;
  }
  await cluster.end(victim, "SIGKILL");
  await cluster.startAgain(victim);
}

const silent: StepReport = { say() {}, fact() {}, check() {}, always() {} };

/** Nothing that was acknowledged is lost, and everybody has a state at the end. */
async function judge(cluster: DemoCluster, what: string): Promise<void> {
  const broken: string[] = [];
  const quiet = await untilQuiet(cluster, PATIENCE);
  if (quiet === undefined) broken.push(`not quiet: ${unquiet(cluster)}`);
  const online = await untilAllOnline(cluster, PATIENCE);
  if (online === undefined) broken.push(`not all known as ONLINE: ${notOnline(cluster)}`);
  const always = (kept: boolean, text: string, instead?: string): void => {
    if (!kept) broken.push(`not kept: ${text}: ${instead}`);
  };
  await checkPromises(cluster, { ...silent, always });
  expect(broken, what).toEqual([]);
}

async function killedIn(step: DemoStep, cluster: DemoCluster, random: Random, victim: string): Promise<void> {
  const at = millis(randomBelow(random, seconds(4)));
  const kill = sleep(systemClock, at).then(() => killAndRestart(cluster, victim));
  await Promise.all([step.run(cluster, silent, SETTINGS), kill]);
  // A step that was cut short leaves nobody dead.
  for (const name of VICTIMS) if (name !== CONSUL) await cluster.startAgain(name);
  await judge(cluster, `${victim} killed ${at.toFixed(0)} ms after the beginning of ${step.name}`);
}

test("kill -9 of hax, each process and Consul while they start: nothing acknowledged is lost", LIMIT, async (t) => {
  longTest(t);
  await withCluster(async (cluster, pids) => {
    const started = startStep.run(cluster, silent, SETTINGS);
    const random = seededRandom(1);
    // Consul stands and is provisioned; whatever comes now may die.
    await cluster.until(PATIENCE, () => cluster.isRunning(haxName("b1")));
    for (const victim of VICTIMS) {
      await sleep(systemClock, millis(randomBelow(random, seconds(1))));
      await killAndRestart(cluster, victim);
      for (const { pid } of cluster.processes) pids.add(pid);
    }
    await started;
    await judge(cluster, "all killed one after the other at the start");
  });
});

for (const [seed, step] of STEPS.entries())
  test(
    `kill -9 of hax, each process and Consul in the step "${step.name}": nothing acknowledged is lost`,
    LIMIT,
    async (t) => {
      longTest(t);
      await withCluster(async (cluster, pids) => {
        await startStep.run(cluster, silent, { ...SETTINGS, patience: PATIENCE });
        await judge(cluster, "before the first kill");
        const random = seededRandom(seed + 2);
        for (const victim of VICTIMS) {
          await killedIn(step, cluster, random, victim);
          for (const { pid } of cluster.processes) pids.add(pid);
        }
      });
    },
  );

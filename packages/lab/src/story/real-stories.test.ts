import { longTest, needs, runScenario, type ScenarioCommand } from "@tandem/base/testing";
import { beforeEach, expect, test, vi } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { ProcessCluster } from "../cluster/process-cluster.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";
import { isolationsOf } from "./isolations.js";
import { loadStory, storyNames } from "./load-story.js";
import { Narrator } from "./narrator.js";

const missing = missingForProcesses();

beforeEach((context) => needs(context, missing === "", missing));

/** More packets than any story sends. */
const ANY = "1000000";

/** Losses in real time depend on the machine: the simulator holds stories to their limits, here any loss is within. */
function whateverLoss(run: ScenarioCommand): ScenarioCommand {
  return async (step) => {
    const { max } = step.options;
    if (max === undefined) return run(step);
    const answer = await run({ ...step, options: { ...step.options, max: ANY } });
    return answer.replace(ANY, max);
  };
}
/** Stories that wait long for what DPUs do by themselves, and ways to run them that differ little. */
const LONG = new Set([
  "13-restart-during-restart process",
  "17-killed-while-it-launches process",
  "18-launch-alone process",
  "19-come-and-go process",
  "24-scale switch",
]);

for (const name of storyNames()) {
  const story = loadStory(name);
  for (const isolation of isolationsOf(story.size)) {
    // Times are printed by the lab and asserted nowhere: a busy machine may take as long as it likes within the limits.
    test(`story ${name} on real processes, isolation ${isolation}`, {
      timeout: story.size.switches > 2 ? 1_200_000 : 300_000,
    }, async (t) => {
      if (LONG.has(`${name} ${isolation}`)) longTest(t);
      vi.stubEnv("UPDATE", undefined); // the simulator records, this compares
      const { switches, dpus: dpusPerSwitch } = story.size;
      const failures: string[] = [];
      const host = await ProcessCluster.create({
        ...{ switches, dpusPerSwitch, isolation, redisServer: REDIS_SERVER, tandem: TANDEM },
        path: process.env["PATH"] ?? "",
        onFailure: ({ message }) => failures.push(message),
      });
      await using cluster = await Cluster.start(host);
      const narrator = new Narrator(cluster, name);
      await runScenario(story.path, whateverLoss(narrator.run));
      const { invariants } = await narrator.receipt();
      expect(invariants.violations).toEqual([]);
      expect(failures).toEqual([]);
    });
  }
}

import { seconds } from "@tandem/base";
import { longTest, runScenario } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { isolationsOf } from "./isolations.js";
import { checkStory, loadStory, storyNames } from "./load-story.js";
import { Narrator } from "./narrator.js";

/** However many DPUs: virtual time. */
const LAUNCH_MAX = seconds(10);

for (const name of storyNames()) {
  const story = loadStory(name);
  for (const isolation of isolationsOf(story.size)) {
    test(`story ${name} runs in the simulator, isolation ${isolation}`, { timeout: 300_000 }, async (t) => {
      if (story.size.switches > 2) longTest(t);
      const { switches, dpus: dpusPerSwitch } = story.size;
      const host = new SimulatedCluster({ switches, dpusPerSwitch, seed: 1, isolation, daemons: SIMULATED_DAEMONS });
      await using cluster = await Cluster.start(host);
      expect(checkStory(story, cluster.topology)).toEqual([]);
      const narrator = new Narrator(cluster, name);
      await runScenario(story.path, narrator.run);
      const { invariants, stages } = await narrator.receipt();
      expect(invariants.violations).toEqual([]);
      const launches = stages.flatMap(({ steps }) => steps).filter(({ command }) => command.startsWith("launch"));
      for (const { took } of launches) expect(took).toBeLessThanOrEqual(LAUNCH_MAX);
    });
  }
}

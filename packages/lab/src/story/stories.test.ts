import { runScenario } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { ISOLATIONS } from "../cluster/cluster-host.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { checkStory, loadStory, storyNames } from "./load-story.js";
import { Narrator } from "./narrator.js";

for (const name of storyNames()) {
  const story = loadStory(name);
  // Where several slots can share a process, both ways must print the same.
  const isolations = story.size.dpus > 1 ? ISOLATIONS : (["process"] as const);
  for (const isolation of isolations) {
    test(`story ${name} runs in the simulator, isolation ${isolation}`, async () => {
      const { switches, dpus: dpusPerSwitch } = story.size;
      const host = new SimulatedCluster({ switches, dpusPerSwitch, seed: 1, isolation, daemons: SIMULATED_DAEMONS });
      await using cluster = await Cluster.start(host);
      expect(checkStory(story, cluster.topology)).toEqual([]);
      const narrator = new Narrator(cluster, name);
      await runScenario(story.path, narrator.run);
      const { invariants } = await narrator.receipt();
      expect(invariants.violations).toEqual([]);
    });
  }
}

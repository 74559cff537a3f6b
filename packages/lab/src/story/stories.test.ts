import { runScenario } from "@tandem/base/testing";
import { test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { loadStory, storyNames } from "./load-story.js";
import { Narrator } from "./narrator.js";

for (const name of storyNames()) {
  test(`story ${name} runs in the simulator`, async () => {
    const story = loadStory(name);
    const host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed: 1, daemons: SIMULATED_DAEMONS });
    await using cluster = await Cluster.start(host);
    const narrator = new Narrator(cluster, name);
    await runScenario(story.path, narrator.run);
    const { invariants } = await narrator.receipt();
    if (invariants.violations.length > 0) throw new Error(invariants.violations.join("\n"));
  });
}

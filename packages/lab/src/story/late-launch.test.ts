import { parseScenario } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { Narrator } from "./narrator.js";

test("a launch that comes to no end says which sides do not serve, and what they are", async () => {
  const host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed: 1, daemons: SIMULATED_DAEMONS });
  await using cluster = await Cluster.start(host);
  const narrator = new Narrator(cluster, "late");
  const steps = parseScenario("approve manual\n\nlaunch\n").steps;
  const late = (async () => {
    for (const step of steps) await narrator.run(step);
  })();
  await expect(late).rejects.toThrow(
    /^launch: not within \d+ s; sw0_dpu0 is pending_active_activation, sw1_dpu0 is pending_standby_activation$/,
  );
});
